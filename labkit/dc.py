"""Electronic conductivity from a direct-current polarisation between blocking electrodes.

After a voltage step the ionic current dies away; what stays is electronic (Hebb, J. Chem. Phys. 20
(1952) 185; Wagner, Z. Elektrochem. 60 (1956) 4). The transient is fitted with a sum of decays and a
constant. Where slow decays could still hide in the constant, the current has not settled and the
conductivity is an upper bound.

Errors raised here::

    LabkitError
    └── PolarisationError     a transient from which no current follows
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.conductivity import Conductivity
from labkit.errors import LabkitError
from labkit.geometry import PelletGeometry
from labkit.json_ready import json_ready

Qualifier = Literal["=", "<", ">"]

SETTLED_DRIFT = 0.10
"""Largest share of the steady current that slow decays may still hold."""
BINS = 160


class PolarisationError(LabkitError):
    """A transient from which no steady current follows."""


@dataclass(frozen=True, slots=True)
class Polarisation:
    """The end of a polarisation.

    Parameters
    ----------
    current_A, current_random_A, current_systematic_A
        Steady current; its error from noise, and from what slow decays could still take away.
    qualifier
        ``"="``, or ``"<"`` where the current has not settled or is below its noise; `current_A` is
        then the bound.
    voltage_V
        Step of the voltage.
    drift_per_decade
        Relative change of the current over the last decade of time (negative: falling).
    duration_s, n_points
        What it rests on.
    """

    current_A: float
    current_random_A: float
    current_systematic_A: float
    qualifier: Qualifier
    voltage_V: float
    drift_per_decade: float
    duration_s: float
    n_points: int
    verdict: Literal["accepted", "review", "rejected"]
    reasons: tuple[str, ...]
    messages: tuple[str, ...]

    @property
    def resistance_ohm(self) -> float:
        """Voltage over current in ohm (a lower bound where the current is an upper one)."""
        return abs(self.voltage_V / self.current_A) if self.current_A else math.inf

    def conductivity(
        self, geometry: PelletGeometry, temperature_K: float | None = None
    ) -> Conductivity:
        """Return sigma = current * thickness / (voltage * area) in S/cm, with `qualifier`."""
        factor = geometry.cell_constant_per_cm / abs(self.voltage_V)
        sigma = abs(self.current_A) * factor
        shared = sigma * geometry.cell_constant_relative_se
        return Conductivity(
            sigma_S_per_cm=sigma,
            random_S_per_cm=self.current_random_A * factor,
            systematic_S_per_cm=math.hypot(self.current_systematic_A * factor, shared),
            temperature_K=temperature_K,
            geometry_S_per_cm=shared,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


@dataclass(frozen=True, slots=True)
class TransferenceNumber:
    """t_ion = 1 - sigma_electronic / sigma_total, with its standard error and qualifier."""

    value: float
    standard_error: float
    qualifier: Qualifier


def fit_polarisation(
    time_s: ArrayLike,
    current_A: ArrayLike,
    voltage_V: float,
    *,
    start_s: float | None = None,
) -> Polarisation:
    """Find the steady current of a polarisation at constant voltage.

    Parameters
    ----------
    time_s, current_A
        The transient, shape (n,), n >= 20.
    voltage_V
        Voltage step, not zero; its sign is that of the current.
    start_s
        Time of the step; None: the first point.

    Returns
    -------
    Polarisation

    Raises
    ------
    PolarisationError
        If the voltage is zero or fewer than 20 points follow the step.
    """
    if not (math.isfinite(voltage_V) and voltage_V != 0):
        raise PolarisationError("a polarisation needs a voltage other than zero")
    time = np.asarray(time_s, dtype=float).ravel()
    current = np.asarray(current_A, dtype=float).ravel()
    if time.size != current.size:
        raise PolarisationError(f"{time.size} times and {current.size} currents")
    use = np.isfinite(time) & np.isfinite(current)
    use &= time > (time[use].min() if use.any() and start_s is None else start_s or 0.0)
    if use.sum() < 20:
        raise PolarisationError(
            f"{int(use.sum())} points follow the voltage step; at least 20 are needed"
        )
    begin = start_s if start_s is not None else float(np.nanmin(time))
    order = np.argsort(time[use], kind="stable")
    t = time[use][order] - begin
    y = current[use][order] * math.copysign(1.0, voltage_V)
    return _fit(t, y, voltage_V)


def _fit(t: NDArray[np.float64], y: NDArray[np.float64], voltage: float) -> Polarisation:
    noise = _noise(y)
    centre, mean, count = _log_bins(t, y)
    duration = float(t[-1])
    # Decays up to a fifth of the measurement are told from a constant; slower ones are not.
    steady, steady_se = _constant(centre, mean, count, noise, longest=duration / 5)
    lowest, _ = _constant(centre, mean, count, noise, longest=2 * duration)
    last = y[t > 0.9 * duration]
    end = float(last.mean()) if last.size >= 3 else float(y[-3:].mean())
    end_se = noise / math.sqrt(max(last.size, 3))
    hidden = max(steady - lowest, 0.0)
    drift = _drift_per_decade(t, y, end)
    reasons: list[str] = []
    messages: list[str] = []
    verdict: Literal["accepted", "review", "rejected"] = "accepted"
    qualifier: Qualifier = "="
    value, random, systematic = steady, steady_se, hidden
    if end + 2 * end_se <= 0:
        verdict = "rejected"
        reasons.append("current-reversed")
        messages.append("the current runs against the voltage: offset of the instrument")
        qualifier, value = "<", abs(end) + 2 * end_se
    elif steady < 3 * steady_se:
        qualifier, value, systematic = "<", max(steady, 0.0) + 2 * steady_se, 0.0
        reasons.append("below-noise")
        messages.append("the steady current is below its noise: an upper bound")
    elif hidden > SETTLED_DRIFT * steady or abs(drift) > 2 * SETTLED_DRIFT:
        qualifier, value, systematic = "<", max(end, steady) + 2 * end_se, 0.0
        verdict = "review" if drift > 2 * SETTLED_DRIFT else "accepted"
        reasons.append("not-settled")
        messages.append(
            f"the current still changes by {drift:+.0%} per decade of time: an upper bound"
        )
        if drift > 2 * SETTLED_DRIFT:
            reasons.append("current-rises")
            messages.append("the current rises: a short or a reaction")
    return Polarisation(
        current_A=value,
        current_random_A=random,
        current_systematic_A=systematic,
        qualifier=qualifier,
        voltage_V=voltage,
        drift_per_decade=drift,
        duration_s=duration,
        n_points=int(t.size),
        verdict=verdict,
        reasons=tuple(reasons),
        messages=tuple(messages),
    )


def _noise(y: NDArray[np.float64]) -> float:
    """Estimate the noise from third differences of the later half, where the decay is slow."""
    later = np.diff(y[y.size // 2 :], n=3) / math.sqrt(20.0)
    return max(float(np.median(np.abs(later))) / 0.6745, 1e-6 * float(np.abs(y).max()), 1e-30)


def _log_bins(
    t: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Average in bins of equal width in ln t: all parts of the decay then count alike."""
    edges = np.geomspace(t[0], t[-1] * (1 + 1e-9), BINS + 1)
    which = np.clip(np.searchsorted(edges, t, side="right") - 1, 0, BINS - 1)
    count = np.bincount(which, minlength=BINS).astype(float)
    filled = count > 0
    sum_t = np.bincount(which, weights=t, minlength=BINS)
    sum_y = np.bincount(which, weights=y, minlength=BINS)
    return sum_t[filled] / count[filled], sum_y[filled] / count[filled], count[filled]


