"""``labkit screen phonon`` on simulated densities of states, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

GRID = -10.0 + 0.25 * np.arange(180)


def peak(centre: float, width: float = 1.0) -> list[float]:
    return [float(v) for v in np.exp(-0.5 * ((GRID - centre) / width) ** 2)]


def write_table(path: Path, rows: list[tuple[list[float], list[float]]]) -> Path:
    lines = [{"meta": {"freq_THz": "-10 + 0.25*k, k = 0..179"}}]
    for number, (total, lithium) in enumerate(rows):
        lines.append(
            {"material_id": f"mp-{number}", "formula": "Li2O1", "total_dos": total,
             "li_dos": lithium}
        )  # fmt: skip
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def soft_and_stiff(tmp_path: Path) -> Path:
    """Return a table of twelve soft and twelve stiff crystals."""
    rng = np.random.default_rng(3)
    centres = [*rng.normal(5.0, 0.3, 12), *rng.normal(14.0, 0.3, 12)]
    return write_table(tmp_path / "own.jsonl", [(peak(c), peak(c, 0.8)) for c in centres])


def test_own_densities_are_clustered_and_drawn(
    shell: Any, soft_and_stiff: Path, tmp_path: Path
) -> None:
    done = shell(
        "screen", "phonon", soft_and_stiff, "--no-table", "--feature", "centre-ion",
        "--feature", "binned-total", "--up-to", 4, "--plots", tmp_path / "figures", "--json",
    )  # fmt: skip

    assert done.code == 0
    assert done.json["materials"] == 24
    assert {row["best_by_silhouette"] for row in done.json["clusters"]} == {2}
    assert {tuple(row["sizes"]) for row in done.json["clusters"]} == {(12, 12)}
    assert done.json["feature_separation"] is None
    assert len(done.json["figures"]) == 7
    assert all(Path(path).stat().st_size > 5000 for path in done.json["figures"])


def test_the_tables_are_printed(shell: Any, soft_and_stiff: Path) -> None:
    done = shell(
        "screen", "phonon", soft_and_stiff, "--no-table", "--feature", "centre-ion+width-ion"
    )

    assert done.code == 0
    assert "24 materials; 0 have imaginary modes" in done.out
    assert "centre-ion+width-ion" in done.out
    assert "fewer than four conductivities" in done.out


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [([-v for v in peak(8.0)], peak(8.0))],
            "line 2: mp-0: total density is negative at 8 THz",
        ),
        ([(peak(-5.0, 0.7), peak(8.0))], "line 2: mp-0: holds only imaginary modes"),
        ([(peak(8.0), peak(8.0))] * 3, "3 of 3 materials are left; clustering into 10 needs more"),
        ([], "no density of states was selected"),
    ],
)
def test_wrong_input_is_refused_in_one_line(
    shell: Any, tmp_path: Path, rows: list[Any], words: str
) -> None:
    done = shell("screen", "phonon", write_table(tmp_path / "bad.jsonl", rows), "--no-table")

    assert done.code == 1
    assert len(done.error_lines) == 1
    assert words in done.error_lines[0]


def test_unknown_features_files_and_labs_are_refused(
    shell: Any, soft_and_stiff: Path, tmp_path: Path
) -> None:
    for words, line in (
        ((soft_and_stiff, "--no-table", "--feature", "mass"), "'mass' is no phonon feature"),
        ((tmp_path / "none.dat", "--no-table"), "no such file or folder"),
        ((soft_and_stiff, "--no-table", "--labels", "lab"), "no lab folder at"),
        ((), "is not in LABKIT_DATA"),
    ):
        done = shell("--lab", tmp_path / "nolab", "screen", "phonon", *words)
        assert done.code == 1
        assert len(done.error_lines) == 1
        assert line in done.error_lines[0]


def test_soft_crystals_conduct_in_a_planted_set(
    shell: Any, soft_and_stiff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labkit.workflows import phonon_data

    sigma = {f"mp-{n}": (-4.0 if n < 12 else -9.0) + 0.05 * n for n in range(24)}
    formulas = {name: f"Li2O{name}" for name in sigma}
    monkeypatch.setattr(phonon_data, "_published_sigma", lambda: (sigma, formulas))

    done = shell(
        "screen", "phonon", soft_and_stiff, "--no-table", "--feature", "centre-ion",
        "--method", "k-means", "--up-to", 3, "--permutations", 200, "--json",
    )  # fmt: skip

    (row,) = done.json["clusters"]
    assert row["sigma"]["p"] < 0.01
    best = done.json["feature_separation"]["table"][0]
    assert best["p_corrected"] < 0.05
    assert done.json["representations"]["table"][0]["p_corrected"] < 0.05
