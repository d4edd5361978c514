"""A batch of spectra through Kramers-Kronig, tail and automatic circuit, beside impedance.py.

impedance.py does linKK (series capacitance, under legacy print options, which it needs with
numpy 2) and CustomCircuit with the circuit that made the spectrum and a guess within a factor of
two of the truth. Run on one core: ``OMP_NUM_THREADS=1 python benchmarks/eis_batch.py [spectra]``.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np

from labkit.eis.circuit import fit_circuit
from labkit.eis.corpus import CorpusSpectrum, golden_corpus
from labkit.eis.tail import fit_tail


def guess_for(spectrum: CorpusSpectrum, rng: np.random.Generator) -> tuple[str, list[float]]:
    truth = spectrum.truth
    parts: list[str] = []
    values: list[float] = []
    if truth.series_ohm:
        parts.append("R0")
        values.append(truth.series_ohm)
    for k, arc in enumerate(truth.arcs, start=1):
        parts.append(f"p(R{k},CPE{k})")
        values += [arc.resistance_ohm, arc.q, arc.n]
    parts.append("CPE0")
    values += [truth.tail_q, truth.tail_n]
    names = np.array(values)
    factor = np.where((names > 0.4) & (names <= 1.0), 1.0, 2.0 ** rng.uniform(-1, 1, names.size))
    return "-".join(parts), (names * factor).tolist()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 140
    spectra = list(golden_corpus(max(1, count // 7)))
    n = len(spectra)
    started = time.perf_counter()
    accepted = sum(fit_tail((s.frequency_hz, s.z_ohm)).verdict == "accepted" for s in spectra)
    tail = time.perf_counter() - started
    started = time.perf_counter()
    for s in spectra:
        fit_circuit((s.frequency_hz, s.z_ohm))
    ours = tail + time.perf_counter() - started
    print(f"labkit        {n / ours:8.1f} spectra/s  ({1e3 * tail / n:.1f} ms Kramers-Kronig and")
    print(f"              tail, {1e3 * (ours - tail) / n:.1f} ms circuit; {accepted} accepted)")
    try:
        from impedance.models.circuits import CustomCircuit
        from impedance.validation import linKK
    except ImportError:
        print("impedance.py is not installed: no comparison")
        return
    rng = np.random.default_rng(1)
    started, failed = time.perf_counter(), 0
    for s in spectra:
        with warnings.catch_warnings(), np.printoptions(legacy="1.25"):
            warnings.simplefilter("ignore")
            linKK(s.frequency_hz, s.z_ohm, c=0.85, max_M=60, fit_type="complex", add_cap=True)
        text, guess = guess_for(s, rng)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                CustomCircuit(text, initial_guess=guess).fit(
                    s.frequency_hz, s.z_ohm, weight_by_modulus=True
                )
        except (RuntimeError, ValueError):
            failed += 1
    theirs = time.perf_counter() - started
    print(f"impedance.py  {n / theirs:8.1f} spectra/s  ({failed} fits failed)")
    print(f"labkit is {theirs / ours:.1f} times faster")


if __name__ == "__main__":
    main()
