"""``labkit serve`` and ``labkit user``: the bench in the browser, and who may use it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import click

from labkit.cli.output import json_option, print_json, print_table

__all__ = ["serve", "user"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    short_help="The bench in the browser.",
    epilog="Example: labkit --lab mylab serve --watch /data/eclab/today",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="A name that people call this server by; may be repeated.",
)
@click.option("--certificate", type=_FILE, default=None, help="Certificate (PEM), for HTTPS.")
@click.option("--key", type=_FILE, default=None, help="Its private key (PEM).")
@click.option("--plain-http", is_flag=True, help="Serve others without encryption all the same.")
@click.option(
    "--behind-https", is_flag=True, help="A proxy in front speaks HTTPS: mark cookies secure."
)
@click.option(
    "--upload-limit",
    "upload_limit_mb",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Largest upload in MB.",
)
@click.option(
    "--watch",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FOLDER",
    help="Import files as they appear in this folder; the inbox shows it.",
)
@click.option(
    "--settle",
    "settle_s",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    help="Seconds without a change after which a watched file counts as complete.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in the browser.")
@json_option
@click.pass_obj
def serve(lab_path: Path, /, open_browser: bool, as_json: bool, **options: Any) -> None:
    """Serve the pages and the API of a lab until Ctrl-C.

    On 127.0.0.1 whoever sits at this machine uses it. An address that others can reach demands
    a token from everybody: add people with 'labkit user add' first.
    """
    from labkit.web.server import ServeOptions
    from labkit.web.server import serve as run
    from labkit.workflows.lab import open_lab

    if (options["certificate"] is None) != (options["key"] is None):
        raise click.UsageError("--certificate and --key belong together")

    def started(address: str) -> None:
        if as_json:
            print_json({"address": address})
        else:
            click.echo(f"labkit is at {address} (Ctrl-C stops it)")
        sys.stdout.flush()
        if open_browser:
            click.launch(address)

    run(open_lab(lab_path), ServeOptions(**options), started)


@click.group(short_help="Who may use the page of a lab.")
def user() -> None:
    """People who sign in to the page: readers look, curators import and decide."""


@user.command(epilog="Example: labkit user add 'A. See' --role curator")
@click.argument("name")
@click.option(
    "--role", type=click.Choice(["reader", "curator"]), default="reader", show_default=True
)
@json_option
@click.pass_obj
def add(lab_path: Path, name: str, role: str, as_json: bool) -> None:
    """Let a person sign in; prints their token, once."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.users import Role, add_user

    result = add_user(open_lab(lab_path), name, cast("Role", role))
    if as_json:
        print_json(result)
        return
    click.echo(f"{result['name']} ({result['role']}) signs in with this token:")
    click.echo(result["token"])
    click.echo("it is not stored and cannot be shown again")


@user.command("list", epilog="Example: labkit user list")
@json_option
@click.pass_obj
def list_(lab_path: Path, as_json: bool) -> None:
    """List the people who may sign in."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.users import list_users

    rows = [
        {"name": one.name, "role": one.role, "created_at": one.created_at}
        for one in list_users(open_lab(lab_path))
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(
            ["name", "role", "since"], [(r["name"], r["role"], r["created_at"]) for r in rows]
        )


@user.command(epilog="Example: labkit user remove 'A. See'")
@click.argument("name")
@json_option
@click.pass_obj
def remove(lab_path: Path, name: str, as_json: bool) -> None:
    """Take a person's token away; open sessions end at once."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.users import remove_user

    remove_user(open_lab(lab_path), name)
    if as_json:
        print_json({"removed": name})
    else:
        click.echo(f"{name} may no longer sign in")
