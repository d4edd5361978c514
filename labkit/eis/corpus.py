"""A corpus of simulated spectra with known truth, to hold every estimate of R against.

Blocking pellets over five decades of resistance, tails from Warburg to capacitor, none, one or two
arcs, inductive leads, few points, noise from 0.1 to 3 %; and pellets spoiled by leakage through the
electrodes or by drift during the sweep.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from labkit.eis.simulate import Arc, Pellet, add_noise, log_frequencies
from labkit.eis.spectrum import ComplexArray, FloatArray

Kind = Literal["plateau", "one-arc", "two-arcs", "inductive", "few-points", "leakage", "drift"]
CLEAN: tuple[Kind, ...] = ("plateau", "one-arc", "two-arcs", "inductive", "few-points")
SPOILED: tuple[Kind, ...] = ("leakage", "drift")


@dataclass(frozen=True, slots=True, eq=False)
class CorpusSpectrum:
    """One simulated spectrum: what it is, what is true, and the points."""

    kind: Kind
    truth: Pellet
    noise: float
    frequency_hz: FloatArray = field(repr=False)
    z_ohm: ComplexArray = field(repr=False)

    @property
    def spoiled(self) -> bool:
        """True where R_total must not be accepted."""
        return self.kind in SPOILED


def golden_corpus(per_kind: int = 60, seed: int = 20231) -> Iterator[CorpusSpectrum]:
    """Yield `per_kind` spectra of each kind.

    Parameters
    ----------
    per_kind
        Spectra per kind; there are seven kinds.
    seed
        Seed of the generator: the corpus is the same for the same numbers.
    """
    rng = np.random.default_rng(seed)
    for kind in (*CLEAN, *SPOILED):
        for _ in range(per_kind):
            yield _draw(kind, rng)


def _draw(kind: Kind, rng: np.random.Generator) -> CorpusSpectrum:
    resistance = 10 ** rng.uniform(1.0, 6.0)
    noise = 10 ** rng.uniform(-3.0, np.log10(0.03))
    tail_n = rng.uniform(0.5, 1.0)
    density = rng.choice([5.0, 6.0]) if kind == "few-points" else rng.choice([8.0, 10.0, 12.0])
    # A geometric capacitance of 1 pF to 5 nF whose arc has its apex above 3 kHz.
    largest = min(5e-9, 1 / (2 * np.pi * 3e3 * resistance))
    capacitance = 10 ** rng.uniform(-12.0, np.log10(largest))
    apex_hz = min(1 / (2 * np.pi * resistance * capacitance), 3e7)
    # |Z| of the tail equals R at this frequency; the tail is then seen over some decades.
    crossing_hz = apex_hz / 10 ** rng.uniform(2.5, 3.5)
    low_hz = crossing_hz / 10 ** rng.uniform(1.5, 2.5)
    tail_q = 1 / (resistance * (2 * np.pi * crossing_hz) ** tail_n)
    high_hz = 7e6
    arcs: tuple[Arc, ...] = ()
    series, inductance, leakage, drift = resistance, 0.0, np.inf, 0.0
    has_arc = kind in ("one-arc", "two-arcs", "few-points")
    if has_arc or (kind in SPOILED and rng.random() < 0.5):
        series = 0.0
        arcs = (Arc(resistance, capacitance, rng.uniform(0.85, 1.0)),)
        if kind == "two-arcs":
            share = rng.uniform(0.2, 0.8)
            bulk = Arc(share * resistance, capacitance / 100, rng.uniform(0.95, 1.0))
            arcs = (bulk, Arc((1 - share) * resistance, capacitance, rng.uniform(0.85, 1.0)))
        if kind == "few-points":
            high_hz = min(apex_hz, high_hz)
    elif kind == "inductive":
        inductance = resistance / (2 * np.pi * high_hz) * rng.uniform(0.3, 3.0)
    if kind == "leakage":
        at_low_end = 1 / (tail_q * (2 * np.pi * low_hz) ** tail_n)
        leakage = at_low_end * 10 ** rng.uniform(-1.0, 0.0)
    elif kind == "drift":
        drift = rng.uniform(0.25, 0.6)
        drift = drift if rng.random() < 0.5 else -drift / (1 + drift)
        low_hz = min(low_hz, 0.5)  # a sweep that ends within seconds has no time to drift
    truth = Pellet(
        arcs=arcs,
        series_ohm=series,
        tail_q=tail_q,
        tail_n=tail_n,
        leakage_ohm=float(leakage),
        inductance_H=float(inductance),
        drift=float(drift),
    )
    frequency = log_frequencies(high_hz, low_hz, float(density))
    z = add_noise(truth.impedance(frequency), float(noise), rng)
    return CorpusSpectrum(kind, truth, float(noise), frequency, z)
