"""A stored conductivity comes out again, and a change of the method is named."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

import labkit.workflows.conductivity_of_sweep as conductivity_of_sweep
from labkit.errors import UsageError
from labkit.workflows.analysing import examine_measurement
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import add_pellet
from labkit.workflows.replaying import replay_analyses
from labkit.workflows.temperature_series import fit_series


@pytest.fixture
def lab(new_lab: Lab, simulated_series: Path) -> Lab:
    add_pellet(new_lab, "a", formula="Li3BS3", thickness="0.80mm+-0.01mm", diameter="6.35mm")
    import_paths(new_lab, [simulated_series], pellet="a")
    return new_lab


def test_everything_comes_out_again(lab: Lab) -> None:
    examine_measurement(lab, "M2", window=("0.2Hz", "1Hz"), set_by="A. See")

    assert replay_analyses(lab) == {"checked": 8, "equal": 8, "different": []}


def test_a_change_in_the_tail_estimator_is_named(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    fit_tail = conductivity_of_sweep.fit_tail

    def changed(spectrum: Any, **options: Any) -> Any:
        fit = fit_tail(spectrum, **options)
        return dataclasses.replace(fit, resistance_ohm=fit.resistance_ohm * (1 + 1e-6))

    monkeypatch.setattr(conductivity_of_sweep, "fit_tail", changed)

    result = replay_analyses(lab, "M3")

    assert (result["checked"], result["equal"]) == (1, 0)
    by_quantity = {row["quantity"]: row for row in result["different"]}
    assert "resistance_ohm" in by_quantity
    assert "sigma_S_per_cm" in by_quantity
    row = by_quantity["resistance_ohm"]
    assert row["measurement"] == "M3"
    assert row["now"] / row["stored"] == pytest.approx(1 + 1e-6, rel=1e-9)


def test_a_change_in_the_verdict_is_named(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    fit_tail = conductivity_of_sweep.fit_tail

    def changed(spectrum: Any, **options: Any) -> Any:
        return dataclasses.replace(fit_tail(spectrum, **options), verdict="review")

    monkeypatch.setattr(conductivity_of_sweep, "fit_tail", changed)

    (row,) = replay_analyses(lab, "M1")["different"]

    assert (row["quantity"], row["stored"], row["now"]) == ("verdict", "accepted", "review")


def test_changed_points_are_named(lab: Lab) -> None:
    with lab.database.session() as session:
        session.connection().exec_driver_sql(
            "UPDATE spectrum SET data_hash = 'tampered' WHERE measurement_id = 4"
        )

    (row,) = replay_analyses(lab, "M4")["different"]

    assert (row["quantity"], row["now"]) == ("data_hash", "tampered")


def test_a_pellet_changed_later_does_not_change_what_was_computed_then(lab: Lab) -> None:
    with lab.database.session() as session:
        session.connection().exec_driver_sql("UPDATE pellet SET thickness_m = 2 * thickness_m")

    assert replay_analyses(lab)["different"] == []


def test_a_fit_of_another_kind_is_refused(lab: Lab) -> None:
    fit = fit_series(lab, "a")

    with pytest.raises(UsageError, match="arrhenius"):
        replay_analyses(lab, fit["analysis"])
    with pytest.raises(UsageError, match="measurement"):
        replay_analyses(lab, "R1")
