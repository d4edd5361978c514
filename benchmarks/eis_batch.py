"""A batch of spectra through Kramers-Kronig, tail and automatic circuit, beside impedance.py.

impedance.py does linKK (series capacitance, under legacy print options, which it needs with
numpy 2) and CustomCircuit: told the circuit that made the spectrum and values within a factor of
two of the truth; and, as labkit does, choosing among a family of circuits. Run on one core:
``OMP_NUM_THREADS=1 python benchmarks/eis_batch.py [spectra]``.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
import warnings

import numpy as np

from labkit.eis.circuit import WITH_TAIL, fit_circuit
from labkit.eis.circuit_starts import draw_starts, look
from labkit.eis.circuit_string import parse_circuit
from labkit.eis.corpus import CorpusSpectrum, golden_corpus
from labkit.eis.spectrum import usable_points
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
    started = time.perf_counter()
    for s in spectra:
        with (
            warnings.catch_warnings(),
            np.printoptions(legacy="1.25"),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            linKK(s.frequency_hz, s.z_ohm, c=0.85, max_M=60, fit_type="complex", add_cap=True)
    checked = time.perf_counter() - started
    rng = np.random.default_rng(1)
    started = time.perf_counter()
    for s in spectra:
        fit_theirs(CustomCircuit, s, *guess_for(s, rng))
    told = checked + time.perf_counter() - started
    started = time.perf_counter()
    for s in spectra:
        points = usable_points((s.frequency_hz, s.z_ohm))
        hints = look(points)
        for text in WITH_TAIL:
            circuit = parse_circuit(text)
            start = circuit.to_values(draw_starts(circuit, points, 1, hints=hints))[0]
            fit_theirs(CustomCircuit, s, text, start.tolist())
    chosen = checked + time.perf_counter() - started
    print(f"impedance.py  {n / told:8.1f} spectra/s told the true circuit and values within 2x")
    print(f"              {n / chosen:8.1f} spectra/s choosing among the same five circuits,")
    print("                       one start each, from labkit's starting values")
    print(f"labkit is {told / ours:.1f} and {chosen / ours:.1f} times faster")


def fit_theirs(
    custom_circuit: type, spectrum: CorpusSpectrum, text: str, guess: list[float]
) -> None:
    """Fit with impedance.py; a failure still costs its time."""
    with warnings.catch_warnings(), contextlib.suppress(RuntimeError, ValueError):
        warnings.simplefilter("ignore")
        custom_circuit(text, initial_guess=guess).fit(
            spectrum.frequency_hz, spectrum.z_ohm, weight_by_modulus=True
        )


if __name__ == "__main__":
    main()
