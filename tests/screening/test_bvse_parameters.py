"""Where parameters come from, and what is said when there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from screening.bvse_parameters import (
    MissingParametersError,
    MorsePair,
    library_parameters,
    morse_depth_eV,
    read_parameters_csv,
)

CSV = """kind,ion,charge,partner,partner_charge,r_min_angstrom,alpha_per_angstrom,depth_eV,\
radius_angstrom,quantum_number
morse,Li,1,O,-2,1.940013,1.937984,0.98816,,
ion,Li,1,,,,,,1.31,2
ion,O,-2,,,,,,1.33,2
ion,Er,3,,,,,,1.57,6
"""


@pytest.mark.parametrize(
    ("anion", "shell", "r_min_angstrom", "alpha_per_angstrom", "depth_eV"),
    [
        (("O", -2), 2, 1.940013, 1.937984, 0.98816),
        (("S", -2), 3, 2.40971, 1.531394, 1.04027),
        (("Br", -1), 4, 2.58255, 1.481481, 0.44910),
    ],
)
def test_the_published_depths_follow_from_their_relation(
    anion: tuple[str, int],
    shell: int,
    r_min_angstrom: float,
    alpha_per_angstrom: float,
    depth_eV: float,
) -> None:
    computed = morse_depth_eV(
        ("Li", 1), anion, r_min_angstrom, 1.0 / alpha_per_angstrom, (2, shell)
    )

    assert computed == pytest.approx(depth_eV, rel=2e-5)


def test_a_file_of_parameters_is_read(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(CSV, encoding="utf-8")

    table = read_parameters_csv(file)

    assert table.pair(("Li", 1), ("O", -2)) == MorsePair(0.98816, 1.940013, 1.937984)
    assert table.screening(("Er", 3)) == (1.57, 6)
    assert table.source == "own.csv"


def test_a_missing_pair_is_named_with_what_there_is(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(CSV, encoding="utf-8")

    with pytest.raises(MissingParametersError, match=r"Li\+ with P3- in own.csv .* O2-"):
        read_parameters_csv(file).pair(("Li", 1), ("P", -3))


def test_another_charge_of_the_same_sign_lends_its_radius(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(CSV, encoding="utf-8")
    table = read_parameters_csv(file)

    assert table.screening(("Er", 2)) == table.screening(("Er", 3))
    with pytest.raises(MissingParametersError, match="Er3-"):
        table.screening(("Er", -3))


def test_a_broken_line_of_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(CSV.replace("1.940013", "about two"), encoding="utf-8")

    with pytest.raises(MissingParametersError, match=r"own.csv, line 2: .*about two"):
        read_parameters_csv(file)


def test_the_library_covers_the_common_mobile_ions() -> None:
    pytest.importorskip("bvlain")
    table = library_parameters()

    assert {("Li", 1), ("Na", 1), ("K", 1), ("Mg", 2), ("Ca", 2), ("Zn", 2)} <= set(
        table.mobile_ions()
    )
    for mobile in (("Li", 1), ("Na", 1)):
        pair = table.pair(mobile, ("O", -2))
        shells = (table.quantum_number[mobile[0]], table.quantum_number["O"])
        depth = morse_depth_eV(
            mobile, ("O", -2), pair.r_min_angstrom, 1.0 / pair.alpha_per_angstrom, shells
        )
        assert pair.depth_eV == pytest.approx(depth, rel=1e-4)
    assert all(pair.alpha_per_angstrom > 0.0 for pair in table.morse.values())
