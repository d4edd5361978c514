"""Replicate pellets: the plain mean and standard deviation, and random effects beside it.

A replicate is a pellet, never a point of one pellet. The mean is that of ln sigma, since errors of
conductivities are relative. Random effects separate the scatter between pellets from the errors
within (DerSimonian and Laird, Control. Clin. Trials 7 (1986) 177; interval of Hartung and Knapp,
Stat. Med. 20 (2001) 3875).

Errors raised here::

    LabkitError
    └── ReplicateError     values of which no mean can be formed
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.arrhenius import ArrheniusFit
from labkit.errors import LabkitError
from labkit.json_ready import json_ready


class ReplicateError(LabkitError):
    """Values of which no mean can be formed."""


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """A mean over groups that differ by more than their own errors.

    Parameters
    ----------
    mean, standard_error, interval95
        Estimate, its standard error and interval (Student t with n - 1).
    between_sd
        Standard deviation between groups beyond their own errors (tau).
    heterogeneity_p
        p value of the hypothesis that all groups are equal (Cochran's Q).
    n
        Number of groups.
    """

    mean: float
    standard_error: float
    interval95: tuple[float, float]
    between_sd: float
    heterogeneity_p: float
    n: int


@dataclass(frozen=True, slots=True)
class ReplicateSigma:
    """Conductivity of a batch from its pellets at one temperature.

    `mean_S_per_cm` and `sd_S_per_cm` are the plain ones that papers print, `geometric_...` come
    from ln sigma, `random_effects` works on ln sigma with each pellet's own error.
    """

    n: int
    mean_S_per_cm: float
    sd_S_per_cm: float
    geometric_mean_S_per_cm: float
    sd_ln: float
    random_effects: RandomEffects
    random_effects_S_per_cm: float
    interval95_S_per_cm: tuple[float, float]
    temperature_K: float | None
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


@dataclass(frozen=True, slots=True)
class ReplicateArrhenius:
    """Activation energy of a batch: shared Ea, own prefactors, beside the plain mean and sd."""

    n: int
    mean_ea_eV: float
    sd_ea_eV: float
    shared_ea_eV: float
    shared_ea_se_eV: float
    random_effects: RandomEffects
    sigma25: ReplicateSigma
    convention: str
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


def random_effects(values: ArrayLike, standard_errors: ArrayLike) -> RandomEffects:
    """Combine estimates that scatter by more than their errors.

    Parameters
    ----------
    values, standard_errors
        Shape (n,), errors zero or above (zero: unknown, all then count alike).

    Returns
    -------
    RandomEffects

    Raises
    ------
    ReplicateError
        If there is no value, one is not finite, or shapes differ.
    """
    y = np.atleast_1d(np.asarray(values, dtype=float))
    error = np.atleast_1d(np.asarray(standard_errors, dtype=float))
    if y.shape != error.shape or not y.size:
        raise ReplicateError(f"{y.size} values and {error.size} errors: one of each is needed")
    if not (np.all(np.isfinite(y)) and np.all(error >= 0)):
        raise ReplicateError("every value must be a number and every error zero or above")
    n = y.size
    if n == 1:
        half = 1.959964 * float(error[0])
        return RandomEffects(
            float(y[0]), float(error[0]), (float(y[0]) - half, float(y[0]) + half), 0.0, 1.0, 1
        )
    known = bool(np.all(error > 0))
    within = error**2 if known else np.zeros(n)
    between, p_value = _between_variance(y, within) if known else (float(np.var(y, ddof=1)), 0.0)
    weight = 1 / (within + between) if known else np.ones(n)
    weight = weight / weight.sum()
    mean = float(weight @ y)
    # Hartung and Knapp: the weighted scatter about the mean, with n - 1 degrees of freedom.
    scatter = float(weight @ (y - mean) ** 2) / (n - 1)
    formal = 1 / float(np.sum(1 / (within + between))) if known else 0.0
    standard_error = math.sqrt(max(scatter, formal))
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, 0.975)) * standard_error
    return RandomEffects(
        mean, standard_error, (mean - half, mean + half), math.sqrt(between), p_value, n
    )


def _between_variance(y: NDArray[np.float64], within: NDArray[np.float64]) -> tuple[float, float]:
    """Return tau^2 of DerSimonian and Laird, and the p value of Cochran's Q."""
    from scipy.special import chdtrc

    weight = 1 / within
    mean = float(weight @ y / weight.sum())
    q = float(weight @ (y - mean) ** 2)
    free = y.size - 1
    scale = float(weight.sum() - (weight**2).sum() / weight.sum())
    return max((q - free) / scale, 0.0), float(chdtrc(free, q))


def combine_sigma(
    sigma_S_per_cm: ArrayLike,
    total_S_per_cm: ArrayLike,
    *,
    temperature_K: float | None = None,
) -> ReplicateSigma:
    """Combine the conductivities of replicate pellets at one temperature.

    Parameters
    ----------
    sigma_S_per_cm
        One per pellet, shape (n,).
    total_S_per_cm
        Standard error of each, geometry included: between pellets it is independent.
    temperature_K
        Temperature, carried along.

    Returns
    -------
    ReplicateSigma
        With one pellet the standard deviation is NaN and the reasons say so.

    Raises
    ------
    ReplicateError
        If a conductivity is not above zero.
    """
    sigma = np.atleast_1d(np.asarray(sigma_S_per_cm, dtype=float))
    error = np.atleast_1d(np.asarray(total_S_per_cm, dtype=float))
    if sigma.size == 0 or not (np.all(np.isfinite(sigma)) and np.all(sigma > 0)):
        raise ReplicateError("conductivities of replicates must be above zero")
    if error.shape != sigma.shape:
        raise ReplicateError(f"{sigma.size} conductivities and {error.size} errors")
    n = sigma.size
    log = np.log(sigma)
    effects = random_effects(log, error / sigma)
    reasons: list[str] = []
    if n < 3:
        reasons.append("few-replicates")
    if n > 1 and effects.heterogeneity_p < 0.01:
        reasons.append("pellets-differ")
    return ReplicateSigma(
        n=n,
        mean_S_per_cm=float(sigma.mean()),
        sd_S_per_cm=float(sigma.std(ddof=1)) if n > 1 else math.nan,
        geometric_mean_S_per_cm=math.exp(float(log.mean())),
        sd_ln=float(log.std(ddof=1)) if n > 1 else math.nan,
        random_effects=effects,
        random_effects_S_per_cm=math.exp(effects.mean),
        interval95_S_per_cm=(math.exp(effects.interval95[0]), math.exp(effects.interval95[1])),
        temperature_K=temperature_K,
        reasons=tuple(reasons),
    )


def combine_arrhenius(fits: Sequence[ArrheniusFit]) -> ReplicateArrhenius:
    """Combine the Arrhenius lines of replicate pellets.

    Shared Ea with own prefactors: each pellet's prefactor drops out of its slope, so that the
    shared Ea is the weighted mean of the slopes; random effects let the slopes differ too.

    Parameters
    ----------
    fits
        One per pellet, all with the same convention.

    Returns
    -------
    ReplicateArrhenius

    Raises
    ------
    ReplicateError
        If there are no fits or they mix conventions.
    """
    if not fits:
        raise ReplicateError("no Arrhenius lines to combine")
    conventions = {fit.convention for fit in fits}
    if len(conventions) > 1:
        raise ReplicateError(
            "lines of ln(sigma T) and of ln(sigma) cannot be combined; fit all with one convention"
        )
    ea = np.array([fit.ea_eV for fit in fits])
    error = np.array([fit.ea_se_eV for fit in fits])
    effects = random_effects(ea, np.where(np.isfinite(error), error, 0.0))
    usable = np.isfinite(error) & (error > 0)
    weight = np.where(usable, 1 / np.where(usable, error, 1.0) ** 2, 0.0)
    if not weight.any():
        weight = np.ones(ea.size)
    at25 = [fit.sigma_at(298.15) for fit in fits]
    sigma25 = combine_sigma(
        [p.sigma_S_per_cm for p in at25],
        [math.hypot(p.random_S_per_cm, p.systematic_S_per_cm) for p in at25],
        temperature_K=298.15,
    )
    reasons = ["few-replicates"] if len(fits) < 3 else []
    if len(fits) > 1 and effects.heterogeneity_p < 0.01:
        reasons.append("activation-energies-differ")
    return ReplicateArrhenius(
        n=len(fits),
        mean_ea_eV=float(ea.mean()),
        sd_ea_eV=float(ea.std(ddof=1)) if len(fits) > 1 else math.nan,
        shared_ea_eV=float(weight @ ea / weight.sum()),
        shared_ea_se_eV=math.sqrt(1 / float(weight.sum())) if usable.any() else math.nan,
        random_effects=effects,
        sigma25=sigma25,
        convention=conventions.pop(),
        reasons=tuple(reasons),
    )
