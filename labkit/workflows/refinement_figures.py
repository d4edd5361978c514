"""Figures of diffraction: a fit, a series, Vegard's law."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from instruments import read
from instruments.records import DiffractionPattern
from labkit.errors import UsageError
from labkit.plots.pattern import plot_pattern
from labkit.plots.vegard import plot_vegard
from labkit.plots.waterfall import plot_waterfall
from labkit.vegard import VegardFit
from labkit.workflows.analysing import save_figure, save_whole_figure
from labkit.workflows.importing import read_bytes
from labkit.xrd.peaks import crystallinity
from labkit.xrd.result import RefinementResult

__all__ = ["draw_fit", "draw_patterns", "draw_series", "draw_vegard"]


def draw_fit(path: Path, result: RefinementResult, *, label: str | None = None) -> None:
    """Draw one refined pattern to a file; see `labkit.plots.pattern`."""
    save_figure(path, lambda axes: plot_pattern(axes, result, label=label), size_inch=(9.0, 5.4))


def draw_series(
    path: Path, reports: Sequence[dict[str, Any]], results: Sequence[RefinementResult]
) -> None:
    """Draw the refined patterns of a series above each other, unexplained peaks marked."""
    patterns = [
        (_label(report), result.curves.two_theta_deg, result.curves.observed)
        for report, result in zip(reports, results, strict=True)
    ]
    marks = [[peak.two_theta_deg for peak in result.residual_peaks] for result in results]
    height = 2.0 + 1.0 * len(patterns)
    save_figure(
        path,
        lambda axes: plot_waterfall(axes, patterns, marks_deg=marks),
        size_inch=(8.0, height),
    )


def _label(report: dict[str, Any]) -> str:
    name = report["sample"] or report["file"]
    return str(name) if report["x"] is None else f"{name}, x = {report['x']:g}"


def draw_patterns(lab_path: Path, patterns: Sequence[str], output: Path) -> dict[str, Any]:
    """Draw patterns as measured, and tell of each whether it has Bragg peaks.

    Raises
    ------
    UsageError, InstrumentFileError, PatternError
        When one cannot be read or holds nothing.
    """
    read_in = [(name, _pattern(lab_path, name)) for name in patterns]
    entries = []
    for name, pattern in read_in:
        state = crystallinity(pattern)
        entries.append(
            {
                "pattern": name,
                "n_peaks": state.n_peaks,
                "amorphous": state.amorphous,
                "criterion": state.criterion,
            }
        )
    drawn = [
        (Path(name).stem, pattern.two_theta_deg, pattern.intensity_counts)
        for name, pattern in read_in
    ]
    save_figure(
        output,
        lambda axes: plot_waterfall(axes, drawn),
        size_inch=(8.0, 2.0 + 1.0 * len(drawn)),
    )
    return {"patterns": entries, "figure": str(output)}


def _pattern(lab_path: Path, name: str) -> DiffractionPattern:
    path = Path(name)
    if not path.exists() and name[:1] in "mM" and name[1:].isdigit():
        from labkit.workflows.lab import open_lab
        from labkit.workflows.pattern_files import stored_pattern

        return stored_pattern(open_lab(lab_path), name).pattern
    for record in read(path, content=read_bytes(path)).records:
        if isinstance(record, DiffractionPattern):
            return record
    raise UsageError(f"{path}: holds no diffraction pattern; 'labkit inspect' shows what it is")


def draw_vegard(path: Path, fits: Sequence[VegardFit]) -> None:
    """Draw every lattice parameter of a series in its own panel."""
    columns = 1 if len(fits) == 1 else 2
    rows = -(-len(fits) // columns)

    def draw(figure: Any) -> None:
        for number, fit in enumerate(fits, start=1):
            plot_vegard(figure.add_subplot(rows, columns, number), fit)

    save_whole_figure(path, draw, size_inch=(5.6 * columns, 4.2 * rows))
