"""``labkit screen map``, ``map-grid`` and ``map-place``: the plane of materials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json, print_table, progress_bar

__all__ = ["map_", "map_grid", "map_place"]

hull_option = click.option(
    "--hull",
    "hull_eV",
    type=float,
    default=0.07,
    show_default=True,
    help="eV per atom above the hull at most; negative takes all.",
)
targets_option = click.option(
    "--target",
    "targets",
    type=click.Choice(["barrier", "sigma"]),
    multiple=True,
    help="What the plane predicts: our BVSE barrier (default), the lab's log10(sigma), or both.",
)
dimension_option = click.option(
    "--dimension", type=click.IntRange(1, 3), default=1, show_default=True,
    help="Directions in which the barrier connects the crystal.",
)  # fmt: skip
epochs_option = click.option(
    "--max-epochs", type=click.IntRange(min=1), default=600, show_default=True
)
split_option = click.option(
    "--split",
    type=click.Choice(["random", "formula"]),
    default="random",
    show_default=True,
    help="Hold out materials at random, as published, or all materials of a formula together.",
)

stop_option = click.option(
    "--stop-on",
    type=click.Choice(["held-out", "inner"]),
    default="held-out",
    show_default=True,
    help="Loss that stops training: of the held-out materials, as published, or of a tenth of the "
    "training ones.",
)


def _request(
    hull_eV: float,
    targets: tuple[str, ...],
    dimension: int,
    max_epochs: int,
    split: str,
    stop_on: str,
    seeds: int,
    weights: tuple[float, ...] = (),
    baselines: bool = False,
) -> Any:
    from labkit.workflows.map_data import MapSelection
    from labkit.workflows.materials_map import MapRequest
    from screening.map.model import MapSettings

    return MapRequest(
        selection=MapSelection(
            e_above_hull_eV=None if hull_eV < 0 else hull_eV,
            targets=targets or ("barrier",),
            dimension=dimension,
        ),
        weights=weights,
        seeds=seeds,
        settings=MapSettings(max_epochs=max_epochs, split=split, stop_on=stop_on),
        baselines=baselines,
    )


@click.command("map", epilog="Example: labkit screen map --weight 0.1 --seeds 1 --plots figures")
@hull_option
@targets_option
@dimension_option
@click.option(
    "--weight",
    "weights",
    type=click.FloatRange(min=0),
    multiple=True,
    help="W of the target in the loss (default: 0, 0.01, 0.1 and 1); repeatable.",
)
@click.option(
    "--seeds", type=click.IntRange(min=1), default=5, show_default=True, help="Trainings each."
)
@epochs_option
@split_option
@stop_option
@click.option("--baselines/--no-baselines", default=True, show_default=True)
@click.option(
    "--plots",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Draw the figures into this folder.",
)
@json_option
@click.pass_obj
def map_(
    lab_path: Path,
    hull_eV: float,
    targets: tuple[str, ...],
    dimension: int,
    weights: tuple[float, ...],
    seeds: int,
    max_epochs: int,
    split: str,
    stop_on: str,
    baselines: bool,
    plots: Path | None,
    as_json: bool,
) -> None:
    """Train a map of the lab's lithium oxides and their kin; needs the extra map.

    One number for composition, one for structure, and a barrier predicted from both. Maps are kept,
    so a stopped run goes on where it was.
    """
    from labkit.workflows.lab import open_lab
    from labkit.workflows.materials_map import PUBLISHED_WEIGHTS, study_maps

    request = _request(
        hull_eV, targets, dimension, max_epochs, split, stop_on, seeds,
        weights or PUBLISHED_WEIGHTS, baselines,
    )  # fmt: skip
    with progress_bar("describe") as describing, progress_bar("train") as training:
        study = study_maps(open_lab(lab_path), request, describing=describing, training=training)
    if plots is not None:
        from labkit.workflows.map_figures import draw_map_figures

        study.report["figures"] = [str(path) for path in draw_map_figures(study, plots)]
    if as_json:
        print_json(study.report)
        return
    _show(study.report)


def _show(report: dict[str, Any]) -> None:
    click.echo(
        f"{report['on_the_map']} materials on the map ({report['selected']} of "
        f"{report['structures']} structures selected, {len(report['failed'])} failed, "
        f"{report['without_target']} without a target); families: "
        + (", ".join(f"{n} {name}" for name, n in report["families"].items()) or "none known")
    )
    published = report["published"]
    _show_scores(
        report,
        {
            "R2 composition": "r2_composition",
            "R2 structure": "r2_structure",
            "by material": "r2_structure_about_materials",
            "by column": "r2_structure_about_columns",
            "trustworthiness": "trustworthiness",
            "epochs": "epochs",
            "CPU s": "cpu_seconds",
        },
        "reconstruction of held-out materials, mean and deviation over seeds; published at "
        f"W = 0.1: {published['composition']}, {published['structure']}; structure also about each "
        "material's own mean and about the mean of each column",
    )
    _show_scores(
        report,
        {
            f"{word}{place}": f"{name}_target{ending}"
            for place, ending in (("", ""), (", neighbours", "_by_neighbours"))
            for word, name in (("R2", "r2"), ("MAE", "mae"), ("Spearman", "spearman"))
        }
        | (
            {"R2 to 3 eV": "r2_target_clipped",
             "R2 to 3 eV, neighbours": "r2_target_clipped_by_neighbours"}
            if report["targets"][0] == "barrier" else {}
        ),
        "target of held-out materials, by the head and by ten neighbours in the plane; published "
        f"R2 at W = 0.1: {published['target']}",
    )  # fmt: skip
    click.echo(f"map: {report['map']}")
    for path in report.get("figures", []):
        click.echo(f"figure: {path}")


def _show_scores(report: dict[str, Any], columns: dict[str, str], title: str) -> None:
    names = columns.values()
    print_table(
        ["W", *columns],
        [
            (label, *(_pm(row.get(n), 0 if n in ("epochs", "cpu_seconds") else 2) for n in names))
            for label, row in (
                *((f"{row['weight']:g}", row) for row in report["table"]),
                *((row["plane"], row) for row in report["baselines"]),
            )
        ],
        title=title,
    )


def _pm(value: dict[str, float] | None, digits: int = 2) -> str:
    return "" if value is None else f"{value['mean']:.{digits}f} ± {value['sd']:.{digits}f}"


@click.command(epilog="Example: labkit screen map-grid --learning-rate 1e-3 --learning-rate 3e-3")
@hull_option
@targets_option
@dimension_option
@epochs_option
@split_option
@stop_option
@click.option(
    "--weight",
    "weights",
    type=click.FloatRange(min=0),
    multiple=True,
    default=(0.1,),
    show_default=True,
    help="W of the target in the loss; repeatable.",
)
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--learning-rate", "rates", type=float, multiple=True, default=(3e-4, 1e-3, 3e-3),
    show_default=True,
)  # fmt: skip
@click.option("--l2", "l2s", type=float, multiple=True, default=(1e-6, 1e-5), show_default=True)
@click.option(
    "--batch", "batches", type=click.IntRange(min=1), multiple=True, default=(16,),
    show_default=True,
)  # fmt: skip
@json_option
@click.pass_obj
def map_grid(
    lab_path: Path,
    hull_eV: float,
    targets: tuple[str, ...],
    dimension: int,
    max_epochs: int,
    split: str,
    stop_on: str,
    weights: tuple[float, ...],
    seeds: int,
    rates: tuple[float, ...],
    l2s: tuple[float, ...],
    batches: tuple[int, ...],
    as_json: bool,
) -> None:
    """Search a grid of learning rates, L2, batch sizes and W for the map.

    Every training is kept, so a stopped search goes on where it was. Choose by a search with
    --stop-on inner: it ranks by a tenth of the training materials, not by the held-out ones.
    """
    from labkit.workflows.lab import open_lab
    from labkit.workflows.materials_map import search_grid

    request = _request(hull_eV, targets, dimension, max_epochs, split, stop_on, seeds)
    grid: dict[str, Any] = {
        "weight": weights, "learning_rate": rates, "l2": l2s, "batch": batches,
    }  # fmt: skip
    with progress_bar("describe") as describing, progress_bar("train") as training:
        rows = search_grid(
            open_lab(lab_path), request, grid, describing=describing, training=training
        )
    if as_json:
        print_json(rows)
        return
    scores = {
        "R2 composition": "r2_composition",
        "R2 structure": "r2_structure",
        "by column": "r2_structure_about_columns",
        "R2 target": "r2_target",
    }
    print_table(
        ["W", "learning rate", "L2", "batch", "reconstruction loss", "target loss", *scores,
         "epochs", "CPU s"],
        [
            (
                f"{row['weight']:g}",
                f"{row['learning_rate']:g}",
                f"{row['l2']:g}",
                row["batch"],
                f"{row['reconstruction_loss']:.5f}",
                f"{row['target_loss']:.5f}",
                *(_pm(row[name]) for name in scores.values()),
                _pm(row["epochs"], 0),
                _pm(row["cpu_seconds"], 0),
            )
            for row in rows
        ],
        title="best first by the reconstruction losses that training watched",
    )  # fmt: skip


@click.command(epilog="Example: labkit screen map-place obelix-jqc my-garnet.cif --nearest 5")
@click.argument("structures", nargs=-1, metavar="[STRUCTURE]...")
@click.option(
    "--point", type=(float, float), default=None, metavar="X Y", help="Decode this point instead."
)
@click.option(
    "--nearest", "count", type=click.IntRange(min=1), default=10, show_default=True,
    help="Known materials to list.",
)  # fmt: skip
@click.option(
    "--map",
    "map_folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="A stored map (default: the one made last).",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw the map with the places marked.",
)
@json_option
@click.pass_obj
def map_place(
    lab_path: Path,
    structures: tuple[str, ...],
    point: tuple[float, float] | None,
    count: int,
    map_folder: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Place STRUCTUREs (ids or .cif files) on the map; list the nearest known materials.

    With --point the plane is decoded there: composition, predicted target, nearest materials.
    """
    from labkit.errors import UsageError
    from labkit.workflows.lab import open_lab
    from labkit.workflows.map_places import decode_point, latest_map, place_structures
    from screening.map.model import MaterialsMap

    if not structures and point is None:
        raise UsageError("nothing was selected: name structures, .cif files, or --point X Y")
    lab = open_lab(lab_path)
    made = latest_map(lab) if map_folder is None else MaterialsMap.load(map_folder)
    found = place_structures(lab, structures, count=count, made=made)
    if point is not None:
        found.append({"structure": "point", **decode_point(lab, point, count=count, made=made)})
    if plot is not None:
        from labkit.workflows.map_figures import draw_places

        draw_places(made, found, plot)
    if as_json:
        print_json(found)
        return
    for one in found:
        _show_place(one)
    if plot is not None:
        click.echo(f"figure: {plot}")


def _show_place(one: dict[str, Any]) -> None:
    predicted = ", ".join(f"{name} {value:.2f}" for name, value in one["predicted"].items())
    what = one.get("formula") or " ".join(
        f"{element}{share:.2f}" for element, share in one["atomic_fractions"].items()
    )
    print_table(
        ["structure", "formula", "family", "distance", *one["predicted"]],
        [
            (
                row["structure"],
                row["formula"],
                row["family"] or "",
                f"{row['distance']:.3f}",
                *("" if row[n] is None else f"{row[n]:.2f}" for n in one["predicted"]),
            )
            for row in one["nearest"]
        ],
        title=f"{one['structure']} {what} at ({one['x']:.3f}, {one['y']:.3f})"
        + (f", {one['family']}" if one.get("family") else "")
        + (", outside the map" if one["outside"] else "")
        + f"; predicted: {predicted}; nearest:",
    )
