"""Spectra with known truth: pellets between blocking electrodes, and what spoils them.

The model is a series of an inductance, a lead resistance, arcs (R in parallel with a CPE) and the
blocking electrode (a CPE, optionally shunted by a leakage resistance). Noise is proportional to
|Z| and equal in both components. Drift changes every resistance and every Q during the sweep, in
proportion to the time that the frequencies take.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from labkit.arrhenius import KB_EV_PER_K
from labkit.eis.spectrum import ComplexArray, FloatArray, SpectrumError


@dataclass(frozen=True, slots=True)
class Arc:
    """A resistance in parallel with a CPE; `capacitance_F` = (R^(1-n) Q)^(1/n)."""

    resistance_ohm: float
    capacitance_F: float
    n: float = 0.9

    @property
    def tau_s(self) -> float:
        """Time constant R C in seconds."""
        return self.resistance_ohm * self.capacitance_F

    @property
    def q(self) -> float:
        """CPE parameter Q = tau^n / R."""
        return float(self.tau_s**self.n / self.resistance_ohm)


@dataclass(frozen=True, slots=True)
class Pellet:
    """A pellet between blocking electrodes with everything that a spectrum may show.

    Parameters
    ----------
    arcs
        Bulk and grain boundary, or empty; their resistances add to R_total.
    series_ohm
        Resistance without a visible arc (the bulk of a good conductor); adds to R_total.
    tail_q, tail_n
        Blocking electrode, Z = 1/(Q (jw)^n); `tail_q` 0 leaves it out.
    leakage_ohm
        Resistance in parallel with the blocking electrode; infinite where it blocks.
    inductance_H
        Of the leads.
    drift
        Relative change of every R, and opposite change of every Q, over the whole sweep.
    """

    arcs: tuple[Arc, ...] = ()
    series_ohm: float = 0.0
    tail_q: float = 1e-6
    tail_n: float = 0.9
    leakage_ohm: float = float("inf")
    inductance_H: float = 0.0
    drift: float = 0.0

    @property
    def resistance_ohm(self) -> float:
        """R_total at the start of the sweep: series resistance and arcs."""
        return self.series_ohm + sum(arc.resistance_ohm for arc in self.arcs)

    def impedance(self, frequency_hz: ArrayLike) -> ComplexArray:
        """Return Z without noise, shape of `frequency_hz`, drifting in the order given."""
        frequency = np.asarray(frequency_hz, dtype=float)
        jw = 2j * np.pi * frequency
        scale = 1.0 + self.drift * sweep_time(frequency) if self.drift else np.ones(frequency.shape)
        z = jw * self.inductance_H + self.series_ohm * scale
        for arc in self.arcs:
            z = z + scale * arc.resistance_ohm / (1 + (jw * arc.tau_s) ** arc.n)
        if self.tail_q:
            admittance = self.tail_q / scale * jw**self.tail_n + 1 / (self.leakage_ohm * scale)
            z = z + 1 / admittance
        return np.asarray(z, dtype=np.complex128)


def sweep_time(frequency_hz: FloatArray) -> FloatArray:
    """Return the time of each point as a share of the sweep, if each takes a few periods."""
    duration = 3.0 / frequency_hz + 0.1
    elapsed = np.cumsum(duration)
    return np.asarray(elapsed / elapsed[-1], dtype=np.float64)


def log_frequencies(high_hz: float, low_hz: float, points_per_decade: float = 10.0) -> FloatArray:
    """Return frequencies from `high_hz` down to `low_hz`, equally spaced in the logarithm.

    Raises
    ------
    SpectrumError
        If the limits are not 0 < low < high or the density is not above zero.
    """
    if not (0 < low_hz < high_hz and points_per_decade > 0):
        raise SpectrumError(
            f"a sweep goes from a high to a lower frequency above zero, not from {high_hz:g} Hz "
            f"to {low_hz:g} Hz with {points_per_decade:g} points per decade"
        )
    count = max(2, round(np.log10(high_hz / low_hz) * points_per_decade) + 1)
    return np.asarray(np.geomspace(high_hz, low_hz, count), dtype=np.float64)


def add_noise(
    z_ohm: ComplexArray, noise: float, rng: np.random.Generator | int | None
) -> ComplexArray:
    """Add normal noise of standard deviation `noise` * |Z| to each component."""
    generator = np.random.default_rng(rng)
    error = generator.standard_normal((2, *z_ohm.shape))
    return np.asarray(z_ohm + noise * np.abs(z_ohm) * (error[0] + 1j * error[1]), dtype=complex)


def simulate_pellet(
    pellet: Pellet | None = None,
    frequency_hz: ArrayLike | None = None,
    *,
    resistance_ohm: float = 1000.0,
    noise: float = 0.01,
    seed: np.random.Generator | int | None = 0,
) -> tuple[FloatArray, ComplexArray]:
    """Simulate one spectrum.

    Parameters
    ----------
    pellet
        The truth; None: one arc of `resistance_ohm` with 10 pF and a blocking tail.
    frequency_hz
        Shape (n,); None: 7 MHz to 0.1 Hz, ten per decade.
    noise
        Standard deviation of each component relative to |Z|.
    seed
        Seed or generator.

    Returns
    -------
    tuple of ndarray
        Frequency in Hz and impedance in ohm (capacitive points with Im Z < 0), shape (n,).
    """
    truth = pellet or Pellet(arcs=(Arc(resistance_ohm, 1e-11, 0.95),))
    frequency = (
        log_frequencies(7e6, 0.1) if frequency_hz is None else np.asarray(frequency_hz, dtype=float)
    )
    return frequency, add_noise(truth.impedance(frequency), noise, seed)


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedSpectrum:
    """A spectrum of a simulated series with its truth."""

    temperature_K: float
    resistance_ohm: float
    frequency_hz: FloatArray = field(repr=False)
    z_ohm: ComplexArray = field(repr=False)


def simulate_temperature_series(
    temperature_K: ArrayLike,
    *,
    ea_eV: float = 0.35,
    sigma25_S_per_cm: float = 1e-4,
    cell_constant_per_cm: float = 0.25,
    capacitance_F: float = 1e-11,
    arc_n: float = 0.95,
    tail_q: float = 1e-6,
    tail_n: float = 0.9,
    inductance_H: float = 0.0,
    frequency_hz: ArrayLike | None = None,
    noise: float = 0.005,
    temperature_se_K: float = 0.0,
    seed: int | None = 0,
) -> list[SimulatedSpectrum]:
    """Simulate a temperature series with sigma T = sigma_0 exp(-Ea / kB T).

    Parameters
    ----------
    temperature_K
        Shape (n,), nominal temperatures.
    temperature_se_K
        Standard deviation of the true temperatures around the nominal ones.
    sigma25_S_per_cm, cell_constant_per_cm
        Conductivity at 298.15 K, and thickness over area: R = cell constant / sigma.

    Returns
    -------
    list of SimulatedSpectrum
        In the order of `temperature_K`, each with the nominal temperature and the true R_total.
    """
    rng = np.random.default_rng(seed)
    series: list[SimulatedSpectrum] = []
    for nominal in np.atleast_1d(np.asarray(temperature_K, dtype=float)):
        kelvin = float(nominal) + temperature_se_K * float(rng.standard_normal())
        exponent = -ea_eV / KB_EV_PER_K * (1 / kelvin - 1 / 298.15)
        sigma = sigma25_S_per_cm * 298.15 / kelvin * np.exp(exponent)
        truth = Pellet(
            arcs=(Arc(cell_constant_per_cm / float(sigma), capacitance_F, arc_n),),
            tail_q=tail_q,
            tail_n=tail_n,
            inductance_H=inductance_H,
        )
        frequency, z = simulate_pellet(truth, frequency_hz, noise=noise, seed=rng)
        series.append(SimulatedSpectrum(float(nominal), truth.resistance_ohm, frequency, z))
    return series


def two_arcs(
    bulk_ohm: float, grain_boundary_ohm: float, n: Sequence[float] = (0.98, 0.9)
) -> tuple[Arc, Arc]:
    """Return bulk and grain-boundary arcs with capacitances typical of each."""
    return Arc(bulk_ohm, 1e-11, n[0]), Arc(grain_boundary_ohm, 1e-9, n[1])
