"""Structures: stored in bulk, compressed, and returned to the letter."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from db.errors import InvalidValueError, UnknownStructureError
from db.session import Database
from db.structures import (
    NewStructure,
    StructureCounts,
    add_structures,
    cif_text,
    count_structures,
    get_structure,
    iterate_cifs,
    list_structures,
    set_icsd_ids,
    set_space_group_numbers,
)


def structure(material_id: str, *, formula: str = "Li3PS4", cif: str = "data_x\n") -> NewStructure:
    return NewStructure(
        material_id=material_id, source="test", formula=formula, n_sites=8, cif=cif, icsd_ids=[3, 1]
    )


def test_a_structure_comes_back_to_the_letter(any_lab: Database) -> None:
    text = "data_Li3PS4\n_cell_length_a 6.05\n# Å ° µ\r\n"
    with any_lab.session() as session:
        add_structures(session, [structure("mp-985583", cif=text)])
    with any_lab.reading() as session:
        assert cif_text(session, "mp-985583") == text
        stored = get_structure(session, "mp-985583")
    assert (stored.reduced_formula, stored.icsd_ids) == ("Li3PS4", (1, 3))


def test_adding_again_adds_nothing_and_names_what_changed(any_lab: Database) -> None:
    with any_lab.session() as session:
        add_structures(session, [structure("a"), structure("b")])
        again = [structure("a"), structure("b", cif="data_y\n"), structure("c"), structure("c")]
        assert add_structures(session, again) == StructureCounts(1, 3, ("b",))
        assert cif_text(session, "b") == "data_x\n"
        assert count_structures(session) == 3


def test_structures_are_read_in_the_order_of_adding(lab: Database) -> None:
    names = [f"mp-{number}" for number in range(2500, 0, -1)]
    with lab.session() as session:
        add_structures(session, (structure(name, cif=name) for name in names))
    with lab.reading() as session:
        assert [name for name, _ in iterate_cifs(session)] == names
        assert all(name == text for name, text in iterate_cifs(session, names[:1500]))
        listed = list_structures(session, material_ids=names[10:2000])
        assert [summary.material_id for summary in listed] == names[10:2000]
        assert list_structures(session, reduced_formula="Li3N") == []


def test_icsd_numbers_are_added_to_those_there(any_lab: Database) -> None:
    with any_lab.session() as session:
        add_structures(session, [structure("a"), structure("b")])
        assert set_icsd_ids(session, {"a": [7, 1], "b": [1, 3]}) == 1
        assert get_structure(session, "a").icsd_ids == (1, 3, 7)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"formula": "Lao.5TiO3"}, "cannot be read"), ({"material_id": " "}, "no material id")],
)
def test_what_is_no_structure_is_refused(
    lab: Database, changes: dict[str, str], message: str
) -> None:
    values = {"material_id": "a", "formula": "Li", **changes}
    with pytest.raises(InvalidValueError, match=message), lab.session() as session:
        add_structures(session, [structure(values["material_id"], formula=values["formula"])])


def test_an_unknown_structure_is_named(lab: Database) -> None:
    with lab.reading() as session:
        for read in (get_structure, cif_text):
            with pytest.raises(UnknownStructureError, match="mp-1"):
                read(session, "mp-1")


def test_the_whole_public_table_is_stored(lab: Database, data_dir: Path) -> None:
    csv.field_size_limit(2**31 - 1)
    path = data_dir / "structures/li_mp_structures.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with lab.session() as session:
        counts = add_structures(
            session,
            (
                NewStructure(
                    material_id=row["material_id"],
                    source="materials-project",
                    formula=row["formula"],
                    n_sites=int(row["nsites"]),
                    cif=row["cif"],
                )
                for row in rows
            ),
        )
    assert counts == StructureCounts(18590, 0, ())
    with lab.reading() as session:
        assert dict(iterate_cifs(session)) == {row["material_id"]: row["cif"] for row in rows}


def test_space_groups_found_from_cells_do_not_overwrite_printed_ones(any_lab: Database) -> None:
    with any_lab.session() as session:
        printed = NewStructure(
            material_id="a", source="t", formula="LiI", n_sites=2, cif="x", space_group_number=225
        )
        silent = NewStructure(material_id="b", source="t", formula="LiI", n_sites=2, cif="x")
        add_structures(session, [printed, silent])
        assert set_space_group_numbers(session, {"a": 1, "b": 221, "c": 3}) == 1
        assert get_structure(session, "a").space_group_number == 225
        assert get_structure(session, "b").space_group_number == 221
