"""Import a batch of simulated .mpr files, beside impedance.py doing the same physics.

labkit: read, Kramers-Kronig, blocking tail, circuit chosen from the family, all stored, in one
process with one BLAS thread. impedance.py on a sample of the same spectra, nothing read or stored:
linKK (with the series capacitance that a blocking cell needs, under the legacy print options that
it needs with numpy 2), then CustomCircuit, (a) told the circuit that made the spectrum and values
within a factor of two of the truth, (b) choosing among the same family by the corrected Akaike
criterion, one start each, from labkit's own starting values.

Run: ``OMP_NUM_THREADS=1 python -m benchmarks.eis_import_batch [spectra] [sample]`` (1000, 50).
"""

from __future__ import annotations

import contextlib
import io
import math
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from instruments.biologic_writing import write_mpr
from instruments.records import ImpedanceSpectrum
from labkit.eis.circuit import WITH_TAIL, WITHOUT_TAIL, fit_circuit
from labkit.eis.circuit_starts import draw_starts, look
from labkit.eis.circuit_string import parse_circuit
from labkit.eis.corpus import CorpusSpectrum, golden_corpus
from labkit.eis.spectrum import usable_points
from labkit.eis.tail import fit_tail
from labkit.eis.window import find_tail
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import create_lab

KINDS = 7


