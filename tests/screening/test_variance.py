"""W(k) against a plain transcription of the published rule, and its golden numbers."""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.errors import LabelError
from screening.tree import WardTree
from screening.variance import curve_from_cluster_numbers, w_sigma_curve


def plain_curve(clusters, values, frozen) -> list[float]:
    """Loop over depths and labels, as the method is described."""
    previous = [0.0] * len(values)
    curve = []
    for k in range(clusters.shape[1]):
        now = []
        for i, value in enumerate(values):
            mates = [v for j, v in enumerate(values) if clusters[j, k] == clusters[i, k]]
            if len(mates) <= 1:
                now.append(previous[i] if frozen else 0.0)
            else:
                now.append((value - sum(mates) / len(mates)) ** 2)
        curve.append(sum(now))
        previous = now
    return curve


@given(st.integers(1, 14), st.integers(1, 9), st.booleans(), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_equals_the_plain_rule(n_labels: int, depths: int, frozen: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    clusters = random.integers(0, np.arange(1, depths + 1), size=(n_labels, depths))
    values = random.normal(-6, 3, size=n_labels)
    np.testing.assert_allclose(
        curve_from_cluster_numbers(clusters, values, frozen=frozen),
        plain_curve(clusters, values, frozen),
        rtol=1e-9,
        atol=1e-9,
    )


def test_never_rises_on_a_tree(rng) -> None:
    tree = WardTree().fit(rng.normal(size=(200, 4)), max_k=150)
    index, values = rng.choice(200, 40, replace=False), rng.normal(-6, 2, 40)
    curve = w_sigma_curve(tree.membership_, index, values, k_max=150)
    assert np.all(np.diff(curve) <= 1e-9)
    assert curve[0] == pytest.approx(((values - values.mean()) ** 2).sum())


def test_two_labels_of_one_structure_keep_each_other_company(rng) -> None:
    tree = WardTree().fit(rng.normal(size=(30, 2)), max_k=30)
    curve = w_sigma_curve(tree.membership_, [4, 4], [-3.0, -5.0], k_max=30)
    np.testing.assert_allclose(curve, 2.0)


@pytest.mark.parametrize(
    ("index", "values", "message"),
    [
        ([0, 1], [-3.0], "2 label rows but 1"),
        ([99], [-3.0], "there are 10 structures"),
        ([1], [float("-inf")], "upper bound"),
    ],
)
def test_labels_that_do_not_fit_are_refused(index, values, message) -> None:
    with pytest.raises(LabelError, match=message):
        w_sigma_curve(np.zeros((10, 3), dtype=np.int16), index, values, k_max=3)


def test_golden_total_variances(data_dir: Path) -> None:
    """W(1) of the 220 measured and of the 6,845 computed labels of the paper's pool."""
    with gzip.open(data_dir / "bvse" / "li_pool_labels.csv.gz", "rt", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    sigma = [np.log10(float(r["conductivity_S_cm"])) for r in rows if r["conductivity_S_cm"]]
    barrier = [float(r["bvse_Ea_eV"]) for r in rows if r["bvse_Ea_eV"]]
    assert (len(sigma), len(barrier)) == (220, 6845)
    for labels, expected in ((sigma, 2185.983729796786), (barrier, 52634.77398885612)):
        one = np.zeros((len(labels), 1), dtype=np.int16)
        found = w_sigma_curve(one, np.arange(len(labels)), labels, k_max=1)[0]
        assert found == pytest.approx(expected, rel=1e-12)


def test_scoring_and_ranking_load_nothing_heavy() -> None:
    code = (
        "import sys; import screening, screening.rank, screening.rank_changes, "
        "screening.variance; "
        "heavy = {'scipy', 'pymatgen', 'matplotlib', 'dscribe', 'fastcluster', 'spglib'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
