"""A batch with pellets and refined patterns, named and remarked on in markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.pattern_files import SeriesItem
from labkit.workflows.pellets import add_pellet
from labkit.workflows.refinement import RefinementSettings, refine_batch
from labkit.workflows.substitution_series import vegard_of_batch
from labkit.xrd.radiation import parse_wavelength
from labkit.xrd.simulate import simulate_pattern
from labkit.xrd.standards import standard_named

BATCH = "2026-11 <b>$x$</b>"
"""Markup and mathematics to whoever does not write it as it stands."""


def refine_silicon(lab: Lab, folder: Path, batch: str) -> list[dict[str, Any]]:
    """Refine four patterns of silicon of growing cells, the last one with LaB6 in it."""
    silicon, impurity = standard_named("Si"), standard_named("LaB6")
    cif = folder / "si.cif"
    cif.write_text(silicon.cif, encoding="utf-8")
    items = []
    for k, x in enumerate((0.0, 0.02, 0.04, 0.06)):
        edge = silicon.phase().cell[0] * (1 + 0.05 * x)
        phase = silicon.phase().with_cell((edge, edge, edge, 90.0, 90.0, 90.0))
        mixed = [(phase, 1.0)] if k < 3 else [(phase, 0.9), (impurity.phase(), 0.1)]
        pattern = simulate_pattern(mixed, seed=k)
        file = folder / f"si-{k}.xy"
        np.savetxt(file, np.stack([pattern.two_theta_deg, pattern.intensity_counts], axis=1))
        items.append(SeriesItem(str(file), x=x, sample=f"Si <i>{k}</i>"))
    settings = RefinementSettings([cif], radiation=parse_wavelength("Cu"))
    outcome, _ = refine_batch(lab, batch, items, settings)
    refined: list[dict[str, Any]] = outcome["refined"]
    return refined


def fill_with_batch(lab: Lab, folder: Path, simulated_series: Path) -> None:
    """Add two pellets, one of them measured at one temperature only, patterns, Vegard's law."""
    for name, comment in (("one", "<script>alert(1)</script>"), ("two $a", "pressed twice")):
        add_pellet(lab, name, formula="Li3BS3", batch=BATCH, comment=comment,
                   thickness="0.80mm+-0.01mm", diameter="6.35mm+-0.02mm")  # fmt: skip
    files = sorted(simulated_series.glob("*.mpr"))
    import_paths(lab, files[:4], pellet="one")
    import_paths(lab, files[4:5], pellet="two $a")
    refine_silicon(lab, folder, BATCH)
    vegard_of_batch(lab, BATCH)
