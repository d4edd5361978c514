"""The root command, its global options, and the one place where errors become lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

import labkit
from labkit.cli import (
    dc,
    eis,
    export,
    import_files,
    inspect_files,
    lab_folder,
    label_curation,
    measurement,
    pellet,
    provenance,
    rank,
    screen,
    screen_barrier,
    screen_map,
    screen_neb,
    screen_neb_job,
    screen_phonon,
    series,
    serve,
    simulate,
    status,
    structures,
    tour,
    vegard,
    watch,
    xrd,
)
from labkit.cli.output import print_error, print_json
from labkit.settings import default_lab_folder

__all__ = ["app", "main"]


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: labkit --lab mylab import --pellet LPSCl-1 --temperature 25C cell_C01.mpr",
)
@click.option(
    "--lab",
    "lab_path",
    type=click.Path(path_type=Path),
    default=None,
    help="The lab folder (default: $LABKIT_HOME, else ./lab).",
)
@click.version_option(labkit.__version__, prog_name="labkit")
@click.pass_context
def app(context: click.Context, lab_path: Path | None) -> None:
    """Take raw files to conductivities, labels and a ranked list of candidates."""
    context.obj = lab_path or default_lab_folder()


for command in (
    tour.tour,
    lab_folder.init,
    status.status,
    inspect_files.inspect,
    pellet.pellet,
    import_files.import_,
    measurement.measurement,
    watch.watch,
    eis.eis,
    series.arrhenius,
    dc.dc,
    vegard.vegard,
    xrd.xrd,
    label_curation.label,
    structures.structures,
    screen.screen,
    rank.rank,
    provenance.why,
    provenance.replay,
    lab_folder.report,
    export.export,
    lab_folder.backup,
    lab_folder.restore,
    lab_folder.doctor,
    simulate.simulate,
    serve.serve,
    serve.user,
):
    app.add_command(command)
screen.screen.add_command(screen_barrier.barrier)
screen.screen.add_command(screen_neb.neb)
screen.screen.add_command(screen_phonon.phonon)
screen.screen.add_command(screen_map.map_)
screen.screen.add_command(screen_map.map_grid)
screen.screen.add_command(screen_map.map_place)
screen.screen.add_command(screen_neb_job.neb_job)
screen.screen.add_command(screen_neb_job.neb_read)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        The words after ``labkit``; those of the process by default.

    Notes
    -----
    Exit codes: 0 done, 1 the data or the lab refused, 2 the command was not understood,
    130 stopped by Ctrl-C.
    """
    words = sys.argv[1:] if arguments is None else arguments
    _use_utf8()
    sys.exit(_run(words))


def _run(words: list[str]) -> int:
    as_json = "--json" in words
    try:
        code: Any = app.main(args=words, prog_name="labkit", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Abort:
        print_error("stopped; what was finished is kept, run the same command again to go on")
        return 130
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # since click 8.2
            click.echo(error.format_message(), err=True)
            return 2
        return _refuse(_one_line(error), 2, as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("LABKIT_DEBUG"):
            raise
        return _refuse_exception(error, as_json)


def _one_line(error: click.ClickException) -> str:
    hint = ""
    context = getattr(error, "ctx", None)
    if isinstance(error, click.UsageError) and context is not None:
        hint = f" (try '{context.command_path} --help')"
    return " ".join(error.format_message().split()) + hint


def _refuse(line: str, code: int, as_json: bool, report: dict[str, Any] | None = None) -> int:
    print_error(line)
    if as_json:
        print_json({**(report or {}), "error": line})
    return code


def _refuse_exception(error: Exception, as_json: bool) -> int:
    from db.errors import DatabaseError
    from instruments.errors import InstrumentFileError
    from labkit.errors import BatchError, LabkitError
    from screening.errors import ScreeningError

    if isinstance(error, BatchError):
        return _refuse(str(error), 1, as_json, error.report)
    if isinstance(error, LabkitError | DatabaseError | InstrumentFileError | ScreeningError):
        return _refuse(" ".join(str(error).split()), 1, as_json)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return _refuse(f"{where}{error.strerror or error}", 1, as_json)
    return _refuse(
        f"internal error, please report it: {type(error).__name__}: {error} "
        "(set LABKIT_DEBUG=1 to see where)",
        1,
        as_json,
    )


def _use_utf8() -> None:
    """Let a Windows console in a legacy code page print micro and degree signs."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and (stream.encoding or "").lower() not in ("utf-8", "utf8"):
            reconfigure(encoding="utf-8", errors="replace")
