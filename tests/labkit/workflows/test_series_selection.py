"""Measurements that a person leaves out of a series: kept with the result, and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.measurements import get_analysis
from instruments.biologic_writing import write_mpr
from instruments.reader import read
from instruments.records import ImpedanceSpectrum
from labkit.errors import UsageError
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import add_pellet
from labkit.workflows.series_selection import Selection, selection_as_typed
from labkit.workflows.temperature_series import draw_series, fit_series


@pytest.fixture
def series_lab(new_lab: Lab, simulated_series: Path) -> Lab:
    """Return a lab with one pellet at seven temperatures, 25 to 85 C."""
    add_pellet(new_lab, "p", formula="Li3BS3", thickness="0.8 mm", diameter="6.35 mm")
    import_paths(new_lab, sorted(simulated_series.glob("*.mpr")), pellet="p")
    return new_lab


def test_the_choice_is_kept_with_the_result_and_read_back(series_lab: Lab) -> None:
    chosen = selection_as_typed(
        series_lab, ["p"], exclude=["M5", "m5"], low="30C", because="bad contact", by="A. See"
    )
    result = fit_series(series_lab, "p", selection=chosen)

    assert result["messages"][-2:] == [
        "M1 left out by hand, below 30 C (bad contact, A. See)",
        "M5 left out by hand (bad contact, A. See)",
    ]
    with series_lab.database.reading() as session:
        stored = get_analysis(session, result["analysis"])
        assert stored.reasons[-1] == "left-out-by-hand"
        assert Selection.of(stored.parameters) == chosen
        assert len(stored.parameters["analyses"]) == 5
    assert fit_series(series_lab, "p", selection=chosen)["analysis"] == result["analysis"]


def test_the_verdict_is_that_of_what_is_left(series_lab: Lab) -> None:
    assert fit_series(series_lab, "p", selection=Selection((5,)))["verdict"] == "accepted"
    narrow = fit_series(series_lab, "p", selection=Selection(to_K=318.15))
    assert (narrow["verdict"], narrow["n_points"]) == ("review", 3)


def test_nothing_is_told_where_nothing_is_left_out(series_lab: Lab) -> None:
    result = fit_series(series_lab, "p")

    assert "left-out-by-hand" not in result["reasons"]
    with series_lab.database.reading() as session:
        assert "left_out_by_hand" not in get_analysis(session, result["analysis"]).parameters


def test_the_same_points_from_another_file_do_not_slip_in(
    series_lab: Lab, simulated_series: Path, tmp_path: Path
) -> None:
    (record,) = read(simulated_series / "simulated_45C.mpr").records
    assert isinstance(record, ImpedanceSpectrum)
    write_mpr(tmp_path / "again_45C.mpr", [record])
    import_paths(series_lab, [tmp_path / "again_45C.mpr"], pellet="p")

    for exclude, other in (("M3", "M8"), ("M8", "M3")):
        chosen = selection_as_typed(series_lab, ["p"], exclude=[exclude])
        result = fit_series(series_lab, "p", selection=chosen)
        assert result["n_points"] == 6
        assert f"{other} left out: the same points as {exclude}" in result["left_out"]


def test_the_figure_shows_what_was_fitted(series_lab: Lab, tmp_path: Path) -> None:
    result = fit_series(series_lab, "p", selection=Selection(from_K=300.0))

    draw_series(series_lab, [result], tmp_path / "line.svg")

    assert "extrapolated" in (tmp_path / "line.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"exclude": ["M9"]}, "M9 is no impedance measurement of p"),
        ({"low": "60C", "high": "30C"}, "no temperature lies from 60C to 30C"),
        ({"because": "a door"}, "--because"),
    ],
)
def test_a_choice_that_means_nothing_is_refused(
    series_lab: Lab, words: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        selection_as_typed(series_lab, ["p"], **words)  # type: ignore[arg-type]
