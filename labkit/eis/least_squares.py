"""Levenberg-Marquardt for many starts at once: one array operation advances all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.eis.spectrum import ComplexArray, FloatArray

BatchModel = Callable[[FloatArray], tuple[NDArray[Any], NDArray[Any]]]
"""(starts, parameters) -> Z (starts, n), dZ/dp (starts, n, parameters)."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchFit:
    """The end of each start: parameters (s, p), weighted sums of squares (s,), normal matrices."""

    parameters: FloatArray
    cost: FloatArray
    normal: FloatArray
    converged: NDArray[np.bool_]

    def joined(self, other: BatchFit) -> BatchFit:
        """Return the ends of both."""
        return BatchFit(
            np.concatenate([self.parameters, other.parameters]),
            np.concatenate([self.cost, other.cost]),
            np.concatenate([self.normal, other.normal]),
            np.concatenate([self.converged, other.converged]),
        )


def minimise(
    model: BatchModel,
    start: FloatArray,
    z_ohm: ComplexArray,
    weight: FloatArray,
    *,
    rounds: int = 60,
    largest_step: float = 2.0,
    relative_tolerance: float = 1e-6,
) -> BatchFit:
    """Minimise sum |weight (z - model)|^2 from every start.

    Parameters
    ----------
    model
        Impedance and its derivatives for a stack of parameter sets.
    start
        Shape (s, p), internal parameters (logarithms, logits).
    z_ohm, weight
        Shape (n,).
    rounds
        Most iterations.
    largest_step
        Limit of each parameter's change per iteration (a factor exp(2) for a logarithm).
    relative_tolerance
        A start has converged when a step lowers its sum by less than this share.

    Returns
    -------
    BatchFit
    """
    p = np.array(start, dtype=float)
    size = p.shape[1]
    diagonal = np.arange(size)
    cost, normal, right = _normal_equations(model, p, z_ohm, weight)
    damping = np.full(p.shape[0], 1e-2)
    converged = np.zeros(p.shape[0], dtype=bool)
    for _ in range(rounds):
        active = np.flatnonzero(~converged & np.isfinite(cost))
        if not active.size:
            break
        damped = normal[active].copy()
        scale = np.maximum(damped[:, diagonal, diagonal], 1e-12)
        damped[:, diagonal, diagonal] += damping[active, None] * scale + 1e-14
        step = np.linalg.solve(damped, right[active][:, :, None])[:, :, 0]
        step *= np.minimum(1.0, largest_step / np.maximum(np.abs(step).max(axis=1), 1e-300))[
            :, None
        ]
        trial = p[active] + step
        new_cost, new_normal, new_right = _normal_equations(model, trial, z_ohm, weight)
        better = new_cost <= cost[active]
        won, lost = active[better], active[~better]
        gain = cost[won] - new_cost[better]
        converged[won] = gain <= relative_tolerance * cost[won]
        p[won], cost[won] = trial[better], new_cost[better]
        normal[won], right[won] = new_normal[better], new_right[better]
        damping[won] = np.maximum(damping[won] / 5, 1e-10)
        damping[lost] *= 8
        converged[lost[damping[lost] > 1e7]] = True
    return BatchFit(p, cost, normal, converged)


def _normal_equations(
    model: BatchModel, p: FloatArray, z_ohm: ComplexArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    with np.errstate(all="ignore"):
        z, jacobian = model(p)
        # complex arrays seen as pairs of reals: sums of products over both parts in one go
        r = np.ascontiguousarray((z_ohm - z) * weight, dtype=complex).view(float)
        starts, n, size = jacobian.shape
        gradient = np.empty((starts, size, n), dtype=complex)
        np.multiply(jacobian.transpose(0, 2, 1), weight, out=gradient)
        j = gradient.view(float)
        cost = np.einsum("sn,sn->s", r, r)
        normal, right = j @ j.transpose(0, 2, 1), (j @ r[:, :, None])[:, :, 0]
        bad = ~np.isfinite(cost + normal.sum(axis=(1, 2)) + right.sum(axis=1))
    if bad.any():
        cost = np.where(bad, np.inf, cost)
        normal[bad], right[bad] = np.eye(size), 0.0
    return cost, normal, right
