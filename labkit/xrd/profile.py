"""The Thompson-Cox-Hastings pseudo-Voigt and where its lines reach in a pattern.

Widths are full widths at half maximum in degrees 2-theta. Gaussian: Gamma_G^2 = U tan^2 + V tan
+ W; Lorentzian: Gamma_L = X / cos + Y tan (size and strain). Their combination into one width and
one mixing is that of Thompson, Cox & Hastings, J. Appl. Cryst. 20 (1987) 79.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["LineShapes", "Windows", "line_shapes", "mix_widths", "open_windows", "reach_of"]

FloatArray: TypeAlias = NDArray[np.float64]

_LARGEST_REACH_DEG = 5.0

_LN2 = math.log(2)


def mix_widths(
    gauss2: FloatArray, lorentz: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return width and mixing of the pseudo-Voigt, and their derivatives.

    Parameters
    ----------
    gauss2, lorentz : ndarray, shape (n,)
        Gamma_G^2 (deg^2) and Gamma_L (deg), positive.

    Returns
    -------
    tuple of ndarray, shape (n,)
        Gamma, eta, dGamma/dGamma_G^2, dGamma/dGamma_L, deta/dGamma_G^2, deta/dGamma_L.
    """
    g, ell = np.sqrt(gauss2), lorentz
    fifth = (
        g**5
        + 2.69269 * g**4 * ell
        + 2.42843 * g**3 * ell**2
        + 4.47163 * g**2 * ell**3
        + 0.07842 * g * ell**4
        + ell**5
    )
    gamma = fifth**0.2
    by_g = (
        5 * g**4
        + 4 * 2.69269 * g**3 * ell
        + 3 * 2.42843 * g**2 * ell**2
        + 2 * 4.47163 * g * ell**3
        + 0.07842 * ell**4
    ) / (5 * gamma**4)
    by_l = (
        2.69269 * g**4
        + 2 * 2.42843 * g**3 * ell
        + 3 * 4.47163 * g**2 * ell**2
        + 4 * 0.07842 * g * ell**3
        + 5 * ell**4
    ) / (5 * gamma**4)
    share = ell / gamma
    eta = 1.36603 * share - 0.47719 * share**2 + 0.11116 * share**3
    by_share = 1.36603 - 2 * 0.47719 * share + 3 * 0.11116 * share**2
    eta_l = by_share * (1 - share * by_l) / gamma
    eta_g = -by_share * share * by_g / gamma
    half = 1 / (2 * g)
    return gamma, eta, by_g * half, by_l, eta_g * half, eta_l


def reach_of(gamma: FloatArray, eta: FloatArray) -> FloatArray:
    """Return half the window of lines of width `gamma` and mixing `eta`, in degrees.

    A Gaussian ends after 4 widths; 25 widths leave 1.3 % of the area of a Lorentzian outside.
    """
    return np.minimum(gamma * (4 + 21 * eta), _LARGEST_REACH_DEG)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Which points each line reaches: `point` and `line` index every (point, line) pair."""

    point: NDArray[np.int64]
    line: NDArray[np.int64]
    n_points: int
    n_lines: int


def open_windows(two_theta: FloatArray, centre: FloatArray, reach: FloatArray) -> Windows:
    """Return the pairs of point and line with |two_theta - centre| <= reach.

    Parameters
    ----------
    two_theta : ndarray, shape (n,)
    centre, reach : ndarray, shape (m,)
    """
    start = np.searchsorted(two_theta, centre - reach)
    stop = np.searchsorted(two_theta, centre + reach)
    length = stop - start
    line = np.repeat(np.arange(centre.size), length)
    before = np.repeat(np.cumsum(length) - length, length)
    point = np.arange(length.sum()) - before + np.repeat(start, length)
    return Windows(point, line, two_theta.size, centre.size)


@dataclass(frozen=True, slots=True, eq=False)
class LineShapes:
    """Values of every line of unit area at its points, and derivatives, one per pair."""

    value: FloatArray
    by_centre: FloatArray
    by_gamma: FloatArray
    by_eta: FloatArray


def line_shapes(
    two_theta: FloatArray,
    windows: Windows,
    centre: FloatArray,
    gamma: FloatArray,
    eta: FloatArray,
) -> LineShapes:
    """Return the pseudo-Voigt of every line, 1/deg, with its analytic derivatives."""
    line = windows.line
    width, mixing = gamma[line], eta[line]
    offset = two_theta[windows.point] - centre[line]
    reduced = (offset / width) ** 2
    lorentz = (2 / math.pi) / width / (1 + 4 * reduced)
    gauss = (2 * math.sqrt(_LN2 / math.pi)) / width * np.exp(-4 * _LN2 * reduced)
    value = mixing * lorentz + (1 - mixing) * gauss
    # slopes against the offset, divided by it: both shapes depend on offset^2 only
    fall_l = lorentz * 8 / (1 + 4 * reduced) / width**2
    fall_g = gauss * 8 * _LN2 / width**2
    by_centre = offset * (mixing * fall_l + (1 - mixing) * fall_g)
    by_gamma = (
        mixing * (fall_l * offset**2 - lorentz) + (1 - mixing) * (fall_g * offset**2 - gauss)
    ) / width
    return LineShapes(value, by_centre, by_gamma, lorentz - gauss)