def spectra(count: int) -> list[CorpusSpectrum]:
    """Return `count` spectra, all kinds in turn."""
    corpus = list(golden_corpus(math.ceil(count / KINDS)))
    return [s for k in range(len(corpus) // KINDS) for s in corpus[k :: len(corpus) // KINDS]][
        :count
    ]


def write(folder: Path, batch: Sequence[CorpusSpectrum]) -> None:
    """Write one .mpr file per spectrum."""
    for k, one in enumerate(batch):
        record = ImpedanceSpectrum(
            frequency_hz=one.frequency_hz, z_ohm=one.z_ohm, technique="PEIS", instrument="SP-300"
        )
        write_mpr(folder / f"pellet{k:05d}_25C.mpr", [record])


def time_import(batch: Sequence[CorpusSpectrum]) -> tuple[float, float, dict[str, Any]]:
    """Return seconds of wall clock and of processor, and the report of the import."""
    with tempfile.TemporaryDirectory() as name:
        files = Path(name) / "files"
        files.mkdir()
        write(files, batch)
        lab = create_lab(Path(name) / "lab")
        wall, processor = time.perf_counter(), time.process_time()
        report = import_paths(lab, [files], circuit="auto")
        spent = time.perf_counter() - wall, time.process_time() - processor
        lab.database.engine.dispose()
    return *spent, report


def quietly(work: Callable[[], Any]) -> Any:
    """Run impedance.py without its words; a fit that fails costs its time and gives None."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            return work()
        except (RuntimeError, ValueError, np.linalg.LinAlgError):
            return None


def check_theirs(one: CorpusSpectrum) -> None:
    """Test with linKK."""
    from impedance.validation import linKK

    with np.printoptions(legacy="1.25"):
        quietly(
            lambda: linKK(
                one.frequency_hz, one.z_ohm, c=0.85, max_M=60, fit_type="complex", add_cap=True
            )
        )


def fit_theirs(
    one: CorpusSpectrum, text: str, guess: list[float], limit: int | None = None
) -> tuple[float, Any]:
    """Fit with CustomCircuit; return AICc of the weighted residuals, and the model.

    `limit` is that of curve_fit's evaluations; impedance.py's own is 100,000.
    """
    from impedance.models.circuits import CustomCircuit

    def work() -> Any:
        model = CustomCircuit(text, initial_guess=guess)
        options = {} if limit is None else {"maxfev": limit}
        model.fit(one.frequency_hz, one.z_ohm, weight_by_modulus=True, **options)
        return model

    model = quietly(work)
    if model is None:
        return math.inf, None
    relative = (one.z_ohm - model.predict(one.frequency_hz)) / np.abs(one.z_ohm)
    cost, n, k = float(np.sum(np.abs(relative) ** 2)), 2 * one.z_ohm.size, len(guess) + 1
    correction = 2 * k * (k + 1) / max(n - k - 1, 1)
    return n * math.log(max(cost, 1e-300) / n) + 2 * k + correction, model


def true_circuit(one: CorpusSpectrum, rng: np.random.Generator) -> tuple[str, list[float]]:
    """Return the circuit that made the spectrum, and values within a factor of two."""
    truth, parts, values = one.truth, [], []
    if truth.inductance_H:
        parts, values = ["L0"], [truth.inductance_H]
    if truth.series_ohm:
        parts.append("R0")
        values.append(truth.series_ohm)
    for k, arc in enumerate(truth.arcs, start=1):
        parts.append(f"p(R{k},CPE{k})")
        values += [arc.resistance_ohm, arc.q, arc.n]
    parts.append("CPE0")
    values += [truth.tail_q, truth.tail_n]
    names = parse_circuit("-".join(parts)).names
    factors = [1.0 if name.endswith("_1") else 2 ** rng.uniform(-1, 1) for name in names]
    return "-".join(parts), [v * f for v, f in zip(values, factors, strict=True)]


def fit_ours(one: CorpusSpectrum, text: str) -> None:
    """Test, extrapolate the tail, and fit a given circuit, from labkit's own starts."""
    spectrum = one.frequency_hz, one.z_ohm
    fit_tail(spectrum)
    fit_circuit(spectrum, text)


def chosen(one: CorpusSpectrum, limit: int | None = None) -> None:
    """Fit the family and take the smallest AICc."""
    points = usable_points((one.frequency_hz, one.z_ohm))
    inductive = any(point.reason == "inductive" for point in points.masked)
    if inductive:
        points = usable_points((one.frequency_hz, one.z_ohm), keep_inductive=True)
    branch = find_tail(points)
    family = WITHOUT_TAIL if branch is None else WITH_TAIL[1:] if branch.has_arc else WITH_TAIL
    hints = look(points)
    fits = []
    for text in family:
        circuit = parse_circuit(f"L0-{text}" if inductive else text)
        start = circuit.to_values(draw_starts(circuit, points, 1, hints=hints))[0]
        fits.append(fit_theirs(one, circuit.text, start.tolist(), limit))
    min(fits, key=lambda fit: fit[0])


def seconds(work: Callable[[CorpusSpectrum], None], sample: Sequence[CorpusSpectrum]) -> float:
    """Return processor seconds per spectrum."""
    started = time.process_time()
    for one in sample:
        work(one)
    return (time.process_time() - started) / len(sample)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    time_import(spectra(KINDS))  # imports and caches
    batch = spectra(count)
    wall, processor, report = time_import(batch)
    ours = processor / count
    verdicts = ", ".join(f"{n} {name}" for name, n in report["verdicts"].items())
    print(
        f"labkit        {count} files in {wall:.1f} s, {processor:.1f} s of processor: {verdicts}"
    )
    print(f"              {count / wall:7.1f} spectra/s ({1 / ours:.1f} per second of processor)")
    try:
        import impedance  # noqa: F401
    except ImportError:
        print("impedance.py is not installed: no comparison")
        return
    sample = batch[:: max(1, count // size)][:size]
    rng = np.random.default_rng(1)
    told = {id(one): true_circuit(one, rng) for one in sample}
    checked = seconds(check_theirs, sample)
    theirs_told = checked + seconds(lambda one: fit_theirs(one, *told[id(one)]), sample)
    theirs_chosen = checked + seconds(chosen, sample)
    ours_told = seconds(lambda one: fit_ours(one, told[id(one)][0]), sample)
    print(f"{len(sample)} of these spectra, per second of processor, ratio to labkit's import:")
    for name, theirs in (
        ("impedance.py, chosen among the family", theirs_chosen),
        ("impedance.py, the true circuit told", theirs_told),
    ):
        print(f"{name:42} {1 / theirs:7.2f}   {theirs / ours:6.1f}")
    print(f"{'labkit without import, true circuit told':42} {1 / ours_told:7.2f}")
    print(f"both told: labkit is {theirs_told / ours_told:.1f} times faster")


if __name__ == "__main__":
    main()
