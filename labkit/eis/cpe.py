"""Complex fits of the two elements a blocking pellet ends in: R + CPE, and R + arc.

Both are small weighted least-squares problems in logarithms of the parameters, solved by
Levenberg-Marquardt steps with exact derivatives. Weights are 1/|Z|^2 (proportional noise).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from labkit.eis.spectrum import ComplexArray, FloatArray

Model = Callable[[FloatArray], tuple[ComplexArray, ComplexArray]]


@dataclass(frozen=True, slots=True)
class CpeFit:
    """R + 1/(Q (jw)^n) fitted to complex points; `rms` is relative to |Z|, per component."""

    resistance_ohm: float
    resistance_se_ohm: float
    q: float
    n: float
    n_se: float
    rms: float
    converged: bool


@dataclass(frozen=True, slots=True)
class ArcFit:
    """R_s + R/(1 + (jw tau)^n) fitted to complex points.

    `intercept_ohm` = R_s + R is where the arc meets the real axis at low frequency;
    `capacitance_F` = tau/R for the arc (Hsu and Mansfeld, Corrosion 57 (2001) 747).
    """

    series_ohm: float
    arc_ohm: float
    intercept_ohm: float
    intercept_se_ohm: float
    tau_s: float
    n: float
    capacitance_F: float
    rms: float
    converged: bool


def fit_cpe(frequency_hz: FloatArray, z_ohm: ComplexArray, noise: float | None = None) -> CpeFit:
    """Fit R + 1/(Q (jw)^n).

    Parameters
    ----------
    frequency_hz, z_ohm
        Shape (n,), n >= 3.
    noise
        Relative standard deviation known beforehand; the larger of it and the residual sets the
        standard errors.

    Returns
    -------
    CpeFit
    """
    omega = 2 * np.pi * frequency_hz
    log_w = np.log(omega)
    height = np.maximum(-z_ohm.imag, 1e-3 * np.abs(z_ohm))
    slope = np.polyfit(log_w, np.log(height), 1, w=height / np.abs(z_ohm))[0]
    n0 = float(np.clip(-slope, 0.3, 1.0))
    log_j = log_w + 0.5j * np.pi

    def model(p: FloatArray) -> tuple[ComplexArray, ComplexArray]:
        tail = np.exp(p[1] - p[2] * log_j)
        return p[0] + tail, np.stack([np.ones_like(tail), tail, -tail * log_j], axis=1)

    # R and 1/Q are linear once n is known: start from their least-squares values.
    basis = np.stack([np.ones_like(log_j), np.exp(-n0 * log_j)], axis=1)
    weight = 1 / np.abs(z_ohm)
    start, *_ = np.linalg.lstsq(
        np.concatenate([(basis * weight[:, None]).real, (basis * weight[:, None]).imag]),
        np.concatenate([z_ohm.real * weight, z_ohm.imag * weight]),
        rcond=None,
    )
    centre = int(np.argmax(height))
    lead = start[1] if start[1] > 0 else height[centre] * math.exp(n0 * log_w[centre])
    p, covariance, rms, converged = _levenberg_marquardt(
        model, np.array([start[0], math.log(lead), n0]), z_ohm, weight, noise
    )
    return CpeFit(
        resistance_ohm=float(p[0]),
        resistance_se_ohm=math.sqrt(max(covariance[0, 0], 0.0)),
        q=math.exp(min(max(-p[1], -700.0), 700.0)),
        n=float(p[2]),
        n_se=math.sqrt(max(covariance[2, 2], 0.0)),
        rms=rms,
        converged=converged,
    )


def fit_arc(frequency_hz: FloatArray, z_ohm: ComplexArray, noise: float | None = None) -> ArcFit:
    """Fit R_s + R/(1 + (jw tau)^n), a depressed arc.

    Parameters
    ----------
    frequency_hz, z_ohm
        Shape (n,), n >= 4.
    noise
        As in `fit_cpe`.

    Returns
    -------
    ArcFit
    """
    omega = 2 * np.pi * frequency_hz
    apex = int(np.argmax(-z_ohm.imag))
    width = max(2 * float(-z_ohm.imag[apex]), 1e-6 * float(np.abs(z_ohm).max()))
    log_j = np.log(omega) + 0.5j * np.pi

    def model(p: FloatArray) -> tuple[ComplexArray, ComplexArray]:
        resistance, n = math.exp(p[1]), p[3]
        power = np.exp(n * (log_j + p[2]))
        denominator = 1 + power
        arc = resistance / denominator
        by_n = -arc * power / denominator
        columns = [np.ones_like(arc), arc, by_n * n, by_n * (log_j + p[2])]
        return p[0] + arc, np.stack(columns, axis=1)

    start = np.array(
        [z_ohm.real.max() - width, math.log(width), -math.log(float(omega[apex])), 0.9]
    )
    p, covariance, rms, converged = _levenberg_marquardt(
        model, start, z_ohm, 1 / np.abs(z_ohm), noise
    )
    arc = math.exp(min(p[1], 700.0))
    gradient = np.array([1.0, arc, 0.0, 0.0])
    return ArcFit(
        series_ohm=float(p[0]),
        arc_ohm=arc,
        intercept_ohm=float(p[0]) + arc,
        intercept_se_ohm=math.sqrt(max(float(gradient @ covariance @ gradient), 0.0)),
        tau_s=math.exp(min(p[2], 700.0)),
        n=float(p[3]),
        capacitance_F=math.exp(min(p[2] - p[1], 700.0)),
        rms=rms,
        converged=converged,
    )


def _levenberg_marquardt(
    model: Model,
    start: FloatArray,
    z_ohm: ComplexArray,
    weight: FloatArray,
    noise: float | None,
    rounds: int = 40,
) -> tuple[FloatArray, FloatArray, float, bool]:
    """Minimise the weighted complex residuals; return parameters, covariance, rms, converged."""

    def stacked(p: FloatArray) -> tuple[FloatArray, FloatArray, float]:
        with np.errstate(over="ignore", invalid="ignore"):
            value, jacobian = model(p)
            residual = (z_ohm - value) * weight
            gradient = jacobian * weight[:, None]
        r = np.concatenate([residual.real, residual.imag])
        j = np.concatenate([gradient.real, gradient.imag])
        cost = float(r @ r)
        return r, j, cost if math.isfinite(cost) else math.inf

    p = start.astype(float)
    r, j, cost = stacked(p)
    damping, converged = 1e-3, False
    for _ in range(rounds):
        if not math.isfinite(cost):
            break
        normal, right = j.T @ j, j.T @ r
        scale = np.diag(np.maximum(np.diag(normal), 1e-300))
        try:
            step = np.linalg.solve(normal + damping * scale, right)
        except np.linalg.LinAlgError:
            break
        new_r, new_j, new_cost = stacked(p + step)
        if new_cost <= cost:
            converged = cost - new_cost <= 1e-10 * cost
            p, r, j, cost = p + step, new_r, new_j, new_cost
            damping = max(damping / 10, 1e-12)
            if converged:
                break
        else:
            damping *= 10
            if damping > 1e8:
                converged = True
                break
    free = max(r.size - p.size, 1)
    variance = cost / free
    if noise is not None:
        variance = max(variance, noise**2)
    covariance: FloatArray = np.full((p.size, p.size), np.inf)
    try:
        if math.isfinite(cost):
            covariance = np.asarray(np.linalg.pinv(j.T @ j) * variance, dtype=np.float64)
    except np.linalg.LinAlgError:
        converged = False
    return p, covariance, math.sqrt(cost / free) if math.isfinite(cost) else math.inf, converged
