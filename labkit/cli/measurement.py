"""``labkit measurement``: what was typed wrong of a measurement is corrected."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.correction_report import print_correction, why_and_who
from labkit.cli.output import json_option

__all__ = ["measurement"]


@click.group(short_help="Corrections: temperature, pellet, set aside.")
def measurement() -> None:
    """Measurements: correct what was typed wrong, or set one aside; nothing is deleted."""


@measurement.command(
    "set",
    epilog="Example: labkit measurement set M3 --temperature 25C --because 'typed 35' "
    "--by 'A. See'",
)
@click.argument("measurements", nargs=-1, required=True)
@click.option(
    "--temperature", default=None, help="Sample temperature, such as 25C or --temperature=-25C."
)
@click.option("--pellet", default=None, help="Name of the pellet that was measured.")
@why_and_who
@json_option
@click.pass_obj
def set_(
    lab_path: Path,
    measurements: tuple[str, ...],
    temperature: str | None,
    pellet: str | None,
    because: str,
    by: str | None,
    as_json: bool,
) -> None:
    """Correct the temperature of measurements, or move them to another pellet.

    Conductivities are computed again beside the old ones. Labels are never changed: those that
    rest on the old values are named with what to do.
    """
    from labkit.workflows.correcting_measurements import correct_measurements
    from labkit.workflows.lab import open_lab

    result = correct_measurements(
        open_lab(lab_path),
        measurements,
        temperature=temperature,
        pellet=pellet,
        because=because,
        by=by,
    )
    print_correction(result, as_json)


@measurement.command(
    "set-aside",
    epilog="Example: labkit measurement set-aside M3 --because 'bad contact' --by 'A. See'",
)
@click.argument("measurements", nargs=-1, required=True)
@why_and_who
@json_option
@click.pass_obj
def set_aside(
    lab_path: Path, measurements: tuple[str, ...], because: str, by: str | None, as_json: bool
) -> None:
    """Leave measurements out of series, labels and lists; they stay, with the reason."""
    from labkit.workflows.correcting_measurements import set_measurements_aside
    from labkit.workflows.lab import open_lab

    result = set_measurements_aside(open_lab(lab_path), measurements, because=because, by=by)
    print_correction(result, as_json)


@measurement.command(
    "take-back",
    epilog="Example: labkit measurement take-back M3 --because 'it was M4' --by 'A. See'",
)
@click.argument("measurements", nargs=-1, required=True)
@why_and_who
@json_option
@click.pass_obj
def take_back(
    lab_path: Path, measurements: tuple[str, ...], because: str, by: str | None, as_json: bool
) -> None:
    """Use measurements again that were set aside."""
    from labkit.workflows.correcting_measurements import take_measurements_back
    from labkit.workflows.lab import open_lab

    result = take_measurements_back(open_lab(lab_path), measurements, because=because, by=by)
    print_correction(result, as_json)
