"""A stored lattice that its pattern does not give is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sqlmodel import select

from db.tables import Analysis
from labkit.workflows.lab import create_lab
from labkit.workflows.pattern_files import SeriesItem
from labkit.workflows.refinement import LATTICE, RefinementSettings, refine_file
from labkit.workflows.replaying import replay_analyses
from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.radiation import parse_wavelength
from labkit.xrd.simulate import simulate_pattern
from labkit.xrd.standards import standard_named


def test_a_changed_cell_is_found_and_an_untouched_one_is_equal(tmp_path: Path) -> None:
    lab = create_lab(tmp_path / "lab")
    silicon = standard_named("Si")
    pattern = simulate_pattern([(silicon.phase(), 1.0)], seed=1)
    file, cif = tmp_path / "si.xy", tmp_path / "si.cif"
    np.savetxt(file, np.stack([pattern.two_theta_deg, pattern.intensity_counts], axis=1))
    cif.write_text(silicon.cif, encoding="utf-8")
    settings = RefinementSettings(
        [cif],
        radiation=parse_wavelength("Cu"),
        options=BuiltinOptions(instrument=(("zero", 0.0),)),
    )
    report, _ = refine_file(lab, SeriesItem(str(file)), settings)
    assert replay_analyses(lab) == {"checked": 1, "equal": 1, "different": []}
    with lab.database.session() as session:
        stored = session.exec(select(Analysis).where(Analysis.kind == LATTICE)).one()
        changed = dict(stored.result)
        main = dict(changed["phases"][0])
        main["cell"] = [value * 1.00001 for value in main["cell"]]
        changed["phases"] = [main]
        stored.result = changed
        session.add(stored)
    found = replay_analyses(lab, report["analysis"])
    assert found["equal"] == 0
    assert {row["quantity"] for row in found["different"]} >= {"si a", "si b", "si c"}
    assert found["different"][0]["stored"] > found["different"][0]["now"]
