"""Activation energy and conductivity at any temperature from a temperature series.

The line is fitted as ln(sigma T) against 1/(kB T) measured from its weighted mean, so that the
intercept and the slope are nearly independent; the full covariance is kept and used for every
prediction. A temperature error is an error in x and enters by the effective variance (Orear,
Am. J. Phys. 50 (1982) 912). Intervals use Student's t with n - 2 degrees of freedom.

Errors raised here::

    LabkitError
    └── ArrheniusError     a series to which no line can be fitted
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.arrhenius_verdict import Verdict, judge_series
from labkit.errors import LabkitError
from labkit.json_ready import json_ready

KB_EV_PER_K = 8.617333262e-5
"""Boltzmann constant in eV/K (CODATA 2018, exact to the digits given)."""

Convention = Literal["ln(sigma T)", "ln(sigma)"]


class ArrheniusError(LabkitError):
    """A temperature series to which no line can be fitted."""


@dataclass(frozen=True, slots=True)
class SigmaAt:
    """A conductivity predicted by an Arrhenius line.

    `random_S_per_cm` comes from the covariance of the line, `systematic_S_per_cm` from what is
    common to the whole series (geometry). `interval95_S_per_cm` holds both. `extrapolated` is true
    outside the measured range.
    """

    temperature_K: float
    sigma_S_per_cm: float
    random_S_per_cm: float
    systematic_S_per_cm: float
    interval95_S_per_cm: tuple[float, float]
    extrapolated: bool

    @property
    def ln_sigma_random(self) -> float:
        """Random standard error of ln(sigma)."""
        return self.random_S_per_cm / self.sigma_S_per_cm

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


@dataclass(frozen=True, slots=True)
class ArrheniusFit:
    """A fitted Arrhenius line.

    Parameters
    ----------
    ea_eV, ea_se_eV, ea_interval95_eV
        Activation energy, its standard error and its 95 % interval (Student t).
    ln_prefactor, ln_prefactor_se
        Natural logarithm of sigma_0, in S K/cm for ln(sigma T) and in S/cm for ln(sigma).
    covariance
        2x2 covariance of (value of the line at the centre, Ea).
    temperature_covariance
        The part of it that comes from the errors of the temperatures. Pellets measured on one
        thermostat share it.
    temperature_se_K
        Root mean square of the errors of the temperatures.
    centre_ln, centre_inverse_kT_per_eV
        Value of the line at the centre, and the centre 1/(kB T) in 1/eV.
    convention
        ``"ln(sigma T)"`` or ``"ln(sigma)"``; the second gives an Ea lower by about kB T.
    n_points, temperature_range_K
        What the line rests on.
    chi2_reduced
        Weighted sum of squares over n - 2; NaN where no errors were given or n = 2.
    t_quantile
        Half width of a 95 % interval in standard errors.
    sigma_systematic_relative
        Relative error common to all temperatures; moves sigma, not Ea.
    errors_from
        ``"measurement"``: errors as given; ``"scatter"``: the residuals are larger than the errors
        given, or none were given, and set the scale.
    verdict, reasons, messages
        ``accepted``, ``review`` or ``rejected``, with codes and sentences.
    """

    ea_eV: float
    ea_se_eV: float
    ea_interval95_eV: tuple[float, float]
    ln_prefactor: float
    ln_prefactor_se: float
    covariance: tuple[tuple[float, float], tuple[float, float]]
    temperature_covariance: tuple[tuple[float, float], tuple[float, float]]
    temperature_se_K: float
    centre_ln: float
    centre_inverse_kT_per_eV: float
    convention: Convention
    n_points: int
    temperature_range_K: tuple[float, float]
    chi2: float
    chi2_reduced: float
    t_quantile: float
    sigma_systematic_relative: float
    errors_from: Literal["measurement", "scatter"]
    temperature_K: tuple[float, ...]
    sigma_S_per_cm: tuple[float, ...]
    ln_error: tuple[float, ...]
    residual_ln: tuple[float, ...]
    verdict: Verdict
    reasons: tuple[str, ...]
    messages: tuple[str, ...]

    @property
    def ea_temperature_se_eV(self) -> float:
        """The part of the standard error of Ea that comes from the temperatures."""
        return math.sqrt(self.temperature_covariance[1][1])

    @property
    def ea_own_se_eV(self) -> float:
        """The standard error of Ea without the errors of the temperatures."""
        own = self.covariance[1][1] - self.temperature_covariance[1][1]
        return math.sqrt(max(own, 0.0)) if math.isfinite(own) else math.nan

    def ln_sigma_own_se(self, temperature_K: float) -> float:
        """Return the standard error of ln(sigma) without the errors of the temperatures."""
        offset = 1 / (KB_EV_PER_K * temperature_K) - self.centre_inverse_kT_per_eV
        direction = np.array([1.0, -offset])
        own = np.array(self.covariance) - np.array(self.temperature_covariance)
        variance = float(direction @ own @ direction)
        return math.sqrt(max(variance, 0.0)) if math.isfinite(variance) else math.nan

    def ln_sigma_per_K(self, temperature_K: float) -> float:
        """Return how ln(sigma) changes with temperature: what 1 K of error does."""
        by_hopping = self.ea_eV / (KB_EV_PER_K * temperature_K**2)
        return by_hopping - (1 / temperature_K if self.convention == "ln(sigma T)" else 0.0)

    def ln_sigma(self, temperature_K: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return ln(sigma) of the line and its standard error at `temperature_K` (any shape)."""
        kelvin = np.asarray(temperature_K, dtype=float)
        offset = 1 / (KB_EV_PER_K * kelvin) - self.centre_inverse_kT_per_eV
        (vaa, vab), (_, vbb) = self.covariance
        value = self.centre_ln - self.ea_eV * offset
        if self.convention == "ln(sigma T)":
            value = value - np.log(kelvin)
        variance = vaa - 2 * offset * vab + offset**2 * vbb
        return value, np.sqrt(np.maximum(variance, 0.0))

    def sigma_at(self, temperature_K: float) -> SigmaAt:
        """Predict sigma at `temperature_K` with the covariance of the line.

        Raises
        ------
        ArrheniusError
            If the temperature is not above absolute zero.
        """
        if not (math.isfinite(temperature_K) and temperature_K > 0):
            raise ArrheniusError(f"{temperature_K:g} K is not a temperature above absolute zero")
        value_array, error_array = self.ln_sigma(temperature_K)
        value, error = float(value_array), float(error_array)
        sigma = math.exp(value)
        half = math.hypot(self.t_quantile * error, 1.959964 * self.sigma_systematic_relative)
        low, high = self.temperature_range_K
        return SigmaAt(
            temperature_K=float(temperature_K),
            sigma_S_per_cm=sigma,
            random_S_per_cm=sigma * error,
            systematic_S_per_cm=sigma * self.sigma_systematic_relative,
            interval95_S_per_cm=(sigma * math.exp(-half), sigma * math.exp(half)),
            # Half a kelvin of tolerance: a thermostat set to 25 C reads 24.9 or 25.2.
            extrapolated=not (low - 0.5 <= temperature_K <= high + 0.5),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields and sigma(25 C) as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        result["sigma25"] = self.sigma_at(298.15).to_dict()
        return result


def fit_arrhenius(
    temperature_K: ArrayLike,
    sigma_S_per_cm: ArrayLike,
    sigma_random: ArrayLike | None = None,
    *,
    sigma_systematic_relative: float = 0.0,
    temperature_se_K: float | ArrayLike = 0.0,
    convention: Convention = "ln(sigma T)",
) -> ArrheniusFit:
    """Fit sigma T = sigma_0 exp(-Ea / kB T), or sigma = sigma_0 exp(-Ea / kB T).

    Parameters
    ----------
    temperature_K, sigma_S_per_cm
        Shape (n,), n >= 2, at least two different temperatures.
    sigma_random
        Standard error of each sigma in S/cm, without what is common to all temperatures (see
        `Conductivity.own_S_per_cm`). None: equal relative errors, estimated from the scatter.
    sigma_systematic_relative
        Relative standard error common to the series, such as that of the cell constant.
    temperature_se_K
        Standard error of the temperatures, independent from point to point; scalar or (n,).
    convention
        ``"ln(sigma T)"`` (Nernst-Einstein hopping) or ``"ln(sigma)"``.

    Returns
    -------
    ArrheniusFit
        Where the residuals exceed the errors given, the covariance is scaled by the reduced
        chi-square (Birge ratio), so that errors are never smaller than the scatter says.

    Raises
    ------
    ArrheniusError
        If values are not positive and finite, shapes differ, or fewer than two temperatures.
    """
    kelvin, sigma, relative, kelvin_se = _checked(
        temperature_K, sigma_S_per_cm, sigma_random, temperature_se_K
    )
    n = kelvin.size
    log_t = np.log(kelvin) if convention == "ln(sigma T)" else np.zeros(n)
    y, x = np.log(sigma) + log_t, 1 / (KB_EV_PER_K * kelvin)
    errors_given = bool(np.all(relative > 0) or np.all(kelvin_se > 0))

    variance = relative**2 if errors_given else np.ones(n)
    slope_in_t = (1.0 if convention == "ln(sigma T)" else 0.0) / kelvin
    ea, sensitivity = 0.0, np.zeros(n)
    for _ in range(20):  # Ea enters the effective variance; it settles in three or four rounds
        if errors_given:
            sensitivity = ea / (KB_EV_PER_K * kelvin**2) - slope_in_t if ea else slope_in_t * 0
            variance = relative**2 + (sensitivity * kelvin_se) ** 2
            if not np.all(variance > 0):
                variance = np.ones(n)
        weight = 1 / variance
        centre = float(np.sum(weight * x) / np.sum(weight))
        offset = x - centre
        mean = float(np.sum(weight * y) / np.sum(weight))
        new_ea = float(-np.sum(weight * offset * y) / np.sum(weight * offset**2))
        settled = abs(new_ea - ea) <= 1e-12 + 1e-10 * abs(new_ea)
        ea = new_ea
        if settled:
            break
    by_temperature = _temperature_part(weight, offset, sensitivity * kelvin_se)
    residual = y - mean + ea * offset
    chi2 = float(np.sum(weight * residual**2))
    covariance = np.diag([1 / np.sum(weight), 1 / np.sum(weight * offset**2)])
    free = n - 2
    scaled = not errors_given or (free > 0 and chi2 > free)
    if scaled:
        covariance = covariance * (chi2 / free if free > 0 else math.nan)
    t_quantile = _t_quantile(free)
    ea_se = math.sqrt(covariance[1, 1])
    scatter = math.sqrt(float(residual @ residual) / max(free, 1))
    verdict, reasons, messages = judge_series(kelvin, ea, ea_se, chi2, free, errors_given, scatter)
    return ArrheniusFit(
        ea_eV=ea,
        ea_se_eV=ea_se,
        ea_interval95_eV=(ea - t_quantile * ea_se, ea + t_quantile * ea_se),
        ln_prefactor=mean + ea * centre,
        ln_prefactor_se=math.sqrt(covariance[0, 0] + centre**2 * covariance[1, 1]),
        covariance=(
            (float(covariance[0, 0]), float(covariance[0, 1])),
            (float(covariance[1, 0]), float(covariance[1, 1])),
        ),
        temperature_covariance=by_temperature,
        temperature_se_K=float(np.sqrt(np.mean(kelvin_se**2))),
        centre_ln=mean,
        centre_inverse_kT_per_eV=centre,
        convention=convention,
        n_points=n,
        temperature_range_K=(float(kelvin.min()), float(kelvin.max())),
        chi2=chi2 if errors_given else math.nan,
        chi2_reduced=chi2 / free if errors_given and free > 0 else math.nan,
        t_quantile=t_quantile,
        sigma_systematic_relative=float(sigma_systematic_relative),
        errors_from="scatter" if scaled else "measurement",
        temperature_K=tuple(kelvin.tolist()),
        sigma_S_per_cm=tuple(sigma.tolist()),
        ln_error=tuple(np.sqrt(variance).tolist()) if errors_given else (0.0,) * n,
        residual_ln=tuple(residual.tolist()),
        verdict=verdict,
        reasons=reasons,
        messages=messages,
    )


def _temperature_part(
    weight: NDArray[np.float64], offset: NDArray[np.float64], error: NDArray[np.float64]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Propagate independent errors of ln(sigma T) to the value at the centre and to Ea."""
    influence = np.array([weight / np.sum(weight), -weight * offset / np.sum(weight * offset**2)])
    (aa, ab), (_, bb) = (influence * error**2) @ influence.T
    return (float(aa), float(ab)), (float(ab), float(bb))


def _checked(
    temperature_K: ArrayLike,
    sigma_S_per_cm: ArrayLike,
    sigma_random: ArrayLike | None,
    temperature_se_K: float | ArrayLike,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return temperatures, sigmas, relative errors and temperature errors of equal shape."""
    kelvin = np.atleast_1d(np.asarray(temperature_K, dtype=float))
    sigma = np.atleast_1d(np.asarray(sigma_S_per_cm, dtype=float))
    if kelvin.ndim != 1 or kelvin.shape != sigma.shape:
        raise ArrheniusError(
            f"{kelvin.size} temperatures and {sigma.size} conductivities: one of each is needed"
        )
    if not (np.all(np.isfinite(kelvin)) and np.all(kelvin > 0)):
        raise ArrheniusError("every temperature must be in kelvin and above zero")
    if not (np.all(np.isfinite(sigma)) and np.all(sigma > 0)):
        raise ArrheniusError("every conductivity must be above zero; leave bounds out of the fit")
    if np.unique(kelvin).size < 2:
        raise ArrheniusError(
            f"an activation energy needs two different temperatures, there is only {kelvin[0]:g} K"
            if kelvin.size
            else "there are no temperatures to fit"
        )
    try:
        error = np.broadcast_to(
            np.asarray(0.0 if sigma_random is None else sigma_random, dtype=float), sigma.shape
        )
        kelvin_se = np.broadcast_to(np.asarray(temperature_se_K, dtype=float), sigma.shape)
    except ValueError as problem:
        raise ArrheniusError("errors and conductivities differ in number") from problem
    if not (np.all(error >= 0) and np.all(kelvin_se >= 0)):
        raise ArrheniusError("standard errors must be zero or above")
    return kelvin, sigma, error / sigma, kelvin_se


def _t_quantile(degrees_of_freedom: int) -> float:
    """Half width of a 95 % interval; with no degree of freedom the errors given are trusted."""
    if degrees_of_freedom < 1:
        return 1.959964
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, 0.975))
