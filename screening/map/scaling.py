"""Each kind of descriptor divided by its maximum, so that all values lie in 0 ... 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["KindScaler"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KindScaler:
    """Maxima of the kinds of a descriptor over a training set.

    Attributes
    ----------
    names : tuple of str
    starts, stops : tuple of int
        Columns of each kind.
    maxima : tuple of float
    """

    names: tuple[str, ...]
    starts: tuple[int, ...]
    stops: tuple[int, ...]
    maxima: tuple[float, ...]

    @classmethod
    def fit(cls, values: npt.ArrayLike, kinds: Sequence[tuple[str, slice]]) -> KindScaler:
        """Take the maxima over a training set, shape (n, d); a kind that is all zero stays so."""
        rows = np.asarray(values, dtype=np.float64)
        return cls(
            tuple(name for name, _ in kinds),
            tuple(int(part.start) for _, part in kinds),
            tuple(int(part.stop) for _, part in kinds),
            tuple(_largest(rows[:, part]) for _, part in kinds),
        )

    def _factors(self) -> FloatArray:
        factors = np.ones(self.stops[-1])
        for start, stop, largest in zip(self.starts, self.stops, self.maxima, strict=True):
            factors[start:stop] = largest
        return factors

    def transform(self, values: npt.ArrayLike) -> FloatArray:
        """Scale; values beyond the training set may exceed one."""
        return np.asarray(np.asarray(values, dtype=np.float64) / self._factors())

    def invert(self, values: npt.ArrayLike) -> FloatArray:
        """Return scaled values to their own units."""
        return np.asarray(np.asarray(values, dtype=np.float64) * self._factors())


def _largest(values: FloatArray) -> float:
    largest = float(values.max())
    return largest if largest > 0 else 1.0
