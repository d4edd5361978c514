"""Damped Gauss-Newton refinement of a `labkit.xrd.model.Model` (Levenberg, Marquardt).

Free reflection intensities are refined together with all other parameters (Pawley), so that the
covariance of the cell holds what overlap makes uncertain. Intensities stay positive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.model import SMALLEST_WIDTH2, Evaluation, Model

__all__ = ["Fit", "covariance", "le_bail_cycles", "one_step", "refine"]

FloatArray: TypeAlias = NDArray[np.float64]

_POSITIVE = ("X ", "Y ", "scale ", "axial")
_RIDGE = 1e-7


@dataclass(slots=True, eq=False)
class Fit:
    """Where a refinement stands."""

    values: FloatArray
    intensity: FloatArray
    evaluation: Evaluation
    chi2: float
    converged: bool
    cycles: int


def _chi2(observed: FloatArray, evaluation: Evaluation, weight: FloatArray) -> float:
    return float((((observed - evaluation.total) * weight) ** 2).sum())


def le_bail_cycles(
    model: Model, values: FloatArray, intensity: FloatArray, observed: FloatArray, cycles: int
) -> FloatArray:
    """Share the observed counts among the free reflections as the model shares its own.

    Le Bail, Duroy & Fourquet, Mater. Res. Bull. 23 (1988) 447: no start values are needed.

    Returns
    -------
    ndarray, shape (K,)
        Intensities, all positive.
    """
    evaluation = model.evaluate(values, intensity)
    unit, background = evaluation.shapes, evaluation.background
    area = np.asarray(unit.sum(axis=0)).ravel()
    floor = 1e-6 * float(np.ptp(observed)) + 1e-12
    current = np.maximum(intensity, floor)
    net = np.maximum(observed - background, 0.0)
    fixed = np.where(model.free_reflections, 0.0, evaluation.intensity)
    for _ in range(cycles):
        total = unit @ np.where(model.free_reflections, current, fixed)
        ratio = net / np.maximum(total, floor)
        share = np.asarray(unit.T @ ratio) / np.maximum(area, 1e-12)
        current = np.maximum(current * np.clip(share, 0.02, 50.0), floor)
    return np.where(area > 1e-3, current, floor)


def refine(
    model: Model,
    values: FloatArray,
    intensity: FloatArray,
    observed: FloatArray,
    weight: FloatArray,
    free: Sequence[str],
    *,
    max_cycles: int = 15,
    tolerance: float = 1e-5,
) -> Fit:
    """Minimise sum (weight (observed - model))^2 over the parameters named and the intensities.

    Parameters
    ----------
    model : Model
    values : ndarray, shape (p,)
    intensity : ndarray, shape (K,)
    observed, weight : ndarray, shape (n,)
    free : sequence of str
        Names of the parameters to refine; free intensities always are.

    Returns
    -------
    Fit
    """
    columns = np.array([model.index[name] for name in free])
    values, intensity = values.copy(), intensity.copy()
    evaluation = model.evaluate(values, intensity)
    chi2 = _chi2(observed, evaluation, weight)
    damping, converged, cycles = 1e-3, False, 0
    for _ in range(max_cycles):
        cycles += 1
        active = _active(model, evaluation, intensity, observed, weight)
        normal, gradient = _normal_equations(evaluation, active, columns, observed, weight)
        for _ in range(8):
            step = _solve(normal, gradient, damping)
            new_values, new_intensity = _apply(model, values, intensity, step, active, columns)
            trial = model.evaluate(new_values, new_intensity)
            new_chi2 = _chi2(observed, trial, weight)
            if math.isfinite(new_chi2) and new_chi2 <= chi2:
                break
            damping = min(damping * 6, 1e6)
        else:
            converged = True
            break
        gain = (chi2 - new_chi2) / max(chi2, 1e-300)
        values, intensity, evaluation, chi2 = new_values, new_intensity, trial, new_chi2
        damping = max(damping / 8, 1e-9)
        if gain < tolerance:
            converged = True
            break
    return Fit(values, intensity, evaluation, chi2, converged, cycles)


def _active(
    model: Model,
    evaluation: Evaluation,
    intensity: FloatArray,
    observed: FloatArray,
    weight: FloatArray,
) -> NDArray[np.int64]:
    """Return the free reflections that may move: not those at zero that want to be negative."""
    pull = evaluation.shapes.T @ ((observed - evaluation.total) * weight**2)
    curvature = (evaluation.shapes**2).T @ weight**2
    moving = model.free_reflections & ((intensity > 0) | (pull > 0)) & (curvature > 0)
    return np.flatnonzero(moving)


def _normal_equations(
    evaluation: Evaluation,
    active: NDArray[np.int64],
    columns: NDArray[np.int64],
    observed: FloatArray,
    weight: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return J^T J and J^T r, the active intensities first."""
    from scipy.sparse import csc_array, diags_array

    shapes = csc_array(diags_array(weight) @ evaluation.shapes)[:, active]
    jacobian = evaluation.jacobian[:, columns] * weight[:, None]
    residual = (observed - evaluation.total) * weight
    mixed = shapes.T @ jacobian
    normal = np.block([[(shapes.T @ shapes).toarray(), mixed], [mixed.T, jacobian.T @ jacobian]])
    gradient = np.concatenate([shapes.T @ residual, jacobian.T @ residual])
    return normal, gradient


