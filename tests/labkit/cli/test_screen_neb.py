"""``labkit screen neb`` with an engine that is no network, and without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import screening.neb

pytest.importorskip("bvlain")


@pytest.fixture
def cif(tmp_path: Path) -> Path:
    from ase.spacegroup import crystal

    file = tmp_path / "Li2S.cif"
    atoms = crystal(
        ["S", "Li"], [(0, 0, 0), (0.25, 0.25, 0.25)], spacegroup=225, cellpar=[5.71] * 3 + [90] * 3
    )
    atoms.write(file, format="cif")
    return file


def test_the_hop_of_the_antifluorite_with_a_pair_potential(
    shell: Any, cif: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ase.calculators.lj import LennardJones

    monkeypatch.setattr(
        screening.neb,
        "calculator_factory",
        lambda _: lambda: LennardJones(sigma=2.2, epsilon=0.1, rc=5.0, smooth=True),
    )
    figure = tmp_path / "band.png"

    done = shell(
        *("--lab", tmp_path / "none", "screen", "neb", cif, "--images", 3, "--width", 5.5),
        *("--force", 0.5, "--plot", figure, "--json"),
    )

    assert done.code == 0, done.err
    assert done.json["formula"] == "Li2S"
    assert done.json["atoms"] == 11
    assert done.json["hop_angstrom"] == pytest.approx(5.71 / 2)
    assert len(done.json["energy_eV"]) == 3
    assert done.json["energy_eV"][0] == 0.0
    assert figure.stat().st_size > 10_000


def test_an_engine_that_is_not_there_is_one_line(shell: Any, cif: Path, tmp_path: Path) -> None:
    done = shell("--lab", tmp_path / "none", "screen", "neb", cif, "--engine", "orb")

    assert done.code == 1
    assert "known are chgnet" in done.err
    assert len(done.error_lines) == 1
