"""``labkit screen barrier`` of structures of the lab and of CIF files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import db.structures
from labkit.workflows.lab import Lab
from labkit.workflows.landscape_figures import save_landscape
from screening.bvse import energy_landscape
from screening.crystal import read_cif
from screening.migration_path import MigrationPath
from screening.prepare import prepare

pytest.importorskip("bvlain")

CIF = """data_Li2S
_cell_length_a 5.71
_cell_length_b 5.71
_cell_length_c 5.71
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F m -3 m'
_symmetry_Int_Tables_number 225
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Li1 Li 0.25 0.25 0.25
S1 S 0 0 0
"""


@pytest.fixture
def cif(tmp_path: Path) -> Path:
    file = tmp_path / "Li2S.cif"
    file.write_text(CIF, encoding="utf-8")
    return file


def test_a_cif_file_needs_no_lab(shell: Any, cif: Path, tmp_path: Path) -> None:
    done = shell("--lab", tmp_path / "none", "screen", "barrier", cif, "--json")

    assert done.code == 0
    result = done.json
    barriers = [result[f"barrier_{d}d_eV"] for d in (1, 2, 3)]
    assert barriers == pytest.approx([barriers[0]] * 3, abs=1e-3)
    assert 0.1 < barriers[0] < 0.6
    assert result["formula"] == "Li2S"
    assert result["mobile_ion"] == "Li+"


def test_path_figure_and_landscape_are_written(shell: Any, cif: Path, tmp_path: Path) -> None:
    figure, cube = tmp_path / "profile.png", tmp_path / "li.cube"
    landscape = tmp_path / "landscape.png"

    done = shell(
        "screen", "barrier", cif, "--path", 3, "--plot", figure, "--cube", cube,
        "--figure", landscape, "--json",
    )  # fmt: skip

    path = done.json["path"]
    assert path["barrier_eV"] == pytest.approx(done.json["barrier_3d_eV"], abs=1e-3)
    assert figure.stat().st_size > 10_000
    assert cube.stat().st_size > 10_000
    assert landscape.stat().st_size > 20_000


def test_the_landscape_becomes_one_page_that_needs_nothing_else(
    shell: Any, cif: Path, tmp_path: Path
) -> None:
    page = tmp_path / "landscape.html"

    done = shell("screen", "barrier", cif, "--figure", page, "--json")

    text = page.read_text("utf-8")
    barrier = done.json["barrier_3d_eV"]
    assert f"1-D, 2-D and 3-D above {barrier:.3f} eV" in text
    assert '"type":"mesh3d"' in text
    assert "<script src=" not in text
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".part")] == []


@pytest.mark.parametrize("suffix", ["png", "html"])
def test_where_nothing_connects_the_landscape_alone_is_drawn(
    cif: Path, tmp_path: Path, suffix: str
) -> None:
    crystal = prepare(read_cif(cif)).crystal
    unconnected = {f"barrier_{dimension}d_eV": None for dimension in (1, 2, 3)}
    file = tmp_path / f"closed.{suffix}"

    save_landscape(file, energy_landscape(crystal, "Li", spacing_angstrom=0.5), unconnected, "Li")

    assert file.stat().st_size > 20_000


def test_a_page_needs_a_folder(shell: Any, cif: Path, tmp_path: Path) -> None:
    done = shell("screen", "barrier", cif, "--figure", tmp_path / "none" / "landscape.html")

    assert done.code == 1
    assert "landscape.html: cannot be written" in done.err
    assert len(done.error_lines) == 1


def test_the_barrier_of_a_structure_is_kept_by_content(
    ranking_lab: Any, copy_of_pool_lab: Lab
) -> None:
    with copy_of_pool_lab.database.reading() as session:
        stored = db.structures.list_structures(session)
        name = next(entry.material_id for entry in stored if "Cl" in entry.formula)

    first = ranking_lab("screen", "barrier", name, "--json").json
    (kept,) = (copy_of_pool_lab.cache_folder / "barriers").iterdir()
    kept.write_text(kept.read_text("utf-8").replace("softBV", "kept softBV"), "utf-8")

    again = ranking_lab("screen", "barrier", name, "--json").json

    assert again["barrier_3d_eV"] == first["barrier_3d_eV"]
    assert again["parameters"].startswith("kept softBV")


def test_refusals_are_one_line(shell: Any, cif: Path, tmp_path: Path) -> None:
    for words, message in (
        ((cif, "--ion", "Na"), "holds no Na"),
        ((cif, "--faithful", "--plot", tmp_path / "x.png"), "knows no path"),
        ((cif, "--figure", tmp_path / "x.bmp"), "must end in .png"),
        ((tmp_path / "nothing.cif",), "cannot be read"),
        ((cif, "--parameters", tmp_path / "none.csv"), "none.csv"),
    ):
        done = shell("--lab", tmp_path / "none", "screen", "barrier", *words)
        assert done.code == 1, words
        assert message in done.err
        assert len(done.error_lines) == 1


@pytest.mark.parametrize(("ion", "a"), [("Na", 6.53), ("K", 7.39)])
def test_any_mobile_ion_with_parameters(shell: Any, tmp_path: Path, ion: str, a: float) -> None:
    file = tmp_path / f"{ion}2S.cif"
    file.write_text(
        CIF.replace("5.71", f"{a}").replace("Li1 Li", f"{ion}1 {ion}"), encoding="utf-8"
    )

    result = shell(
        "--lab", tmp_path / "none", "screen", "barrier", file, "--ion", ion, "--json"
    ).json

    assert result["mobile_ion"] == f"{ion}+"
    assert 0.1 < result["barrier_3d_eV"] < 1.5
    assert result["barrier_1d_eV"] == pytest.approx(result["barrier_3d_eV"], abs=1e-3)


@pytest.mark.parametrize(("ion", "a"), [("Mg", 5.66), ("Zn", 5.41)])
def test_a_divalent_ion_of_a_zincblende_sulphide(
    shell: Any, tmp_path: Path, ion: str, a: float
) -> None:
    file = tmp_path / f"{ion}S.cif"
    text = CIF.replace("5.71", f"{a}").replace("Li1 Li", f"{ion}1 {ion}")
    file.write_text(text.replace("F m -3 m", "F -4 3 m").replace("225", "216"), encoding="utf-8")

    result = shell(
        "--lab", tmp_path / "none", "screen", "barrier", file, "--ion", ion, "--json"
    ).json

    assert result["mobile_ion"] == f"{ion}2+"
    assert 0.1 < result["barrier_3d_eV"] < 8.0
    assert result["barrier_1d_eV"] == pytest.approx(result["barrier_3d_eV"], abs=1e-2)


def test_energies_say_what_they_count_from(
    shell: Any, cif: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path whose own lowest site is not the crystal's gets both numbers."""
    done = shell("screen", "barrier", cif, "--path", 3)

    assert "eV above the lowest site of the crystal" in done.out
    assert "own lowest site" not in done.out

    def lifted(self: MigrationPath) -> float:
        return 0.1

    monkeypatch.setattr(MigrationPath, "lowest_eV", property(lifted))
    path = shell("screen", "barrier", cif, "--path", 3, "--json").json["path"]
    told = shell("screen", "barrier", cif, "--path", 3).out
    assert path["barrier_above_own_lowest_eV"] == pytest.approx(path["barrier_eV"] - 0.1)
    assert f"rises {path['barrier_above_own_lowest_eV']:.3f} eV" in told
