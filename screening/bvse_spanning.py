"""Barriers as the published calculation defines them, on a grid with both faces included.

Laskowski et al., Energy Environ. Sci. 2023, 16, 1264: a barrier is the least threshold, found by
halving 0 ... 20 eV eleven times, at which a region of 26-connected points spans as many axes of
the cell repeated 2 x 2 x 2, without periodicity.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

__all__ = ["HIGHEST_EV", "STEP_EV", "spanning_barriers"]

FloatArray = npt.NDArray[np.float64]

HIGHEST_EV = 20.0
HALVINGS = 11
#: Barriers are multiples of this.
STEP_EV = HIGHEST_EV / 2**HALVINGS


def spanning_barriers(
    energy_eV: FloatArray,
    *,
    highest_eV: float = HIGHEST_EV,
    start_eV: tuple[float | None, ...] = (None, None, None),
) -> tuple[float | None, float | None, float | None]:
    """Barriers by halving the range of thresholds, as published.

    Parameters
    ----------
    energy_eV : ndarray, shape (n1, n2, n3)
        Energies with both faces included.
    highest_eV : float
        Thresholds above this are not tried.
    start_eV : tuple of (float or None)
        Where to begin looking; does not change the answer.

    Returns
    -------
    tuple of (float or None)
        Least thresholds, multiples of 20 eV / 2^11, at which a region spans 1, 2 and 3 axes of
        the doubled cell.
    """
    above = energy_eV - energy_eV.min()
    last = min(int(highest_eV / STEP_EV), 2**HALVINGS)
    spans: dict[int, int] = {}

    def spanned(multiple: int, axes: int) -> bool:
        if multiple not in spans:
            spans[multiple] = _axes_spanned(above <= multiple * STEP_EV)
        return spans[multiple] >= axes

    found: list[float | None] = []
    for axes, start in zip((3, 2, 1), start_eV[::-1], strict=True):
        # what spans more axes also spans fewer
        high = min((m for m, most in spans.items() if most >= axes), default=last + 1)
        low = max((m for m, most in spans.items() if most < axes), default=-1)
        guess = 64 if start is None else round(start / STEP_EV)
        stride = 1
        while low + 1 < high:
            # gallop away from the guess on the side that is still open, then halve
            if low < guess < high:
                middle = guess
            elif guess <= low and low + stride < high:
                middle, stride = low + stride, 4 * stride
            elif guess >= high and high - stride > low:
                middle, stride = high - stride, 4 * stride
            else:
                middle = (low + high) // 2
            low, high = (low, middle) if spanned(middle, axes) else (middle, high)
        found.append(None if high > last else high * STEP_EV)
    return found[2], found[1], found[0]


_COPIES = np.array(list(itertools.product((0, 1), repeat=3)))


def _axes_spanned(open_points: npt.NDArray[np.bool_]) -> int:
    """Most axes of the doubled cell that one 26-connected region spans.

    The regions of one cell are found once. In the doubled cell those of two copies are joined
    where they share a point of the face between them: both faces hold the same points, so a
    neighbour across the face is also a neighbour within one of the copies.
    """
    from scipy import ndimage
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    labelled, count = ndimage.label(open_points, structure=np.ones((3, 3, 3)))
    if not count:
        return 0
    joined: list[npt.NDArray[np.int64]] = []
    low = np.zeros((3, count), dtype=np.bool_)
    high = np.zeros((3, count), dtype=np.bool_)
    for axis in range(3):
        first, last = labelled.take(0, axis).ravel(), labelled.take(-1, axis).ravel()
        opened = first > 0
        low[axis, first[opened] - 1] = True
        high[axis, last[opened] - 1] = True
        # each pair of regions once, as one number
        code = np.unique((last[opened] - 1) * np.int64(count) + first[opened] - 1)
        pairs = np.column_stack(np.divmod(code, count))
        stride = (4, 2, 1)[axis]
        joined.extend(
            pairs + np.array([copy * count, (copy + stride) * count])
            for copy in np.flatnonzero(_COPIES[:, axis] == 0)
        )
    edges = np.concatenate(joined)
    n = len(_COPIES) * count
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (n, n)).tocsr()
    regions, region = connected_components(graph, directed=False)
    axes = np.zeros(regions, dtype=np.int64)
    for axis in range(3):
        at_low = (low[axis] & (_COPIES[:, axis] == 0)[:, None]).ravel()
        at_high = (high[axis] & (_COPIES[:, axis] == 1)[:, None]).ravel()
        reached = np.bincount(region[at_low], minlength=regions).astype(np.bool_)
        axes += reached & np.bincount(region[at_high], minlength=regions).astype(np.bool_)
    return int(axes.max())
