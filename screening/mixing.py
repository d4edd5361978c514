"""Two representations side by side, the second scaled by a weight.

Second-order representations of Laskowski et al., Energy Environ. Sci. 2023, 16, 1264: the columns
of the best representation, followed by those of another times a small weight. The weight decides
how much the second adds to the distances; none of the columns is scaled otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from screening.errors import ScreeningError

__all__ = ["SCANNED_WEIGHTS", "mix"]

FloatArray = npt.NDArray[np.float32]

#: the weights that the authors tried: 1e-6, 2e-6, 1e-5 ... 9e-5, 1e-3 ... 1e-2
SCANNED_WEIGHTS = (
    1e-6,
    2e-6,
    *(float(f"{n}e-5") for n in range(1, 10)),
    *(float(f"{n}e-3") for n in range(1, 11)),
)


def mix(
    first_ids: Sequence[str],
    first: FloatArray,
    second_ids: Sequence[str],
    second: FloatArray,
    weight: float,
) -> tuple[tuple[str, ...], FloatArray]:
    """Put two representations side by side, for the structures that have both.

    Parameters
    ----------
    first_ids, second_ids : sequence of str
        Names of the rows.
    first, second : ndarray, shape (n, d), (m, e)
    weight : float
        What the second is multiplied with.

    Returns
    -------
    ids : tuple of str
        In the order of the first.
    values : ndarray of float32, shape (k, d + e)

    Raises
    ------
    ScreeningError
        When the weight is not a positive number or no structure has both.
    """
    if not (np.isfinite(weight) and weight > 0):
        raise ScreeningError(f"weight {weight}: give a positive number, such as 0.001")
    where = {name: row for row, name in enumerate(second_ids)}
    kept = [row for row, name in enumerate(first_ids) if name in where]
    if not kept:
        raise ScreeningError("no structure has both representations")
    ids = tuple(first_ids[row] for row in kept)
    values = np.empty((len(ids), first.shape[1] + second.shape[1]), dtype=np.float32)
    values[:, : first.shape[1]] = first[kept]
    values[:, first.shape[1] :] = second[[where[name] for name in ids]]
    values[:, first.shape[1] :] *= np.float32(weight)
    return ids, values
