"""What a label says at room temperature: a value, an upper bound or a lower bound."""

from __future__ import annotations

import math
from typing import Any

import pytest

import db.labels
from db.matching import match_labels
from labkit.workflows.lab import Lab
from labkit.workflows.screening_labels import LabelOnStructure, labels_on_structures

LITHIUM_NITRIDE = "prototype-Li3N-lithium-nitride"
POOL = (LITHIUM_NITRIDE, "prototype-LiI-rocksalt", "prototype-Li3OCl-antiperovskite")


def _add(lab: Lab, **fields: Any) -> LabelOnStructure:
    """Accept a label on lithium nitride and return it as the screening sees it."""
    label: Any = {
        "formula": "Li3N",
        "material_id": LITHIUM_NITRIDE,
        "source_kind": "literature",
        "citation": "a paper",
        "sigma_S_per_cm": 1e-5,
        "temperature_K": 298.15,
    } | fields
    with lab.database.session() as session:
        db.labels.propose_many(
            session, [label], by="x", reason="x", accepted_by="x", acceptance_reason="x"
        )
        match_labels(session)
    (found,) = [
        label for label in labels_on_structures(lab, POOL) if label.material_id == LITHIUM_NITRIDE
    ]
    return found


def test_the_printed_labels_are_values(copy_of_pool_lab: Lab) -> None:
    found = labels_on_structures(copy_of_pool_lab, POOL)

    assert [(label.name, label.material_id) for label in found] == [
        ("L1", "prototype-LiI-rocksalt"),
        ("L2", "prototype-Li3OCl-antiperovskite"),
    ]
    assert found[0].log_sigma == pytest.approx(-7.0)
    assert found[1].log_sigma == pytest.approx(math.log10(8.5e-4))
    assert not any(label.is_upper_bound for label in found)


def test_less_than_is_an_upper_bound(copy_of_pool_lab: Lab) -> None:
    label = _add(copy_of_pool_lab, sigma_S_per_cm=1e-10, qualifier="<")

    assert label.is_upper_bound
    assert label.log_sigma == pytest.approx(-10.0)
    assert "(<1.0e-10 S/cm)" in label.words()


@pytest.mark.parametrize(
    ("temperature_K", "mark"),
    [
        (248.15, ">"),  # colder: room temperature lies above
        (288.0, ">"),
        (288.3, ""),
        (298.15, ""),
        (308.0, ""),
        (308.3, "<"),  # more than ten kelvin hotter: room temperature lies below
        (413.15, "<"),
        (None, ""),
    ],
)
def test_a_measurement_away_from_room_temperature_is_a_bound_there(
    copy_of_pool_lab: Lab, temperature_K: float | None, mark: str
) -> None:
    label = _add(copy_of_pool_lab, temperature_K=temperature_K)

    assert (label.is_upper_bound, label.is_lower_bound) == (mark == "<", mark == ">")
    assert f"({mark}1.0e-05 S/cm" in label.words()
    assert ("measured at" in label.words()) is bool(mark)


def test_more_than_is_a_lower_bound(copy_of_pool_lab: Lab) -> None:
    assert _add(copy_of_pool_lab, qualifier=">").is_lower_bound


def test_less_than_measured_cold_says_nothing(copy_of_pool_lab: Lab) -> None:
    with pytest.raises(ValueError, match="not enough values"):
        _add(copy_of_pool_lab, qualifier="<", temperature_K=248.15)


def test_a_label_can_be_kept_with_a_ranking(copy_of_pool_lab: Lab) -> None:
    (label, _) = labels_on_structures(copy_of_pool_lab, POOL)

    assert LabelOnStructure(**label.to_dict()) == label
