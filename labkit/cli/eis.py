"""``labkit eis``: look at one measurement, move its window, leave points out, draw it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labkit.cli.output import json_option, print_json, print_table
from labkit.wording import (
    conductivity_of,
    frequency,
    resistance,
    resistance_of,
    rounded,
    with_errors,
)

if TYPE_CHECKING:
    from labkit.workflows.analysing import Model
    from labkit.workflows.lab import Lab

__all__ = ["eis"]


class _WindowOfOneWord(click.Command):
    """A command whose ``--window`` takes two frequencies or the one word ``auto``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write ``--window auto`` as the two values that the option takes."""
        written: list[str] = []
        for word in args:
            if word == "--window=auto":
                written += ["--window", "auto", "auto"]
            elif word == "auto" and written and written[-1] == "--window":
                written += ["auto", "auto"]
            else:
                written.append(word)
        return super().parse_args(ctx, written)


@click.command(
    cls=_WindowOfOneWord,
    short_help="One measurement: R, window, verdict, circuit.",
    epilog="Example: labkit eis M3 --mask 50Hz --because 'mains pickup' --by 'A. See'",
)
@click.argument("measurement")
@click.option(
    "--window",
    nargs=2,
    default=None,
    metavar="LO HI|auto",
    help="Frequencies of the tail window, such as 300Hz 20kHz, kept as set by hand; or auto, "
    "the automatic window again. Points left out stay left out.",
)
@click.option(
    "--mask",
    multiple=True,
    metavar="POINTS",
    help="Leave points out: 50Hz, 1kHz-3kHz, p12 (the index that --json prints), or several with "
    "commas. Needs --because. The window stays as it was set.",
)
@click.option(
    "--unmask",
    multiple=True,
    metavar="POINTS|all",
    help="Use points again that were left out by hand.",
)
@click.option("--because", default=None, help="Why points are left out or used again.")
@click.option(
    "--by", "set_by", default=None, help="Who changes window or points (default: lab.toml)."
)
@click.option(
    "--circuit",
    default=None,
    metavar="auto|TEXT",
    help="Fit an equivalent circuit as well, such as 'p(R1,CPE1)-CPE0', or let the data choose.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw the Nyquist plot to this file (.png, .svg, .pdf).",
)
@click.option(
    "--residuals", is_flag=True, help="Draw the Kramers-Kronig residuals below the Nyquist plot."
)
@click.option(
    "--bode",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw modulus and phase against frequency to this file.",
)
@click.option(
    "--drt",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw the distribution of relaxation times to this file; for looking, not stored.",
)
@json_option
@click.pass_obj
def eis(
    lab_path: Path,
    measurement: str,
    window: tuple[str, str] | None,
    mask: tuple[str, ...],
    unmask: tuple[str, ...],
    because: str | None,
    set_by: str | None,
    circuit: str | None,
    plot: Path | None,
    residuals: bool,
    bode: Path | None,
    drt: Path | None,
    as_json: bool,
) -> None:
    """Show one impedance measurement: resistance with both errors, window, verdict."""
    from labkit.workflows.analysing import examine_measurement
    from labkit.workflows.lab import open_lab

    if residuals and plot is None:
        raise click.UsageError("--residuals are drawn below the Nyquist plot: give --plot FILE")
    if because is not None and not (mask or unmask):
        raise click.UsageError("--because says why points are left out: give --mask POINTS")
    lab = open_lab(lab_path)
    result = examine_measurement(
        lab,
        measurement,
        window=window,
        mask=mask,
        unmask=unmask,
        because=because,
        set_by=set_by,
    )
    fitted = model = None
    if circuit is not None:
        from labkit.workflows.circuits import fit_measured_circuit

        fitted = fit_measured_circuit(lab, measurement, circuit)
        model = fitted.pop("curve")
        result["circuit"] = fitted
    figures = _draw(lab, measurement, model, plot, residuals, bode, drt, result)
    if as_json:
        print_json(result)
        return
    _show(result)
    if fitted is not None:
        _show_circuit(fitted)
    if drt is not None:
        _show_relaxation_times(result["relaxation_times"])
    for path in figures:
        click.echo(f"figure: {path}")


def _draw(
    lab: Lab,
    measurement: str,
    model: Model | None,
    plot: Path | None,
    residuals: bool,
    bode: Path | None,
    drt: Path | None,
    result: dict[str, Any],
) -> list[Path]:
    """Draw what was asked for and write into `result` where it lies."""
    from labkit.workflows import measurement_figures as figures

    if plot is not None:
        figures.save_nyquist(lab, measurement, plot, model=model, residuals=residuals)
        result["plot"] = str(plot)
    if bode is not None:
        figures.save_bode(lab, measurement, bode, model=model)
        result["bode"] = str(bode)
    if drt is not None:
        result["relaxation_times"] = figures.save_relaxation_times(lab, measurement, drt)
        result["drt"] = str(drt)
    return [path for path in (plot, bode, drt) if path is not None]


def _show(result: dict[str, Any]) -> None:
    click.echo(f"{result['measurement']}: {result['file']}, sweep {result['sweep']}")
    if result["set_aside_because"] is not None:
        click.echo(f"set aside: {result['set_aside_because']}; no series and no label uses it")
    if result["resistance_ohm"] is None:
        click.echo("R: none")
    else:
        low, high = result["window_hz"] or (None, None)
        click.echo(
            f"R = {resistance_of(result)}, window {frequency(low)} to {frequency(high)} "
            f"({result['window_source']})"
        )
    if result["sigma_S_per_cm"] is not None:
        click.echo(f"sigma = {conductivity_of(result)}")
    if result["resistance_ohm"] is not None:
        click.echo("  each value ± its random ± its systematic standard error")
    click.echo(f"verdict: {result['verdict']}")
    for message in result["messages"]:
        click.echo(f"  {message}")


def _show_relaxation_times(drt: dict[str, Any]) -> None:
    if not drt["peaks"]:
        click.echo("relaxation times: no peak")
        return
    print_table(
        ["R", "peak", "C (F)"],
        [
            (
                resistance(peak["resistance_ohm"]),
                frequency(peak["frequency_hz"]),
                rounded(peak["capacitance_F"], 3),
            )
            for peak in drt["peaks"]
        ],
        title="relaxation times, for looking; nothing is stored",
    )


def _show_circuit(fitted: dict[str, Any]) -> None:
    from labkit.eis.circuit_words import parameter_name, unit_words

    print_table(
        ["parameter", "value ± standard error", "unit", ""],
        [
            (
                parameter_name(row["name"]),
                with_errors(row["value"], row["stderr"]),
                unit_words(row["unit"]),
                "at its bound" if row["at_bound"] else "",
            )
            for row in fitted["parameters"]
        ],
        title=f"{fitted['circuit']}: R = "
        f"{resistance(fitted['resistance_ohm'], fitted['resistance_se_ohm'])}, "
        f"{fitted['verdict']} {', '.join(fitted['reasons'])}",
    )
    if fitted["arcs"]:
        print_table(
            ["arc", "R", "C (F)", "n", "apex", "belongs to"],
            [
                (
                    arc["name"],
                    resistance(arc["resistance_ohm"], arc["resistance_se_ohm"]),
                    rounded(arc["capacitance_F"], 3),
                    f"{arc['n']:.3f}",
                    frequency(arc["apex_hz"]),
                    arc["role"],
                )
                for arc in fitted["arcs"]
            ],
        )
    for message in fitted["messages"]:
        click.echo(f"  {message}")
