"""Stored refinements with their curves: those of the fit, made again where they are missing."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import select

from db.errors import UnknownAnalysisError
from db.tables import Analysis
from labkit.errors import NotFoundError, UsageError
from labkit.vegard import VegardFit
from labkit.workflows.lab import Lab, clear_cache
from labkit.workflows.pellet_views import view_batch
from labkit.workflows.refinement import LATTICE
from labkit.workflows.refinement_curves import curves_of
from labkit.workflows.refinement_views import stored_refinement, view_refinement
from labkit.xrd.result import RefinementResult
from tests.labkit.silicon_series import BATCH


def _refinements(lab: Lab) -> list[Analysis]:
    with lab.database.reading() as session:
        return list(session.exec(select(Analysis).where(Analysis.kind == LATTICE)))


def test_curves_that_are_lost_are_made_again_the_same(batch_lab: Lab) -> None:
    stored = _refinements(batch_lab)[-1]
    kept = curves_of(batch_lab, stored)
    clear_cache(batch_lab)

    again = curves_of(batch_lab, stored)

    np.testing.assert_array_equal(again.observed, kept.observed)
    np.testing.assert_allclose(again.calculated, kept.calculated, rtol=1e-6)
    assert len(again.reflections_deg) == len(kept.reflections_deg) == 1
    assert len(list((batch_lab.cache_folder / "curves").glob("*.npz"))) == 1


def test_curves_that_cannot_be_read_are_made_again(batch_lab: Lab) -> None:
    stored = _refinements(batch_lab)[0]
    for file in (batch_lab.cache_folder / "curves").glob("*.npz"):
        file.write_bytes(b"PK half a file")

    assert curves_of(batch_lab, stored).observed.size == stored.result["n_points"]


def test_a_cache_that_cannot_be_written_stands_in_nobodys_way(batch_lab: Lab) -> None:
    stored = _refinements(batch_lab)[0]
    clear_cache(batch_lab)
    (batch_lab.cache_folder / "curves").write_text("a file where a folder should be")

    assert curves_of(batch_lab, stored).observed.size == stored.result["n_points"]


def test_a_view_agrees_with_what_is_stored(batch_lab: Lab) -> None:
    stored = _refinements(batch_lab)[-1]

    view = view_refinement(batch_lab, f"A{stored.id}")

    observed, calculated = np.array(view["observed"]), np.array(view["calculated"])
    np.testing.assert_allclose(view["difference"], observed - calculated)
    weights = 1 / np.maximum(observed, 1.0)
    r_wp = np.sqrt((weights * (observed - calculated) ** 2).sum() / (weights * observed**2).sum())
    assert r_wp == pytest.approx(stored.result["r_wp"], rel=0.02)
    assert view["residual_peaks"] == stored.result["residual_peaks"]
    assert len(view["residual_peaks"]) == view["unexplained_peaks"] > 0
    places = view["phases"][0]["reflections_deg"]
    assert min(places) >= view["two_theta_deg"][0] and max(places) <= view["two_theta_deg"][-1]
    assert view["cell_words"].startswith("a = 5.4")


def test_a_stored_result_comes_back_as_it_was_told(batch_lab: Lab) -> None:
    stored = _refinements(batch_lab)[-1]
    result = RefinementResult.from_dict(stored.result, curves_of(batch_lab, stored))
    assert result.to_dict() == stored.result
    vegard = view_batch(batch_lab, BATCH)["vegard"]
    for fit in vegard["fits"]:
        assert VegardFit.from_dict(fit).to_dict() == fit


def test_what_another_engine_made_is_told_in_a_line(batch_lab: Lab) -> None:
    stored = _refinements(batch_lab)[0]
    clear_cache(batch_lab)
    stored.parameters = {**stored.parameters, "engine": "gsas"}

    with pytest.raises(NotFoundError, match="refine M6 again to see them"):
        curves_of(batch_lab, stored)


def test_what_is_no_refinement_is_refused(batch_lab: Lab) -> None:
    with pytest.raises(UsageError, match="no refinement of a lattice"):
        stored_refinement(batch_lab, "A1")
    with pytest.raises(UnknownAnalysisError):
        stored_refinement(batch_lab, "A999")
