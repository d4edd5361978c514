"""``labkit xrd``: diffraction patterns refined, drawn and simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json, print_table, progress_bar
from labkit.cli.xrd_simulate import simulate
from labkit.cli.xrd_standard import standard
from labkit.wording import with_esd

__all__ = ["xrd"]

_PICTURE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def xrd() -> None:
    """Refine, draw and simulate powder diffraction patterns."""


xrd.add_command(standard)
xrd.add_command(simulate)


def _refinement_options(command: Any) -> Any:
    options = [
        click.option(
            "--cif", "cifs", multiple=True, type=click.Path(path_type=Path), help="A phase."
        ),
        click.option(
            "--engine",
            type=click.Choice(["builtin", "gsas"]),
            default="builtin",
            show_default=True,
            help="Who refines; gsas needs a GSAS-II installation.",
        ),
        click.option(
            "--wavelength",
            "wavelengths",
            multiple=True,
            help="Radiation, where the file does not say or says it wrong: Cu, CuKa1, 1.5406, "
            "1.5406,1.5444 or, for neutrons, n1.909; with --together once per pattern.",
        ),
        click.option(
            "--range",
            "ranges",
            multiple=True,
            type=(float, float),
            help="First and last 2-theta in degrees; with --together once per pattern.",
        ),
        click.option(
            "--intensities",
            type=click.Choice(["free", "structure"]),
            default="free",
            show_default=True,
            help="Free (Pawley: lattice only) or computed from the structure (phase fractions).",
        ),
        click.option(
            "--shift",
            type=click.Choice(["displacement", "zero", "both", "none"]),
            default="displacement",
            show_default=True,
            help="Error of the angles to refine.",
        ),
        click.option("--axial", is_flag=True, help="Refine the axial divergence (low angles)."),
        click.option(
            "--atoms",
            is_flag=True,
            help="Refine coordinates and displacements of the atoms (gsas, structure).",
        ),
        click.option(
            "--instrument",
            default=None,
            help="Diffractometer whose zero and profile 'labkit xrd standard' has stored.",
        ),
        click.option(
            "--profile",
            type=click.Choice(["fixed", "start"]),
            default="fixed",
            show_default=True,
            help="Keep the instrument's U, V, W and axial divergence, or only start from them.",
        ),
        click.option(
            "--internal-standard",
            default=None,
            help="Standard mixed into the sample, its cell kept: LaB6, Si, Si-640d, or a CIF.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _settings(given: dict[str, Any], gpx: Path | None = None) -> Any:
    from labkit.errors import UsageError
    from labkit.workflows.refinement import RefinementSettings
    from labkit.xrd.builtin import BuiltinOptions
    from labkit.xrd.radiation import parse_wavelength

    if gpx is not None and given["engine"] != "gsas":
        raise UsageError("--gpx keeps a GSAS-II project: add --engine gsas")
    radiations = tuple(parse_wavelength(text) for text in given["wavelengths"])
    ranges = given["ranges"]
    return RefinementSettings(
        cifs=given["cifs"],
        engine=given["engine"],
        radiation=radiations[0] if len(radiations) == 1 else radiations or None,
        two_theta_range=ranges[0] if len(ranges) == 1 else ranges or None,
        options=BuiltinOptions(
            shift=given["shift"],
            intensities="structure" if given["atoms"] else given["intensities"],
            axial=given["axial"],
            atoms=given["atoms"],
            profile=given["profile"],
        ),
        gpx=gpx,
        instrument=given["instrument"],
        internal_standard=given["internal_standard"],
    )


@xrd.command(
    epilog="Example: labkit xrd refine --cif Li3BS3.cif --wavelength Cu --plot fit.png LBS-Si5.xy"
)
@click.argument("patterns", nargs=-1)
@_refinement_options
@click.option("--batch", default=None, help="Name of the substitution series.")
@click.option(
    "--table",
    type=click.Path(path_type=Path),
    default=None,
    help="CSV with the columns file and x (and sample, pellet): the members of the series.",
)
@click.option("--x", "composition", type=float, default=None, help="Composition of the sample.")
@click.option("--pellet", default=None, help="Pellet that the pattern was measured on.")
@click.option("--together", is_flag=True, help="The patterns are of one sample: refine one cell.")
@click.option(
    "--gpx",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Put the GSAS-II project here too, besides the lab folder.",
)
@click.option("--plot", type=_PICTURE, default=None, help="Draw the fit; a series as a waterfall.")
@json_option
@click.pass_obj
def refine(
    lab_path: Path,
    /,
    patterns: tuple[str, ...],
    batch: str | None,
    table: Path | None,
    composition: float | None,
    pellet: str | None,
    together: bool,
    gpx: Path | None,
    plot: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Refine the lattice in a pattern (a file or M4), or in every pattern of a series."""
    from labkit.errors import BatchError, UsageError
    from labkit.workflows.lab import open_lab
    from labkit.workflows.pattern_files import SeriesItem
    from labkit.workflows.refinement import refine_batch, refine_file
    from labkit.workflows.refinement_figures import draw_fit, draw_series
    from labkit.workflows.substitution_series import batch_members, read_series_sheet

    settings = _settings(given, gpx)
    if not settings.cifs:
        raise UsageError("a refinement needs a phase; name its CIF with --cif PHASE.cif")
    lab = open_lab(lab_path)
    items = [SeriesItem(pattern, x=composition, pellet=pellet) for pattern in patterns]
    if batch is None:
        if not items or (len(items) > 1 and not together) or table is not None:
            raise UsageError(
                "name one pattern, patterns of one sample with --together, or a series with "
                "--batch NAME"
            )
        report, result = refine_file(lab, items[0], settings, together=items[1:])
        if plot is not None:
            draw_fit(plot, result, label=report["file"])
        if as_json:
            print_json(report)
        else:
            _print_refinement(report)
            if report["artefact"] is not None:
                click.echo(f"GSAS-II project: {gpx or lab.folder / report['artefact']}")
            _print_plot(plot)
        return
    if together or gpx is not None:
        raise UsageError("--together and --gpx are for one sample, not for a series")
    if table is not None:
        items += read_series_sheet(table)
    items = items or batch_members(lab, batch)
    try:
        with progress_bar("refining", show=not as_json) as progress:
            outcome, results = refine_batch(lab, batch, items, settings, progress=progress)
    except BatchError as error:
        if not as_json:
            _print_series(error.report)
        raise
    if plot is not None:
        draw_series(plot, outcome["refined"], results)
    if as_json:
        print_json(outcome)
    else:
        _print_series(outcome)
        _print_plot(plot)