def _solve(normal: FloatArray, gradient: FloatArray, damping: float) -> FloatArray:
    from scipy.linalg import cho_factor, cho_solve

    root = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    scaled = normal / root[:, None] / root[None, :]
    scaled[np.diag_indices_from(scaled)] += damping + _RIDGE
    try:
        return np.asarray(cho_solve(cho_factor(scaled), gradient / root) / root)
    except np.linalg.LinAlgError:
        scaled[np.diag_indices_from(scaled)] += 1e-3
        return np.asarray(np.linalg.lstsq(scaled, gradient / root)[0] / root)


def _apply(
    model: Model,
    values: FloatArray,
    intensity: FloatArray,
    step: FloatArray,
    active: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> tuple[FloatArray, FloatArray]:
    new_values, new_intensity = values.copy(), intensity.copy()
    new_intensity[active] = np.maximum(intensity[active] + step[: active.size], 0.0)
    moves = step[active.size :].copy()
    for position, column in enumerate(columns):
        name = model.names[column]
        limit = math.inf
        if name.startswith("metric"):
            limit = 0.004 * max(abs(values[model.metric_of(int(name.split()[1]))]))
        elif name in ("zero", "displacement"):
            limit = 0.1
        elif name == "axial":
            limit = 0.001
        moves[position] = float(np.clip(moves[position], -limit, limit))
        moved = values[column] + moves[position]
        if name.startswith(_POSITIVE):
            moved = max(moved, 0.0)
        if name == "axial":
            moved = min(moved, 0.01)
        new_values[column] = moved
    _keep_width(model, values, new_values)
    return new_values, new_intensity


def _keep_width(model: Model, values: FloatArray, new_values: FloatArray) -> None:
    """Shorten the step of U, V, W until no line in the range loses most of its Gaussian width.

    Where the width is clipped it has no derivative, and the refinement could not come back.
    """
    columns = [model.index[name] for name in ("U", "V", "W")]
    angles = np.radians(np.linspace(model.two_theta[0], min(model.two_theta[-1], 175.0), 25) / 2)
    design = np.stack([np.tan(angles) ** 2, np.tan(angles), np.ones_like(angles)], axis=1)
    before = design @ values[columns]
    floor = np.maximum(np.minimum(0.3 * before, before), SMALLEST_WIDTH2)
    for _ in range(12):
        if (design @ new_values[columns] >= floor).all():
            return
        new_values[columns] = (values[columns] + new_values[columns]) / 2
    new_values[columns] = values[columns]


def covariance(
    model: Model,
    fit: Fit,
    observed: FloatArray,
    weight: FloatArray,
    free: Sequence[str],
) -> FloatArray:
    """Return the covariance of the parameters named, intensities marginalised, shape (p, p).

    It rests on the weights alone; multiply by the reduced chi2 for what the misfit says.
    """
    columns = np.array([model.index[name] for name in free])
    active = np.flatnonzero(
        model.free_reflections
        & (fit.intensity > 0)
        & (np.asarray((fit.evaluation.shapes**2).T @ weight**2) > 0)
    )
    normal, _ = _normal_equations(fit.evaluation, active, columns, observed, weight)
    root = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    scaled = normal / root[:, None] / root[None, :]
    scaled[np.diag_indices_from(scaled)] += _RIDGE
    inverse = np.linalg.inv(scaled) / root[:, None] / root[None, :]
    return np.asarray(inverse[active.size :, active.size :])


def one_step(
    model: Model,
    values: FloatArray,
    intensity: FloatArray,
    observed: FloatArray,
    weight: FloatArray,
    free: Sequence[str],
) -> tuple[FloatArray, FloatArray]:
    """Return the undamped step of the parameters named and its standard errors, shape (p,) each.

    The free intensities take part in the step; the errors rest on the weights alone.
    """
    columns = np.array([model.index[name] for name in free])
    evaluation = model.evaluate(values, intensity)
    active = np.flatnonzero(
        model.free_reflections
        & (intensity > 0)
        & (np.asarray((evaluation.shapes**2).T @ weight**2) > 0)
    )
    normal, gradient = _normal_equations(evaluation, active, columns, observed, weight)
    root = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    scaled = normal / root[:, None] / root[None, :]
    scaled[np.diag_indices_from(scaled)] += _RIDGE
    inverse = np.linalg.inv(scaled)
    step = inverse @ (gradient / root) / root
    error = np.sqrt(np.maximum(np.diag(inverse), 0.0)) / root
    return step[active.size :], error[active.size :]
