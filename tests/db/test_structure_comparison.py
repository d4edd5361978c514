"""The same crystal under two ids is found by comparing cells; another polymorph is not."""

from __future__ import annotations

import pytest

from db.labels import propose
from db.matching import add_match, decide_match, match_labels, matches_of_label
from db.session import Database
from db.structure_comparison import KIND, match_by_comparison, read_cell
from db.structures import NewStructure, add_structures

pytest.importorskip("pymatgen")


def _cif(a: float, sites: str) -> str:
    """Return a cubic cell in P1 with the sites given as "element x y z" lines."""
    return (
        f"data_x\n_cell_length_a {a}\n_cell_length_b {a}\n_cell_length_c {a}\n"
        "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n"
        "_symmetry_space_group_name_H-M 'P 1'\nloop_\n_symmetry_equiv_pos_as_xyz\n'x, y, z'\n"
        "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
        f"{sites}\n"
    )


ROCK_SALT = (
    "Li 0 0 0\nLi 0.5 0.5 0\nLi 0.5 0 0.5\nLi 0 0.5 0.5\n"
    "Cl 0.5 0 0\nCl 0 0.5 0\nCl 0 0 0.5\nCl 0.5 0.5 0.5"
)
SHIFTED = (
    "Cl 0 0 0\nCl 0.5 0.5 0\nCl 0.5 0 0.5\nCl 0 0.5 0.5\n"
    "Li 0.5 0 0\nLi 0 0.5 0\nLi 0 0 0.5\nLi 0.5 0.5 0.5"
)
CAESIUM_CHLORIDE = "Li 0 0 0\nCl 0.5 0.5 0.5"


def _structure(material_id: str, a: float, sites: str) -> NewStructure:
    return NewStructure(
        material_id=material_id,
        source="test",
        formula="LiCl",
        n_sites=len(sites.splitlines()),
        cif=_cif(a, sites),
    )


@pytest.fixture
def with_twins(lab: Database) -> Database:
    """Return a lab with rock salt twice (one shifted and 2 % larger) and another polymorph."""
    with lab.session() as session:
        add_structures(
            session,
            [
                _structure("own", 5.13, ROCK_SALT),
                _structure("mp-1", 5.23, SHIFTED),
                _structure("mp-2", 3.2, CAESIUM_CHLORIDE),
            ],
        )
        propose(
            session,
            by="Ada",
            formula="LiCl",
            sigma_S_per_cm=1e-9,
            source_kind="literature",
            material_id="own",
        )
        match_labels(session)
    return lab


def test_the_same_crystal_is_found_and_another_polymorph_is_not(with_twins: Database) -> None:
    with with_twins.session() as session:
        counts = match_by_comparison(session)
        assert (counts.compared, counts.same, counts.added, counts.labels) == (2, 1, 1, 1)
        found = [(name, match.kind) for match, name in matches_of_label(session, 1)]
        assert found == [("own", "material-id"), ("mp-1", KIND)]


def test_comparing_again_adds_nothing_and_broken_matches_stay_broken(with_twins: Database) -> None:
    with with_twins.session() as session:
        match_by_comparison(session)
        tie = next(match for match, name in matches_of_label(session, 1) if name == "mp-1")
        assert tie.id is not None
        decide_match(session, tie.id, keep=False, by="Grace")
        assert match_by_comparison(session).added == 0
        again = [match.status for match, name in matches_of_label(session, 1) if name == "mp-1"]
        assert again == ["broken"]


def test_a_match_made_otherwise_is_not_doubled(with_twins: Database) -> None:
    with with_twins.session() as session:
        add_match(session, label_id=1, material_id="mp-1", kind="by-hand", by="Grace")
        assert match_by_comparison(session).added == 0


def test_a_cif_that_holds_no_crystal_is_named(with_twins: Database) -> None:
    assert read_cell("data_x\n_cell_length_a 5\n") is None
    with with_twins.session() as session:
        broken = NewStructure(
            material_id="mp-3", source="test", formula="LiCl", n_sites=1, cif="data_x\n"
        )
        add_structures(session, [broken])
        assert match_by_comparison(session).unreadable == ("mp-3",)
