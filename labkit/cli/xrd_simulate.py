"""``labkit xrd simulate``: patterns with a known truth."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_json

__all__ = ["simulate"]


@click.command(epilog="Example: labkit xrd simulate --seed 1 --strain 0.1 series/")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same files.")
@click.option(
    "--limit", type=float, default=0.055, show_default=True, help="Solubility limit in x."
)
@click.option(
    "--x",
    "compositions",
    type=click.FloatRange(min=0.0, max=1.0),
    multiple=True,
    help="Composition of a sample; several times [default: 0, 0.025, 0.05, 0.075].",
)
@click.option(
    "--strain", type=click.FloatRange(min=0.0), default=0.05, show_default=True, help="In percent."
)
@click.option(
    "--displacement",
    type=click.FloatRange(min=0.0),
    default=0.03,
    show_default=True,
    help="Standard deviation of the samples' displacement in degrees 2-theta.",
)
@click.option(
    "--impurity",
    type=click.FloatRange(min=0.0),
    default=4.0,
    show_default=True,
    help="Share of the intensity in Li2S per unit x beyond the limit.",
)
@click.option(
    "--texture",
    default=None,
    help="Preferred orientation as axis and March-Dollase coefficient, such as 0,1,0:0.7.",
)
@click.option(
    "--counts",
    type=click.FloatRange(min=1.0),
    default=20000.0,
    show_default=True,
    help="Height of the strongest peak.",
)
@click.option("--overwrite", is_flag=True, help="Replace files of the same names.")
@json_option
def simulate(
    folder: Path,
    seed: int,
    limit: float,
    compositions: tuple[float, ...],
    strain: float,
    displacement: float,
    impurity: float,
    texture: str | None,
    counts: float,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write a simulated substitution series with known truth: .xy files, CIFs and a sheet.

    Files that are there are never replaced unless you say --overwrite.
    """
    from labkit.workflows.simulating_series import write_substitution_series

    report = write_substitution_series(
        folder,
        seed=seed,
        limit=limit,
        compositions=compositions or (0.0, 0.025, 0.05, 0.075),
        strain_percent=strain,
        displacement_deg=displacement,
        impurity_per_excess=impurity,
        preferred_orientation=None if texture is None else _texture(texture),
        peak_counts=counts,
        overwrite=overwrite,
    )
    if as_json:
        print_json(report)
        return
    click.echo(f"{len(report['files'])} patterns, sheet {report['table']}, truth {report['truth']}")


def _texture(text: str) -> tuple[tuple[int, int, int], float]:
    from labkit.errors import UsageError

    axis, _, coefficient = text.partition(":")
    try:
        h, k, l = (int(word) for word in axis.split(","))  # noqa: E741
        r = float(coefficient)
    except ValueError:
        h = k = l = 0  # noqa: E741
        r = 0.0
    if (h, k, l) == (0, 0, 0) or not 0.1 <= r <= 10:
        raise UsageError(f"{text!r} is no texture; write an axis and a coefficient: 0,1,0:0.7")
    return (h, k, l), r
