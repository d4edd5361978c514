"""Representatives that stand for the rows of a large pool, and the trees made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from screening.errors import TreeError
from screening.representatives import choose_representatives
from screening.tree import WardTree
from screening.variance import w_sigma_curve


def _families(n: int, *, seed: int = 1) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(60, 12)) * 4.0
    family = generator.integers(60, size=n)
    rows = centres[family] + generator.normal(size=(n, 12)) * 0.5
    return rows.astype(np.float32), family


def test_every_representative_is_the_mean_of_its_rows() -> None:
    rows, _ = _families(2000)
    chosen = choose_representatives(rows, 200)
    assert len(chosen.rows) <= 200
    assert chosen.count.sum() == 2000
    assert chosen.count.min() >= 1
    for group in (0, 17, len(chosen.rows) - 1):
        mean = rows[chosen.member == group].mean(axis=0, dtype=np.float64)
        assert np.allclose(chosen.rows[group], mean, atol=1e-5)


def test_the_scatter_lost_is_that_inside_the_groups() -> None:
    rows, _ = _families(2000)
    chosen = choose_representatives(rows, 200)
    inside = ((rows - chosen.rows[chosen.member]) ** 2).sum()
    total = ((rows - rows.mean(axis=0)) ** 2).sum()
    assert chosen.scatter == pytest.approx(inside / total, rel=1e-3)
    assert chosen.scatter < choose_representatives(rows, 50).scatter


def test_a_rare_kind_of_row_keeps_a_representative_of_its_own() -> None:
    rows, _ = _families(5000)
    rows[4321] = 60.0
    chosen = choose_representatives(rows, 100, block_rows=1000)
    assert chosen.count[chosen.member[4321]] == 1


def test_one_block_joins_as_the_exact_tree_does() -> None:
    rows, _ = _families(1000)
    exact = WardTree().fit(rows, max_k=150)
    chosen = choose_representatives(rows, 150, block_rows=1000)
    pairs = np.unique(np.column_stack([chosen.member, exact.clusters_at(150)]), axis=0)
    assert len(chosen.rows) == len(pairs) == 150


def test_many_blocks_join_nearly_as_one() -> None:
    rows, _ = _families(4000)
    one = choose_representatives(rows, 800, block_rows=4000)
    many = choose_representatives(rows, 800, block_rows=300)
    assert many.scatter < 1.1 * one.scatter


def test_equal_rows_need_one_representative() -> None:
    rows = np.repeat(np.eye(4, dtype=np.float32), 50, axis=0)
    chosen = choose_representatives(rows, 20)
    assert len(chosen.rows) == 4
    assert chosen.scatter == pytest.approx(0.0, abs=1e-6)


def test_an_approximate_tree_finds_the_families_of_the_exact_one() -> None:
    rows, family = _families(3000)
    label = np.arange(0, 3000, 20)
    sigma = -family[label] / 6.0
    exact = WardTree().fit(rows, max_k=100)
    near = WardTree().fit(rows, max_k=100, n_representatives=600)
    assert exact.scatter_ == 0.0
    assert 0.0 < near.scatter_ < 0.05
    depths = slice(59, 100)
    curves = [
        w_sigma_curve(np.asarray(tree.membership_), label, sigma, k_max=100)
        for tree in (exact, near)
    ]
    assert np.allclose(curves[0][depths], curves[1][depths], atol=0.02 * curves[0][0])


def test_with_enough_representatives_the_tree_is_exact() -> None:
    rows, _ = _families(300)
    exact = WardTree().fit(rows, max_k=50)
    same = WardTree().fit(rows, max_k=50, n_representatives=300)
    assert np.array_equal(exact.membership_, same.membership_)


def test_an_approximate_tree_remembers_what_it_lost(tmp_path: Path) -> None:
    rows, _ = _families(500)
    tree = WardTree().fit(rows, max_k=30, n_representatives=100)
    tree.save(tmp_path)
    assert WardTree.load(tmp_path).scatter_ == tree.scatter_ > 0.0


def test_one_representative_is_refused() -> None:
    rows, _ = _families(100)
    with pytest.raises(TreeError, match="at least two"):
        WardTree().fit(rows, n_representatives=1)
