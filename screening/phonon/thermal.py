"""Vibrational free energy, heat capacity and entropy in the harmonic approximation.

Per atom, from a density of states of unit area (three modes per atom)::

    F(T) = 3 int g(v) [h v / 2 + k T ln(1 - exp(-h v / k T))] dv
    C(T) = 3 k int g(v) x^2 exp(x) / (exp(x) - 1)^2 dv,   x = h v / k T

Wallace, Thermodynamics of Crystals (1972), chapter 5. Exact constants of the SI.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "BOLTZMANN_EV_PER_K",
    "PLANCK_EV_PER_THZ",
    "debye_density",
    "debye_heat_capacity",
    "free_energy_eV",
    "heat_capacity",
]

FloatArray = npt.NDArray[np.float64]

PLANCK_EV_PER_THZ = 4.135667696923859e-3
BOLTZMANN_EV_PER_K = 8.617333262145179e-5


def _x(frequency_THz: FloatArray, temperature_K: FloatArray) -> FloatArray:
    return np.asarray(
        PLANCK_EV_PER_THZ * frequency_THz[:, None] / (BOLTZMANN_EV_PER_K * temperature_K[None, :])
    )


def free_energy_eV(
    frequency_THz: npt.ArrayLike, density: npt.ArrayLike, temperature_K: npt.ArrayLike
) -> FloatArray:
    """Vibrational free energy in eV per atom.

    Parameters
    ----------
    frequency_THz : array_like, shape (n,)
        Above zero, evenly spaced.
    density : array_like, shape (..., n)
        Of unit area.
    temperature_K : array_like, shape (t,)
        Above zero.

    Returns
    -------
    ndarray, shape (..., t)
    """
    frequency = np.asarray(frequency_THz, dtype=np.float64)
    temperature = np.atleast_1d(np.asarray(temperature_K, dtype=np.float64))
    x = _x(frequency, temperature)
    mode = BOLTZMANN_EV_PER_K * temperature[None, :] * (0.5 * x + np.log(-np.expm1(-x)))
    return np.asarray(3.0 * (frequency[1] - frequency[0]) * np.asarray(density) @ mode)


def heat_capacity(
    frequency_THz: npt.ArrayLike, density: npt.ArrayLike, temperature_K: npt.ArrayLike
) -> FloatArray:
    """Heat capacity at constant volume in units of k per atom; 3 at high temperature.

    Parameters
    ----------
    frequency_THz, density, temperature_K
        As in `free_energy_eV`.

    Returns
    -------
    ndarray, shape (..., t)
    """
    frequency = np.asarray(frequency_THz, dtype=np.float64)
    temperature = np.atleast_1d(np.asarray(temperature_K, dtype=np.float64))
    x = np.minimum(_x(frequency, temperature), 500.0)
    mode = (0.5 * x / np.sinh(0.5 * x)) ** 2
    return np.asarray(3.0 * (frequency[1] - frequency[0]) * np.asarray(density) @ mode)


def debye_density(frequency_THz: npt.ArrayLike, debye_THz: float) -> FloatArray:
    """Debye's density of states ``3 v^2 / v_D^3`` up to ``v_D``, unit area."""
    frequency = np.asarray(frequency_THz, dtype=np.float64)
    inside = (frequency >= 0) & (frequency <= debye_THz)
    return np.asarray(np.where(inside, 3.0 * frequency**2 / debye_THz**3, 0.0))


def debye_heat_capacity(debye_THz: float, temperature_K: npt.ArrayLike) -> FloatArray:
    """Debye's heat capacity in units of k per atom, by quadrature of his integral.

    Parameters
    ----------
    debye_THz : float
    temperature_K : array_like, shape (t,)
    """
    from scipy.integrate import quad

    temperature = np.atleast_1d(np.asarray(temperature_K, dtype=np.float64))
    limits = PLANCK_EV_PER_THZ * debye_THz / (BOLTZMANN_EV_PER_K * temperature)

    def integrand(x: float) -> float:
        return x**2 * (0.5 * x / np.sinh(0.5 * x)) ** 2 if x > 0 else 0.0

    return np.array(
        [9.0 / end**3 * quad(integrand, 0.0, min(end, 300.0))[0] for end in limits.tolist()]
    )
