"""``labkit xrd`` and ``labkit vegard``: from raw patterns to a verdict."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db.identifiers import parse_identifier
from labkit.xrd.errors import EngineMissingError
from labkit.xrd.gsas_install import find_gsas
from labkit.xrd.phase import phase_from_cif_text
from labkit.xrd.simulate import SERIES_IMPURITY_CIF, simulate_pattern
from tests.labkit.cli.conftest import Command


@pytest.fixture
def series(lab: Command, tmp_path: Path) -> Path:
    folder = tmp_path / "series"
    assert lab("xrd", "simulate", "--seed", 3, folder).code == 0
    return folder


def test_a_series_goes_from_raw_patterns_to_the_verdict(
    lab: Command, series: Path, tmp_path: Path
) -> None:
    water, figure = tmp_path / "water.png", tmp_path / "vegard.png"
    refined = lab(
        "xrd", "refine", "--batch", "si", "--table", series / "series.csv",
        "--cif", series / "Li3BS3.cif", "--wavelength", "Cu", "--plot", water, "--json",
    )  # fmt: skip
    assert refined.code == 0, refined.err
    verdicts = [entry["verdict"] for entry in refined.json["refined"]]
    assert verdicts == ["accepted", "accepted", "accepted", "review"]
    assert "unexplained-peaks" in refined.json["refined"][3]["reasons"]
    truth = json.loads((series / "diffraction-truth.json").read_text(encoding="utf-8"))
    for entry, sample in zip(refined.json["refined"][:3], truth["samples"]):
        main = entry["phases"][0]
        for value, esd, true in zip(main["cell"][:3], main["cell_esd"][:3], sample["cell"]):
            assert abs(value - true) < 4.5 * esd
    tested = lab("vegard", "--batch", "si", "--plot", figure, "--json")
    assert tested.code == 0, tested.err
    assert tested.json["verdict"] == "review"
    assert tested.json["law_holds_up_to_x"] == 0.05
    assert {"solubility-limit", "impurity"} <= set(tested.json["reasons"])
    assert [entry["x"] for entry in tested.json["impure"]] == [0.075]
    assert water.stat().st_size > 10_000
    assert figure.stat().st_size > 10_000
    parse_identifier(tested.json["analysis"])
    assert lab("vegard", "--batch", "si", "--json").json["analysis"] == tested.json["analysis"]
    why = lab("why", tested.json["analysis"], "--json")
    assert why.code == 0, why.err
    refinements = why.json["inputs"]
    assert [node["identifier"] for node in refinements] == [
        entry["analysis"] for entry in refined.json["refined"]
    ]
    for node, name in zip(refinements, ("Si0", "Si2p5", "Si5", "Si7p5")):
        assert f"Li3BS3-{name}.xy" in json.dumps(node)  # down to the raw pattern
    # the interval of the limit holds the truth although nobody named the impurity
    for fit in tested.json["fits"]:
        low, high = fit["solubility_interval95"]
        assert low < truth["limit"] + 0.001
        assert high > truth["limit"] - 0.001


def test_the_patterns_are_kept_and_refined_again_by_number(lab: Command, series: Path) -> None:
    words = ("--cif", series / "Li3BS3.cif", "--wavelength", "Cu", "--json")
    first = lab("xrd", "refine", *words, series / "Li3BS3-Si0.xy")
    assert first.code == 0, first.err
    again = lab("xrd", "refine", *words, first.json["measurement"])
    assert again.code == 0, again.err
    assert again.json["analysis"] == first.json["analysis"]
    assert again.json["phases"] == first.json["phases"]
    replayed = lab("replay", first.json["analysis"], "--json")
    assert replayed.code == 0, replayed.err
    assert (replayed.json["checked"], replayed.json["equal"]) == (1, 1)
    assert lab("doctor").code == 0


def test_a_sheet_of_lattice_parameters(shell: Command, tmp_path: Path) -> None:
    sheet = tmp_path / "lattice.csv"
    sheet.write_text("x,a,a_esd\n0,8.1440,0.0004\n0.025,8.1542(4),\n0.05,8.1641,0.0004\n", "utf-8")
    found = shell("vegard", sheet, "--json")
    assert found.code == 0, found.err
    (fit,) = found.json["fits"]
    assert fit["slope"]["value"] == pytest.approx(0.402, abs=0.01)
    assert fit["esd_angstrom"] == pytest.approx([4e-4] * 3)
    assert found.json["verdict"] == "accepted"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "must name x"),
        ("x,a\n0,8.1\n0.1,abc\n", "line 3: 'abc' is no number"),
        ("x,a\n0,8.1\n", "needs two compositions"),
        ("x,a\n0.1,8.1\n0.1,8.2\n0.1,8.3\n", "needs two compositions"),
        ("x,a,a_esd\n", "no sample below"),
        ("x,a,a_esd\n0,8.1,-0.001\n", "line 2: the esd -0.001 is negative"),
    ],
)
def test_a_sheet_that_cannot_be_used_is_refused_in_one_line(
    text: str, words: str, shell: Command, tmp_path: Path
) -> None:
    sheet = tmp_path / "lattice.csv"
    sheet.write_text(text, "utf-8")
    found = shell("vegard", sheet)
    assert found.code == 1
    (line,) = found.error_lines
    assert words in line


def test_a_sheet_with_decimal_commas_and_a_known_end(shell: Command, tmp_path: Path) -> None:
    sheet = tmp_path / "lattice.csv"
    rows = ["x;a;a_esd", "0;8,1440;0,0001", "0,025;8,1521;0,0001", "0,05;8,1599;0,0001"]
    sheet.write_text("\n".join(rows), "utf-8")
    found = shell("vegard", sheet, "--end", "a:1=8.46+-0.01")
    assert found.code == 0, found.err
    assert "slope 0.318" in found.out
    assert "the line meets x = 1 at 8.46" in found.out
    assert "as known (8.4600 A)" in found.out
    assert shell("vegard", sheet, "--x-se", "-1").code == 1


def test_what_cannot_be_refined_is_refused_in_one_line(
    lab: Command, series: Path, tmp_path: Path
) -> None:
    pattern, cif = series / "Li3BS3-Si0.xy", series / "Li3BS3.cif"
    zeros = tmp_path / "zeros.xy"
    zeros.write_text("".join(f"{10 + 0.02 * i:.2f} 0\n" for i in range(500)), encoding="utf-8")
    bare = tmp_path / "bare.cif"
    kept = [
        line for line in cif.read_text(encoding="utf-8").splitlines() if "space_group" not in line
    ]
    bare.write_text("\n".join(kept), encoding="utf-8")
    for words, told in (
        ((zeros, "--cif", cif, "--wavelength", "Cu"), "every count is zero"),
        ((pattern, "--cif", bare, "--wavelength", "Cu"), "says no symmetry"),
        ((pattern, "--cif", cif), "--wavelength"),
        ((pattern, "--cif", cif, "--wavelength", "Xy"), "no wavelength"),
        ((pattern,), "--cif PHASE.cif"),
        ((tmp_path / "absent.xy", "--cif", cif), "no such file"),
    ):
        found = lab("xrd", "refine", *words)
        assert found.code == 1
        (line,) = found.error_lines
        assert told in line


@pytest.mark.skipif(
    importlib.util.find_spec("GSASII") is not None, reason="GSAS-II is installed here"
)
def test_an_engine_that_is_not_installed_is_told_with_its_command(
    lab: Command, series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LABKIT_GSAS2", raising=False)
    found = lab(
        "xrd", "refine", "--engine", "gsas", "--wavelength", "Cu",
        "--cif", series / "Li3BS3.cif", series / "Li3BS3-Si0.xy",
    )  # fmt: skip
    assert found.code == 1
    (line,) = found.error_lines
    assert "pip install" in line
    assert "GSAS-II" in line


def test_what_only_gsas_does_is_told_of_the_builtin_engine(
    lab: Command, series: Path, tmp_path: Path
) -> None:
    cif = ("--cif", series / "Li3BS3.cif", "--wavelength", "Cu")
    pattern = series / "Li3BS3-Si0.xy"
    for words, told in (
        ((*cif, "--gpx", tmp_path / "a.gpx", pattern), "--engine gsas"),
        ((*cif, "--atoms", pattern), "--engine gsas"),
        ((*cif, pattern, series / "Li3BS3-Si5.xy"), "--together"),
        ((*cif, "--together", "--batch", "Si", pattern), "not for a series"),
        ((*cif, "--engine", "gsas", "--instrument", "d8", pattern), "--instrument needs --engine"),
        (
            (*cif, "--engine", "gsas", "--internal-standard", "Si", pattern),
            "--internal-standard needs --engine builtin",
        ),
    ):
        found = lab("xrd", "refine", *words)
        assert found.code == 1
        (line,) = found.error_lines
        assert told in line


def test_a_setting_that_names_no_gsas_is_told_with_its_place(
    lab: Command, lab_folder: Path, series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LABKIT_GSAS2", raising=False)
    (lab_folder / "lab.toml").write_text('[xrd]\ngsas2 = "nowhere"\n', encoding="utf-8")
    found = lab(
        "xrd", "refine", "--engine", "gsas", "--wavelength", "Cu",
        "--cif", series / "Li3BS3.cif", series / "Li3BS3-Si0.xy",
    )  # fmt: skip
    assert found.code == 1
    (line,) = found.error_lines
    assert "nowhere" in line
    assert "[xrd] gsas2 in lab.toml" in line


@pytest.mark.slow
def test_the_project_of_gsas_lies_in_the_lab_and_where_it_was_asked_for(
    lab: Command, lab_folder: Path, tmp_path: Path
) -> None:
    try:
        find_gsas()
    except EngineMissingError as missing:
        pytest.skip(str(missing))
    pattern = simulate_pattern([(phase_from_cif_text(SERIES_IMPURITY_CIF), 1.0)], seed=1)
    columns = np.stack([pattern.two_theta_deg, pattern.intensity_counts], axis=1)
    np.savetxt(tmp_path / "li2s.xy", columns)
    (tmp_path / "li2s.cif").write_text(SERIES_IMPURITY_CIF, encoding="utf-8")
    words = (
        "xrd", "refine", "--engine", "gsas", "--wavelength", "Cu", "--gpx", tmp_path / "own.gpx",
        "--cif", tmp_path / "li2s.cif", tmp_path / "li2s.xy",
    )  # fmt: skip
    first, second = lab(*words, "--json"), lab(*words, "--json")
    assert first.code == 0, first.err
    kept = lab_folder / first.json["artefact"]
    assert kept.read_bytes()
    assert (tmp_path / "own.gpx").exists()
    # the same refinement again is the same analysis and the same project
    assert second.json["analysis"] == first.json["analysis"]
    assert list(kept.parent.iterdir()) == [kept]
    assert f"project: {tmp_path / 'own.gpx'}" in lab(*words).out


def test_patterns_are_drawn_without_a_refinement(
    shell: Command, series: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "patterns.png"
    found = shell("xrd", "plot", "--output", picture, series / "Li3BS3-Si0.xy", "--json")
    assert found.code == 0, found.err
    assert found.json["patterns"][0]["amorphous"] is False
    assert picture.exists()


def test_a_standard_is_stored_and_used_for_a_sample(lab: Command, tmp_path: Path) -> None:
    from labkit.xrd.phase import phase_from_cif_text
    from labkit.xrd.simulate import SERIES_HOST_CIF, simulate_pattern
    from labkit.xrd.standards import standard_named

    def write(name: str, phases: list[Any], **how: Any) -> Path:
        pattern = simulate_pattern(phases, zero_deg=0.05, **how)
        rows = zip(pattern.two_theta_deg, pattern.intensity_counts, strict=True)
        path = tmp_path / name
        path.write_text("".join(f"{t:.3f} {int(c)}\n" for t, c in rows), encoding="utf-8")
        return path

    host = phase_from_cif_text(SERIES_HOST_CIF, name="Li3BS3")
    cif = tmp_path / "Li3BS3.cif"
    cif.write_text(SERIES_HOST_CIF, encoding="utf-8")
    silicon = standard_named("Si").phase()
    reference = write(
        "lab6.xy", [(standard_named("LaB6").phase(), 1.0)], seed=1, two_theta=(15, 130, 0.03)
    )
    sample = write("sample.xy", [(host, 0.7), (silicon, 0.3)], seed=2, displacement_deg=0.12)
    words = ("--cif", cif, "--wavelength", "Cu", sample)
    early = lab("xrd", "refine", "--instrument", "d8", *words)
    assert early.code == 1
    assert "labkit xrd standard --name d8" in early.error_lines[0]
    stored = lab(
        "xrd", "standard", "--name", "d8", "--standard", "LaB6", "--wavelength", "Cu", reference,
        "--json",
    )  # fmt: skip
    assert stored.code == 0, stored.err
    assert stored.json["instrument"]["zero"] == pytest.approx(0.05, abs=0.005)
    assert "SRM 660c" in stored.json["source"]
    found = lab(
        "xrd", "refine", "--instrument", "d8", "--internal-standard", "Si", *words, "--json"
    )
    assert found.code == 0, found.err
    assert found.json["warnings"] == []
    main, inside = found.json["phases"]
    assert main["cell"][:3] == pytest.approx(host.cell[:3], rel=1e-4)
    assert inside["cell"][0] == pytest.approx(silicon.cell[0])
    assert inside["cell_esd"][0] is None
    why = lab("why", found.json["analysis"], "--json")
    assert why.code == 0, why.err
    assert "lab6.xy" in why.out
    assert "sample.xy" in why.out
    words = ("--cif", cif, "--wavelength", "1.5405,1.5443", sample)
    shorter = lab("xrd", "refine", "--instrument", "d8", *words)
    assert "wavelength 1.5405, 1.5443 A (command line)" in shorter.out
    assert "the standard of d8 was refined with 1.540593 A" in shorter.out
    wrong = lab(
        "xrd", "standard", "--name", "x", "--standard", "LaB6", "--wavelength", "Cu", sample
    )
    assert wrong.code == 1
    assert "not usable as LaB6-660c" in wrong.error_lines[0]


def test_a_simulated_series_has_what_was_asked_for(shell: Command, tmp_path: Path) -> None:
    found = shell(
        "xrd", "simulate", "--seed", 2, "--x", 0, "--x", 0.1, "--limit", 0.05, "--strain", 0.2,
        "--displacement", 0, "--impurity", 2, "--texture", "0,1,0:0.6", "--counts", 5000,
        tmp_path / "series", "--json",
    )  # fmt: skip
    assert found.code == 0, found.err
    truth = json.loads(Path(found.json["truth"]).read_text(encoding="utf-8"))
    assert [sample["x"] for sample in truth["samples"]] == [0, 0.1]
    assert truth["samples"][1]["impurity_share"] == pytest.approx(0.1)
    assert truth["samples"][0]["displacement_deg"] == 0
    assert truth["preferred_orientation"] == [[0, 1, 0], 0.6]
    assert truth["strain_percent"] == 0.2
    rows = Path(found.json["files"][0]).read_text(encoding="utf-8").splitlines()
    assert max(int(row.split()[1]) for row in rows) == pytest.approx(5200, abs=500)
    wrong = shell("xrd", "simulate", "--texture", "0,1", tmp_path / "series")
    assert wrong.code == 1
    assert "0,1,0:0.7" in wrong.error_lines[0]