def _constant(
    t: NDArray[np.float64],
    y: NDArray[np.float64],
    count: NDArray[np.float64],
    noise: float,
    *,
    longest: float,
) -> tuple[float, float]:
    """Fit a constant and decays of time constants up to `longest`; return it and its error.

    The decays have amplitudes of one sign (the ionic current only dies away), so that non-negative
    least squares needs no choice of their number.
    """
    from scipy.optimize import nnls

    tau = np.geomspace(max(float(t[0]), longest / 1e6), longest, 24)
    decays = np.exp(-t[:, None] / tau)
    # Errors of the bins: noise, and 1 % of the current for the shape of the decay.
    weight = 1 / np.hypot(noise / np.sqrt(count), 0.01 * np.abs(y))
    columns = np.concatenate([np.ones((t.size, 1)), -np.ones((t.size, 1)), decays], axis=1)
    scale = float(np.abs(y).max()) or 1.0
    solution, _ = nnls(columns * weight[:, None] * scale, y * weight, maxiter=2000)
    constant = float(solution[0] - solution[1]) * scale
    used = columns[:, [0, *(2 + np.flatnonzero(solution[2:] > 0))]] * weight[:, None]
    covariance = np.linalg.pinv(used.T @ used)
    residual = (y - columns @ solution * scale) * weight
    chi2 = max(1.0, float(residual @ residual) / max(t.size - used.shape[1], 1))
    return constant, math.sqrt(max(float(covariance[0, 0]) * chi2, 0.0))


def _drift_per_decade(t: NDArray[np.float64], y: NDArray[np.float64], end: float) -> float:
    """Return the relative slope of the current against lg t over the last factor of three."""
    late = t > t[-1] / 3
    if late.sum() < 3 or end == 0:
        return math.nan
    x = np.log10(t[late])
    x = x - x.mean()
    return float(x @ y[late] / (x @ x)) / abs(end)


def transference_number(
    sigma_electronic: Conductivity, sigma_total: Conductivity, *, qualifier: Qualifier = "="
) -> TransferenceNumber:
    """Return t_ion = 1 - sigma_electronic / sigma_total.

    Parameters
    ----------
    sigma_electronic, sigma_total
        Of the same pellet: the geometry cancels.
    qualifier
        That of the electronic conductivity; an upper bound there is a lower bound here.

    Raises
    ------
    PolarisationError
        If the total conductivity is not above zero.
    """
    if not sigma_total.sigma_S_per_cm > 0:
        raise PolarisationError("the total conductivity must be above zero")
    ratio = sigma_electronic.sigma_S_per_cm / sigma_total.sigma_S_per_cm
    own = sigma_total.own_S_per_cm / sigma_total.sigma_S_per_cm
    error = math.hypot(
        sigma_electronic.own_S_per_cm / sigma_total.sigma_S_per_cm,
        ratio * own,
    )
    turned: dict[Qualifier, Qualifier] = {"=": "=", "<": ">", ">": "<"}
    return TransferenceNumber(1 - ratio, error, turned[qualifier])
