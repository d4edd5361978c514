"""A folder of ICSD exports beside the Materials Project."""

from __future__ import annotations

from pathlib import Path

import pytest

import db.structures
import labkit.workflows.structure_pool as pool
from db.structures import NewStructure
from labkit.workflows.describing import describe_pool
from labkit.workflows.duplicates import icsd_number_of_cif, replaced_structures
from labkit.workflows.lab import Lab
from labkit.workflows.machines import Machines
from screening.prototypes import prototype_records


@pytest.fixture
def twins(new_lab: Lab, tmp_path: Path) -> tuple[Lab, Path]:
    """Return a lab with two Materials Project entries, and an ICSD export of the first."""
    first, second = prototype_records()[:2]
    with new_lab.database.session() as session:
        db.structures.add_structures(
            session,
            [
                NewStructure(
                    material_id=f"mp-{number}",
                    source="materials-project",
                    formula=record.formula,
                    n_sites=record.crystal().n_sites,
                    cif=record.cif,
                    band_gap_eV=4.5,
                    e_above_hull_eV=0.02,
                    icsd_ids=[100 + number, 200 + number],
                )
                for number, record in enumerate((first, second))
            ],
        )
    text = first.cif.rstrip("\n") + "\n_database_code_ICSD 200\n"
    (tmp_path / "icsd").mkdir()
    (tmp_path / "icsd" / "one.cif").write_text(text, encoding="utf-8")
    return new_lab, tmp_path / "icsd"


def test_the_export_stands_for_the_entry_and_takes_over_its_energies(
    twins: tuple[Lab, Path],
) -> None:
    lab, folder = twins

    result = pool.add_structures(lab, [str(folder)])

    assert result["replaced"] == 1
    assert result["total"] == 3
    with lab.database.reading() as session:
        file = db.structures.get_structure(session, "cif-one")
        assert (file.band_gap_eV, file.e_above_hull_eV) == (4.5, 0.02)
        assert replaced_structures(session) == {"mp-0": "cif-one"}
    described = describe_pool(
        lab, descriptor="density", mode="structure", machines=Machines(jobs=1)
    )
    assert set(described.table.ids) == {"mp-1", "cif-one"}


def test_adding_again_changes_nothing(twins: tuple[Lab, Path]) -> None:
    lab, folder = twins
    first = pool.add_structures(lab, [str(folder)])
    again = pool.add_structures(lab, [str(folder)])
    assert again["replaced"] == first["replaced"]
    assert again["sources"][0]["added"] == 0


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("data_x\n_database_code_ICSD 25817\n", 25817),
        ("data_x\n_database_code_ICSD   '25817'\n", 25817),
        ("data_x\n_database_code_COD 25817\n", None),
    ],
)
def test_the_number_of_an_export_is_read(text: str, number: int | None) -> None:
    assert icsd_number_of_cif(text) == number
