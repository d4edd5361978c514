"""Spanning barriers against the published procedure carried out step by step."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from screening.bvse_spanning import STEP_EV, spanning_barriers


def _by_tiling(energy: np.ndarray) -> tuple[float | None, ...]:
    """Repeat the cell 2 x 2 x 2, label its regions, and try every threshold in turn."""
    above = energy - energy.min()
    found: list[float | None] = [None] * 3
    for multiple in range(2049):
        tiled = np.tile(above <= multiple * STEP_EV, (2, 2, 2))
        labelled, _ = ndimage.label(tiled, structure=np.ones((3, 3, 3)))
        spans = [
            sum(p.start == 0 and p.stop == n for p, n in zip(region, tiled.shape, strict=True))
            for region in ndimage.find_objects(labelled)
        ]
        for axes in range(1, 4):
            if found[axes - 1] is None and max(spans, default=0) >= axes:
                found[axes - 1] = multiple * STEP_EV
        if found[2] is not None:
            break
    return tuple(found)


@pytest.mark.parametrize("seed", range(6))
def test_barriers_are_those_of_the_repeated_cell(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.normal(size=(7, 6, 8)), 0.7, mode="wrap")
    energy = np.pad(1.5 * noise, [(0, 1)] * 3, mode="wrap")

    assert spanning_barriers(energy) == _by_tiling(energy)


def test_where_the_search_begins_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    energy = np.pad(rng.uniform(0.0, 3.0, size=(6, 6, 6)), [(0, 1)] * 3, mode="wrap")
    expected = spanning_barriers(energy)

    for start in (0.0, 0.5, 3.0, 19.9):
        assert spanning_barriers(energy, start_eV=(start, None, 2.0 * start)) == expected


def test_a_wall_higher_than_any_threshold_leaves_that_direction_out() -> None:
    energy = np.zeros((5, 5, 5))
    energy[2] = 30.0

    assert spanning_barriers(energy) == (0.0, 0.0, None)
    energy[:, 2] = 3.0
    assert spanning_barriers(energy)[1] == 3.0 + STEP_EV * (-3.0 / STEP_EV % 1.0)
    assert spanning_barriers(energy, highest_eV=2.0)[1:] == (None, None)


def test_a_layer_askew_to_the_cell_spans_it_though_it_does_not_leave_its_plane() -> None:
    from screening.percolation import percolate

    index = np.indices((9, 9, 9)).sum(axis=0)
    layers = np.where(index % 9 <= 1, 0.0, 5.0)

    assert percolate(layers).barriers_eV == (0.0, 0.0, 5.0)
    assert spanning_barriers(np.pad(layers, [(0, 1)] * 3, mode="wrap"))[2] == 0.0
