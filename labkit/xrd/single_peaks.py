"""Peaks without a lattice, in the place of a phase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.phase import Cell, Reflections

__all__ = ["SinglePeaks"]

FloatArray: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SinglePeaks:
    """Single peaks in the place of a phase: each has its own 1/d^2 as a free parameter.

    Attributes
    ----------
    inverse_d2 : ndarray, shape (n,)
        1/A^2, in the order of angle.
    basis : ndarray, shape (6, n)
        Zeros: there is no lattice.
    """

    inverse_d2: FloatArray
    basis: FloatArray
    name: str = "unexplained peaks"
    cell: Cell = (1.0, 1.0, 1.0, 90.0, 90.0, 90.0)
    atoms: None = None

    def free_parameters(self, cell: Cell | None = None) -> FloatArray:  # noqa: ARG002
        """Return 1/d^2 of every peak, shape (n,)."""
        return self.inverse_d2

    def reflections(self, *_: float | None) -> Reflections:
        """Return one reflection per peak, whatever the range."""
        n = self.inverse_d2.size
        return Reflections(np.zeros((n, 3), dtype=np.int64), np.eye(n), np.ones(n), None)
