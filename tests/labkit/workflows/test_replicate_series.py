"""Which pellets are replicates of each other, and what is made of those that are."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit.errors import UsageError
from labkit.replicates import ReplicateError
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.pellet_views import view_batch
from labkit.workflows.pellets import add_pellet
from labkit.workflows.replicate_series import combine_replicates
from labkit.workflows.simulating import simulate_temperature_series


def measure(
    lab: Lab, folder: Path, name: str, *, seed: int, formula: str, batch: str | None
) -> None:
    add_pellet(lab, name, formula=formula, thickness="0.8 mm", diameter="6.35 mm", batch=batch)
    simulate_temperature_series(folder / name, count=5, seed=seed, ea_eV=0.4)
    import_paths(lab, sorted((folder / name).glob("*.mpr")), pellet=name)


def two(
    lab: Lab, folder: Path, first: tuple[str, str | None], second: tuple[str, str | None]
) -> Lab:
    for seed, (name, (formula, batch)) in enumerate(zip("ab", (first, second), strict=True)):
        measure(lab, folder, name, seed=seed, formula=formula, batch=batch)
    return lab


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (("Li3BS3", None), ("LiCl", None), "a is Li3BS3 and b is LiCl"),
        (("Li3BS3", "x1"), ("Li3BS3", "x2"), "a is of batch x1 and b of x2"),
        (("unknown", None), ("Li3BS3", None), "the formula of a is unknown"),
        (("unknown", None), ("unknown", None), "the formula of a is unknown"),
    ],
)
def test_what_is_no_replicate_is_not_combined(
    new_lab: Lab,
    tmp_path: Path,
    first: tuple[str, str | None],
    second: tuple[str, str | None],
    why: str,
) -> None:
    lab = two(new_lab, tmp_path, first, second)

    with pytest.raises(ReplicateError, match=why):
        combine_replicates(lab, ["a", "b"])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Li3BS3", None), ("Li3BS3", "x1")),
        (("Li6PS5Cl", None), ("Li12P2S10Cl2", None)),
        (("unknown", "x1"), ("unknown", "x1")),
    ],
)
def test_one_formula_or_one_batch_is_combined(
    new_lab: Lab, tmp_path: Path, first: tuple[str, str | None], second: tuple[str, str | None]
) -> None:
    combined = combine_replicates(two(new_lab, tmp_path, first, second), ["a", "b"])

    assert combined["pellets"] == ["a", "b"]
    assert combined["mean_ea_eV"] == pytest.approx(0.4, abs=0.03)
    assert combined["sigma25"]["interval95_S_per_cm"] is None


def test_every_pair_has_to_be_of_one_batch(new_lab: Lab, tmp_path: Path) -> None:
    lab = two(new_lab, tmp_path, ("Li3BS3", None), ("Li3BS3", "x1"))
    measure(lab, tmp_path, "c", seed=3, formula="Li3BS3", batch="x2")

    with pytest.raises(ReplicateError, match="b is of batch x1 and c of x2"):
        combine_replicates(lab, ["a", "b", "c"])


def test_a_pellet_is_not_its_own_replicate(new_lab: Lab, tmp_path: Path) -> None:
    lab = two(new_lab, tmp_path, ("Li3BS3", None), ("Li3BS3", None))

    with pytest.raises(UsageError, match="pellet a is given twice"):
        combine_replicates(lab, ["a", "b", "P1"])


def test_a_batch_of_two_compounds_has_its_pellets_and_no_mean(new_lab: Lab, tmp_path: Path) -> None:
    view = view_batch(two(new_lab, tmp_path, ("Li3BS3", "x"), ("LiCl", "x")), "x")

    assert view["replicates"] is None
    assert "a is Li3BS3 and b is LiCl" in view["replicates_message"]
