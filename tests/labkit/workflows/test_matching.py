"""A label belongs to the structure that is sure, or waits for a person."""

from __future__ import annotations

from pathlib import Path

import pytest

import db.structures
from db.errors import UnknownRecordError
from db.structures import NewStructure
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.labelling import decide_label, propose_label, show_label
from labkit.workflows.matching import confirm_structures, nearest_structures
from labkit.workflows.pellets import add_pellet
from labkit.workflows.screening_labels import labels_on_structures

POOL = ("mp-1", "mp-2", "mp-3")


@pytest.fixture
def lab(new_lab: Lab, simulated_series: Path) -> Lab:
    """Return a lab with one measured pellet of Li3BS3 and no structure."""
    add_pellet(new_lab, "a", formula="Li3BS3", thickness="0.80mm+-0.01mm", diameter="6.35mm")
    import_paths(new_lab, [simulated_series / "simulated_25C.mpr"], pellet="a")
    return new_lab


def _add(lab: Lab, material_id: str, formula: str, **fields: object) -> None:
    new = NewStructure(
        material_id=material_id,
        source="materials-project",
        formula=formula,
        n_sites=7,
        cif=f"data_{material_id}\n",
        **fields,
    )
    with lab.database.session() as session:
        db.structures.add_structures(session, [new])


def _accept(lab: Lab, **fields: object) -> str:
    name: str = propose_label(lab, "M1", actor="A. See", **fields)["label"]
    decide_label(lab, name, "accept", reason="good", actor="A. See")
    return name


def test_one_structure_of_the_composition_counts(lab: Lab) -> None:
    _add(lab, "mp-1", "Li6 B2 S6")
    _add(lab, "mp-2", "LiI")

    _accept(lab)

    assert [label.material_id for label in labels_on_structures(lab, POOL)] == ["mp-1"]


def test_two_structures_of_the_composition_do_not_count_until_one_is_confirmed(lab: Lab) -> None:
    _add(lab, "mp-1", "Li3BS3")
    _add(lab, "mp-2", "Li3BS3")
    name = _accept(lab)
    assert labels_on_structures(lab, POOL) == []

    confirm_structures(lab, name, ["mp-2"], "A. See")

    assert [label.material_id for label in labels_on_structures(lab, POOL)] == ["mp-2"]


def test_the_most_stable_of_several_is_shown_first(lab: Lab) -> None:
    _add(lab, "mp-1", "Li3BS3", e_above_hull_eV=0.05)
    _add(lab, "mp-2", "Li3BS3", e_above_hull_eV=0.0)
    _add(lab, "mp-3", "Li3BS3")

    notes = propose_label(lab, "M1", actor="A. See")["notes"]

    assert notes == [
        "3 structures have this composition (mp-2, mp-1, mp-3): choose with "
        "'labkit label match L1 mp-2'"
    ]


def test_the_space_group_settles_what_the_composition_leaves_open(lab: Lab) -> None:
    _add(lab, "mp-1", "Li3BS3", space_group_number=62)
    _add(lab, "mp-2", "Li3BS3", space_group_number=14)

    _accept(lab, space_group_number=62)

    assert [label.material_id for label in labels_on_structures(lab, POOL)] == ["mp-1"]


def test_a_structure_named_by_hand_wins_over_the_composition(lab: Lab) -> None:
    _add(lab, "mp-1", "Li3BS3")
    _add(lab, "mp-3", "Li5B7S13")

    name = _accept(lab, structure_ids=["mp-3"])

    assert [label.material_id for label in labels_on_structures(lab, POOL)] == ["mp-3"]
    assert show_label(lab, name)["matches"][0]["kind"] == "by-hand"


def test_a_structure_that_is_not_there_stops_the_proposal(lab: Lab) -> None:
    with pytest.raises(UnknownRecordError, match="mp-9"):
        propose_label(lab, "M1", structure_ids=["mp-9"], actor="A. See")

    # nothing of the proposal stays
    assert propose_label(lab, "M1", actor="A. See")["label"] == "L1"


def test_a_label_that_is_not_accepted_never_counts(lab: Lab) -> None:
    _add(lab, "mp-1", "Li3BS3")
    name = propose_label(lab, "M1", actor="A. See")["label"]
    assert labels_on_structures(lab, POOL) == []

    decide_label(lab, name, "reject", reason="cracked", actor="A. See")

    assert labels_on_structures(lab, POOL) == []


def test_a_structure_outside_the_pool_does_not_count(lab: Lab) -> None:
    _add(lab, "mp-1", "Li3BS3")
    _accept(lab)

    assert labels_on_structures(lab, ("mp-2",)) == []


def test_a_doped_sample_is_led_to_its_parent(new_lab: Lab) -> None:
    """Li2.95B0.95Si0.05S3 has no structure of its own; Li3BS3 is what it derives from."""
    structures = [
        NewStructure(material_id=name, source="test", formula=formula, n_sites=1, cif="x")
        for name, formula in (("a", "Li3BS3"), ("b", "Li2S"), ("c", "Li3BO3"), ("d", "Li2.9BS3"))
    ]
    with new_lab.database.session() as session:
        db.structures.add_structures(session, structures)
    with new_lab.database.reading() as session:
        near = nearest_structures(session, "Li2.95B0.95Si0.05S3")
        assert nearest_structures(session, "0.7Li2S-0.3P2S5") == []
    assert [found.material_id for found in near] == ["a", "d"]
    # half of |Li 2.95/6.95 - 3/7| + |B 0.95/6.95 - 1/7| + Si 0.05/6.95 + |S 3/6.95 - 3/7|
    assert near[0].distance == pytest.approx(0.01028, abs=1e-5)
