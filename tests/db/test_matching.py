"""Labels and structures: how they were matched, how sure, and who decided."""

from __future__ import annotations

import pytest

from db.errors import InvalidValueError, UnknownRecordError
from db.label_content import LabelFields
from db.labels import propose_many
from db.matching import (
    add_match,
    decide_match,
    labelled_structures,
    match_labels,
    matches_of_label,
)
from db.session import Database
from db.structures import NewStructure, add_structures


def _structure(material_id: str, formula: str, group: int, *icsd: int) -> NewStructure:
    return NewStructure(
        material_id=material_id,
        source="test",
        formula=formula,
        n_sites=4,
        cif=material_id,
        space_group_number=group,
        icsd_ids=icsd,
    )


def _label(formula: str, **changes: object) -> LabelFields:
    return {"formula": formula, "sigma_S_per_cm": 1e-4, "source_kind": "literature", **changes}


@pytest.fixture
def matched(any_lab: Database) -> Database:
    with any_lab.session() as session:
        add_structures(
            session,
            [
                _structure("mp-1", "Li3N", 191, 10),
                _structure("mp-2", "Li3PS4", 62, 20, 21),
                _structure("mp-3", "Li3PS4", 62, 22),
                _structure("mp-4", "LiI", 225),
            ],
        )
        propose_many(
            session,
            [
                _label("Li3N", material_id="mp-1", icsd_id=20),
                _label("Li3PS4", icsd_id=21),
                _label("Li3PS4", space_group_number=62),
                _label("Li3PS4", space_group_number=31),
                _label("LiI"),
            ],
            by="Ada",
            reason="x",
            accepted_by="Grace",
        )
        match_labels(session)
    return any_lab


def test_the_surest_way_that_finds_something_is_taken(matched: Database) -> None:
    with matched.session() as session:
        again = match_labels(session)
        assert again.by_kind == {"material-id": 1, "icsd": 1, "formula-space-group": 1}
        assert (again.ambiguous, again.unmatched) == (1, 2)
        found = {
            number: [(m.kind, material_id) for m, material_id in matches_of_label(session, number)]
            for number in range(1, 6)
        }
    assert found == {
        1: [("material-id", "mp-1")],
        2: [("icsd", "mp-2")],
        3: [("formula-space-group", "mp-2"), ("formula-space-group", "mp-3")],
        4: [],
        5: [],
    }


def test_ambiguous_matches_are_marked_and_share_their_confidence(matched: Database) -> None:
    with matched.reading() as session:
        both = [match for match, _ in matches_of_label(session, 3)]
        (single,) = [match for match, _ in matches_of_label(session, 2)]
    assert all(match.ambiguous for match in both)
    assert sum(match.confidence for match in both) == pytest.approx(0.6)
    assert (single.ambiguous, single.confidence) == (False, 0.85)


def test_a_broken_match_is_not_used_and_stays_broken(matched: Database) -> None:
    with matched.session() as session:
        match, _ = matches_of_label(session, 2)[0]
        assert match.id is not None
        decide_match(session, match.id, keep=False, by="Emmy", note="another polymorph")
        match_labels(session)
        assert 2 not in {row.label_id for row in labelled_structures(session)}


def test_a_match_by_hand_is_certain(matched: Database) -> None:
    with matched.session() as session:
        add_match(session, label_id=5, material_id="mp-4", kind="by-hand", by="Emmy")
        rows = labelled_structures(session, minimum_confidence=0.99)
    assert [(row.label_id, row.material_id, row.kind) for row in rows] == [(5, "mp-4", "by-hand")]


def test_adding_a_match_twice_keeps_one(matched: Database) -> None:
    with matched.session() as session:
        first = add_match(session, label_id=5, material_id="mp-4", kind="structure-comparison")
        second = add_match(session, label_id=5, material_id="mp-4", kind="structure-comparison")
        assert first.id == second.id


def test_matches_of_nothing_are_refused(matched: Database) -> None:
    with matched.session() as session:
        with pytest.raises(UnknownRecordError, match="mp-99"):
            add_match(session, label_id=1, material_id="mp-99", kind="icsd")
        with pytest.raises(UnknownRecordError, match="L99"):
            add_match(session, label_id=99, material_id="mp-1", kind="icsd")
        with pytest.raises(InvalidValueError, match="material-id, icsd"):
            add_match(session, label_id=1, material_id="mp-1", kind="guess")
        with pytest.raises(UnknownRecordError, match="match number 99"):
            decide_match(session, 99, keep=True, by="Emmy")


def test_an_icsd_number_that_leads_to_another_composition_is_doubted(lab: Database) -> None:
    with lab.session() as session:
        add_structures(session, [_structure("mp-1", "Li3PS4", 62, 20)])
        propose_many(
            session,
            [_label("Li3.01PS4", icsd_id=20), _label("Li4SiS4", icsd_id=20)],
            by="Ada",
            reason="x",
        )
        assert match_labels(session).ambiguous == 1
        (near,) = [match for match, _ in matches_of_label(session, 1)]
        (far,) = [match for match, _ in matches_of_label(session, 2)]
    assert (near.ambiguous, near.confidence, near.note) == (False, 0.85, None)
    assert far.ambiguous and far.confidence == 0.425
    assert far.note is not None and "18% of the atoms differ" in far.note