def _print_refinement(report: dict[str, Any]) -> None:
    click.echo(
        f"{report['measurement']} {report['file']}: Rwp {100 * report['r_wp']:.2f} %, "
        f"GOF {report['gof']:.2f}, {report['analysis']}"
    )
    if not report["patterns"]:
        lines = ", ".join(f"{wavelength:.7g}" for wavelength, _ in report["wavelength_angstrom"])
        click.echo(f"wavelength {lines} A ({report['wavelength_source']})")
    for fit in report["patterns"]:
        wavelength = fit["parameters"].get("wavelength_angstrom", fit["wavelength_angstrom"][0][0])
        click.echo(
            f"  {fit['radiation']} {wavelength:.5f} Å: Rwp {100 * fit['r_wp']:.2f} %, "
            f"{fit['n_points']} points"
        )
    for phase in report["phases"]:
        names = ("a", "b", "c", "alpha", "beta", "gamma")
        cell = [
            f"{name} {with_esd(value, esd)}"
            for name, value, esd in zip(names, phase["cell"], phase["cell_esd"], strict=True)
            if esd is not None or name in "abc"
        ]
        volume = with_esd(phase["volume_angstrom3"], phase["volume_esd_angstrom3"])
        click.echo(f"{phase['name']} ({phase['space_group']}): {', '.join(cell)}, V {volume} Å³")
        if phase["weight_fraction"] is not None and len(report["phases"]) > 1:
            click.echo(f"  weight fraction {phase['weight_fraction']:.1%}")
    click.echo(f"verdict: {report['verdict']}")
    for message in report["messages"]:
        click.echo(f"  {message}")
    for warning in report["warnings"]:
        click.echo(f"  note: {warning}")


def _print_series(outcome: dict[str, Any]) -> None:
    rows = []
    for report in outcome["refined"]:
        main = report["phases"][0]
        edges = [
            with_esd(value, esd)
            for value, esd in zip(main["cell"][:3], main["cell_esd"][:3], strict=True)
        ]
        x = "" if report["x"] is None else f"{report['x']:g}"
        rows.append(
            (
                report["sample"] or report["file"],
                x,
                *edges,
                f"{100 * report['r_wp']:.1f}",
                report["verdict"],
                ", ".join(report["reasons"]),
            )
        )
    columns = ("sample", "x", "a (Å)", "b (Å)", "c (Å)", "Rwp (%)", "verdict", "reasons")
    print_table(columns, rows, title=f"series {outcome['batch']}")
    for refused in outcome["refused"]:
        click.echo(f"{refused['pattern']}: {refused['error']}", err=True)


def _print_plot(plot: Path | None) -> None:
    if plot is not None:
        click.echo(f"figure: {plot}")


@xrd.command(epilog="Example: labkit xrd plot --output series.png LBS-Si0.xy LBS-Si5.xy")
@click.argument("patterns", nargs=-1, required=True)
@click.option("--output", type=_PICTURE, required=True, help="The picture: .png, .svg, .pdf.")
@json_option
@click.pass_obj
def plot(lab_path: Path, patterns: tuple[str, ...], output: Path, as_json: bool) -> None:
    """Draw patterns (files or M4) above each other, without refining; tell which is amorphous."""
    from labkit.workflows.refinement_figures import draw_patterns

    report = draw_patterns(lab_path, patterns, output)
    if as_json:
        print_json(report)
        return
    for entry in report["patterns"]:
        state = {True: "amorphous", False: "crystalline", None: "too short to tell"}
        click.echo(f"{entry['pattern']}: {entry['n_peaks']} peaks, {state[entry['amorphous']]}")
        if entry["amorphous"]:
            click.echo(f"  {entry['criterion']}")
    click.echo(f"figure: {output}")
