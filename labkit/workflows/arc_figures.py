"""The Arrhenius plot of bulk, grain boundary and total."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labkit.arrhenius import fit_arrhenius
from labkit.workflows.analysing import save_figure

__all__ = ["draw_arc_series"]


def draw_arc_series(results: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw every arc of some pellets with its line to a file; the suffix chooses the format.

    Parameters
    ----------
    results : sequence of dict
        Of `labkit.workflows.arc_series.fit_arc_series`. The lines are those of `ea_eV`: equal
        weights, the band from the scatter.
    path : Path

    Raises
    ------
    UsageError
        When the suffix names no picture format, or the folder is missing.
    """
    save_figure(path, lambda axes: _draw(results, axes))


def _draw(results: Sequence[dict[str, Any]], axes: Any) -> Any:
    from labkit.plots.arrhenius import plot_arrhenius

    for result in results:
        for arc in result["arcs"]:
            if arc["ea_eV"] is None:
                continue
            kelvin = np.array(result["temperature_K"])
            sigma = np.array(arc["sigma_S_per_cm"], dtype=float)
            known = np.isfinite(sigma) & (sigma > 0)
            fit = fit_arrhenius(kelvin[known], sigma[known], convention=result["convention"])
            name = arc["role"] if len(results) == 1 else f"{result['pellet']}, {arc['role']}"
            axes = plot_arrhenius(axes, fit, label=name, predict_K=None)
    return axes
