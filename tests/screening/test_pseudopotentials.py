"""Heads of UPF files, and the choice of one per element."""

from __future__ import annotations

from pathlib import Path

import pytest

from screening.pseudopotentials import (
    PseudopotentialError,
    find_pseudopotentials,
    read_upf_header,
)


def _version_2(folder: Path, name: str, element: str, **changed: str) -> Path:
    fields = {
        "element": element,
        "pseudo_type": "PAW",
        "functional": " SLA  PW   PBX  PBC",
        "z_valence": "3.000000000000e0",
        "wfc_cutoff": "4.2588737863810E+001",
        "rho_cutoff": "3.2456704174170E+002",
        **changed,
    }
    head = " ".join(f'{key}="{value}"' for key, value in fields.items())
    file = folder / name
    file.write_text(
        f'<UPF version="2.0.1">\n<PP_INFO>\nno cut-off here\n</PP_INFO>\n<PP_HEADER {head}/>\n',
        encoding="utf-8",
    )
    return file


def _version_1(folder: Path, cutoffs: str = "30.0000000  240.0000000") -> Path:
    file = folder / "Pb.old.UPF"
    file.write_text(
        "<PP_INFO>\ncut-off radii\n</PP_INFO>\n<PP_HEADER>\n"
        "   0                   Version Number\n"
        "  pb                   Element\n"
        "   US                  Ultrasoft pseudopotential\n"
        "    T                  Nonlinear Core Correction\n"
        " SLA  PW   PBE  PBE    PBE Exchange-Correlation functional\n"
        "   14.00000000000      Z valence\n"
        f"  {cutoffs}     Suggested cutoff for wfc and rho\n"
        "</PP_HEADER>\n",
        encoding="utf-8",
    )
    return file


def test_version_2_gives_its_attributes(tmp_path: Path) -> None:
    found = read_upf_header(_version_2(tmp_path, "B.UPF", "B "))

    assert (found.element, found.kind, found.functional) == ("B", "PAW", "PBE")
    assert found.z_valence == 3.0
    assert found.wfc_cutoff_Ry == pytest.approx(42.588737863810)
    assert found.rho_cutoff_Ry == pytest.approx(324.56704174170)


def test_version_1_gives_its_lines(tmp_path: Path) -> None:
    found = read_upf_header(_version_1(tmp_path))

    assert (found.element, found.kind, found.functional) == ("Pb", "ultrasoft", "PBE")
    assert found.z_valence == 14.0
    assert (found.wfc_cutoff_Ry, found.rho_cutoff_Ry) == (30.0, 240.0)


def test_a_cutoff_of_zero_recommends_nothing(tmp_path: Path) -> None:
    found = read_upf_header(_version_1(tmp_path, "0.0  0.0"))

    assert found.wfc_cutoff_Ry is None
    assert found.rho_cutoff_Ry is None


def test_the_sentence_in_the_information_counts_where_the_head_is_silent(tmp_path: Path) -> None:
    file = _version_2(tmp_path, "Li.UPF", "Li", wfc_cutoff="0.0", rho_cutoff="0.0")
    text = file.read_text(encoding="utf-8")
    sentence = "Suggested minimum cutoff for wavefunctions: 103. Ry"
    file.write_text(text.replace("no cut-off here", sentence), encoding="utf-8")

    assert read_upf_header(file).wfc_cutoff_Ry == 103.0


def test_published_files_are_read(data_dir: Path) -> None:
    found = find_pseudopotentials(data_dir / "pseudopotentials", ["S", "Li", "B", "Li"])

    assert list(found) == ["B", "Li", "S"]
    assert {p.functional for p in found.values()} == {"PBE"}
    assert [round(p.wfc_cutoff_Ry or 0) for p in found.values()] == [43, 103, 39]
    assert [p.z_valence for p in found.values()] == [3.0, 3.0, 6.0]


def test_the_same_functional_in_other_words_fits(tmp_path: Path) -> None:
    _version_2(tmp_path, "B.UPF", "B")
    _version_2(tmp_path, "S.UPF", "S", functional="PBE")

    assert list(find_pseudopotentials(tmp_path, ["B", "S"])) == ["B", "S"]


def test_a_folder_that_does_not_do_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(PseudopotentialError, match=r"holds no \.UPF file"):
        find_pseudopotentials(tmp_path, ["Li"])
    with pytest.raises(PseudopotentialError, match="no such folder"):
        find_pseudopotentials(tmp_path / "none", ["Li"])
    _version_2(tmp_path, "B.UPF", "B")
    with pytest.raises(PseudopotentialError, match=r"no pseudopotential for Li, S \(only for B\)"):
        find_pseudopotentials(tmp_path, ["Li", "B", "S"])
    _version_2(tmp_path, "B.other.UPF", "B")
    with pytest.raises(PseudopotentialError, match=r"several .* for B \(B.UPF, B.other.UPF\)"):
        find_pseudopotentials(tmp_path, ["B"])


def test_functionals_are_not_mixed(tmp_path: Path) -> None:
    _version_2(tmp_path, "B.UPF", "B")
    _version_2(tmp_path, "S.UPF", "S", functional="PBESOL")

    with pytest.raises(PseudopotentialError, match="B PBE, S PBESOL"):
        find_pseudopotentials(tmp_path, ["B", "S"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nothing of the kind", "no PP_HEADER"),
        ('<PP_HEADER z_valence="3"/>', "names no element"),
        ('<PP_HEADER element="Li" z_valence="three"/>', "'three' in its head is no number"),
    ],
)
def test_what_is_no_pseudopotential_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "Li.UPF"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(PseudopotentialError, match=says):
        read_upf_header(file)
