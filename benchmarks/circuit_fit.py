"""Circuit fits from random starts, beside impedance.py's CustomCircuit on the same spectra.

Truth: 200 ohm and 800 ohm with a blocking tail, 0.5 % noise. A run counts as found where both
resistances are within 10 % of the truth. Run: ``python benchmarks/circuit_fit.py [spectra]``.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np

from labkit.eis.circuit import fit_circuit
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet

TRUTH = Pellet(arcs=(Arc(200.0, 1e-11, 0.97), Arc(800.0, 2e-9, 0.9)), tail_q=2e-6, tail_n=0.85)
CIRCUIT = "p(R1,CPE1)-p(R2,CPE2)-CPE3"
FREQUENCY = log_frequencies(3e7, 0.1)


def found(resistances: list[float]) -> bool:
    small, large = sorted(resistances)
    return abs(small - 200) < 20 and abs(large - 800) < 80


def random_guess(rng: np.random.Generator) -> list[float]:
    """Draw what a user might type: within a decade of the truth, exponents between 0.7 and 1."""
    truth = [200.0, 5e-11, 0.97, 800.0, 5e-9, 0.9, 2e-6, 0.85]
    return [
        float(rng.uniform(0.7, 0.99)) if k in (2, 5, 7) else value * 10 ** rng.uniform(-1, 1)
        for k, value in enumerate(truth)
    ]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    spectra = [simulate_pellet(TRUTH, FREQUENCY, noise=0.005, seed=k) for k in range(count)]
    started = time.perf_counter()
    ours = [fit_circuit(s, CIRCUIT, seed=k) for k, s in enumerate(spectra)]
    our_time = (time.perf_counter() - started) / count
    hits = sum(found([arc.resistance_ohm for arc in fit.arcs]) for fit in ours)
    print(f"labkit        found {hits}/{count}   {1e3 * our_time:8.1f} ms per fit")
    try:
        from impedance.models.circuits import CustomCircuit
    except ImportError:
        print("impedance.py is not installed: no comparison")
        return
    rng = np.random.default_rng(1)
    theirs, seconds = 0, 0.0
    for frequency, z in spectra:
        model = CustomCircuit(CIRCUIT, initial_guess=random_guess(rng))
        started = time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(frequency, z, weight_by_modulus=True)
            theirs += found([model.parameters_[0], model.parameters_[3]])
        except (RuntimeError, ValueError):
            pass
        seconds += time.perf_counter() - started
    their_time = seconds / count
    print(f"impedance.py  found {theirs}/{count}   {1e3 * their_time:8.1f} ms per fit")
    print(f"labkit is {their_time / our_time:.1f} times faster")


if __name__ == "__main__":
    main()
