"""``labkit screen backtest``: whether the ranking would have found what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labkit.cli.machine_options import machine_options
from labkit.cli.output import json_option, print_json, print_table, progress_bar
from labkit.cli.screen_compare import REPRESENTATIONS, representations_argument

if TYPE_CHECKING:
    from labkit.workflows.machines import Machines

__all__ = ["backtest"]


@click.command(epilog="Example: labkit screen backtest soap:CAN rdf:CAN --split obelix")
@representations_argument
@click.option(
    "--split",
    "splits",
    type=click.Choice(["obelix", "time", "formula", "family", "cluster"]),
    multiple=True,
    help="What is left out: the OBELiX test set, later years, one formula, one family, one "
    "cluster at a time (all of them).",
)
@click.option(
    "--method",
    "methods",
    type=click.Choice(["tree-mean", "cluster-rule", "forest"]),
    multiple=True,
    help="What predicts (all of them).",
)
@click.option(
    "--year",
    type=click.IntRange(1900, 2100),
    default=None,
    help="Split by time: the first year tested (the one that leaves a fifth of the labels).",
)
@click.option(
    "--threshold",
    type=click.FloatRange(min=0, min_open=True),
    default=1e-4,
    show_default=True,
    help="Conductivity in S/cm from which a label is a hit.",
)
@click.option(
    "--fraction",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.1,
    show_default=True,
    help="Part of the tested labels that is looked at.",
)
@click.option(
    "--resamples",
    type=click.IntRange(min=20),
    default=500,
    show_default=True,
    help="Bootstrap samples behind each interval.",
)
@machine_options
@json_option
@click.pass_obj
def backtest(
    lab_path: Path,
    representations: tuple[str, ...],
    splits: tuple[str, ...],
    methods: tuple[str, ...],
    year: int | None,
    threshold: float,
    fraction: float,
    resamples: int,
    machines: Machines,
    as_json: bool,
) -> None:
    """Predict labels left out, beside a constant predictor, a forest and the trivial controls."""
    from labkit.workflows.backtesting import METHODS, SPLITS, backtest_representations
    from labkit.workflows.lab import open_lab

    with progress_bar("backtest") as progress:
        result = backtest_representations(
            open_lab(lab_path),
            representations or REPRESENTATIONS,
            splits=splits or SPLITS,
            methods=methods or METHODS,
            year=year,
            threshold_S_per_cm=threshold,
            fraction=fraction,
            repeats=resamples,
            machines=machines,
            progress=progress,
        )
    if as_json:
        print_json(result)
        return
    for split in result["splits"]:
        _show_split(split, result)


def _interval(value: dict[str, float]) -> str:
    return f"{value['value']:.2f} [{value['low']:.2f}, {value['high']:.2f}]"


def _show_split(split: dict[str, Any], result: dict[str, Any]) -> None:
    print_table(
        ["representation", "by", "hit rate", "recall", "enrichment", "area under curve", "error"],
        [
            (
                row["representation"],
                "" if row["kind"] == "constant" else row["method"],
                _interval(row["hit_rate"]),
                _interval(row["recall"]),
                _interval(row["enrichment"]),
                _interval(row["auc"]),
                "" if row["mean_absolute_error"] is None else f"{row['mean_absolute_error']:.2f}",
            )
            for row in split["table"]
        ],
        title=f"{split['split']}: {split['hits']} of {split['tested']} tested labels reach "
        f"{result['threshold_S_per_cm']:g} S/cm; best {split['looked_at']} "
        "looked at; 95 % intervals; error in decades",
    )
    if "learned_from" in split:
        click.echo(
            f"{split['words']}; learned from {split['learned_from']} labels, "
            f"{split['set_aside']} set aside"
        )
    else:
        of = f" of {split['clusters_of']}" if "clusters_of" in split else ""
        click.echo(f"left out: {split['words']}{of}, one at a time")
    click.echo(split["summary"])
