"""What two published tables say about the same ICSD entries."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.agreement import compare_sources
from db.conflicts import find_conflicts
from db.errors import InvalidValueError
from db.label_sources import load_label_source, load_obelix_labels
from db.label_tables import OBELIX, SEMI_SUPERVISED
from db.literature import DATASET_NAME, load_literature
from db.session import Database


def test_pairs_are_made_by_icsd_number(any_lab: Database, tmp_path: Path) -> None:
    literature, labels = tmp_path / "a.csv", tmp_path / "b.csv"
    literature.write_text(
        "Structure,sigma,Ea,space group,ICSD\nLi3N,1E-3,,,7\nLiI,1E-7,,,8\nLiBr,1E-9,,,\n",
        encoding="utf-8",
    )
    labels.write_text("Li3N,1E-5,191,7\nLi3N,2E-3,191,7\nLiCl,1E-9,225,9\n", encoding="utf-8")
    with any_lab.session() as session:
        load_literature(session, literature)
        load_label_source(session, SEMI_SUPERVISED, labels, by="Ada")
        found = compare_sources(session, DATASET_NAME, SEMI_SUPERVISED.name)
    assert found.shared_icsd_ids == 1
    assert [round(pair.decades, 3) for pair in found.pairs] == [2.0, 0.301]
    assert found.pairs[0].second_reference == f"{SEMI_SUPERVISED.name}:1"
    assert found.apart_by_more_than(1.0) == 1


def test_a_source_that_is_not_loaded_is_named(lab: Database) -> None:
    with (
        pytest.raises(InvalidValueError, match="'nowhere' is not loaded"),
        lab.reading() as session,
    ):
        compare_sources(session, "nowhere", OBELIX.name)


def test_obelix_and_the_digitised_set(lab: Database, data_dir: Path) -> None:
    """An audit by hand found 21 pairs beyond 0.3 and 10 beyond 1 decade among 201."""
    with lab.session() as session:
        load_literature(session, data_dir / "literature/digitized_data_for_SSEs.csv")
        load_obelix_labels(session, data_dir / OBELIX.sub_path, by="Ada")
        found = compare_sources(session, DATASET_NAME, OBELIX.name)
    assert found.shared_icsd_ids == 218
    assert len(found.pairs) == 231
    assert (found.apart_by_more_than(0.3), found.apart_by_more_than(1.0)) == (22, 11)
    values = found.of_values()
    assert len(values.pairs) == 201
    assert (values.apart_by_more_than(0.3), values.apart_by_more_than(1.0)) == (21, 10)
    # of the thirty pairs with a bound, one is apart: a tiny value below the other's bound
    (widest, *others) = [pair for pair in found.pairs if not pair.is_of_values]
    assert (widest.icsd_id, widest.first_qualifier, widest.second_qualifier) == (420286, "=", "<")
    assert (widest.first_sigma_S_per_cm, widest.second_sigma_S_per_cm) == (5.4e-24, 1e-10)
    assert len(others) == 29
    assert all(pair.decades <= 0.3 for pair in others)


def test_every_wide_pair_is_among_the_conflicts(lab: Database, data_dir: Path) -> None:
    with lab.session() as session:
        load_literature(session, data_dir / "literature/digitized_data_for_SSEs.csv")
        load_obelix_labels(session, data_dir / OBELIX.sub_path, by="Ada")
        wide = [
            pair
            for pair in compare_sources(session, DATASET_NAME, OBELIX.name).of_values().pairs
            if pair.decades > 1.0
        ]
        shown = {
            value.reference
            for conflict in find_conflicts(session, decades=0.99)
            for value in conflict.values
        }
    assert len(wide) == 10
    named = {name for pair in wide for name in (pair.first_reference, pair.second_reference)}
    assert named <= shown
