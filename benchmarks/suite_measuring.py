"""The bench side of the suite: readers, tail, circuits, import of a batch."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import eis_import_batch as batch
from benchmarks import readers
from benchmarks.suite import OURS, Case, Cases, Part, Setting, Side
from instruments import ImpedanceSpectrum, read
from instruments.biologic_writing import write_mpr, write_mpt
from labkit.eis.corpus import CorpusSpectrum

Read = Callable[[Path], Any]
_PUBLIC = (".mpr", ".mpt")


def _files(setting: Setting) -> dict[str, list[Path]]:
    """Return files that every reader takes: simulated sweeps, and the public ones where at hand."""
    sweeps = readers.simulated(setting.of(2, 20, 100))
    mpr = write_mpr(setting.folder / "sweeps.mpr", sweeps)
    mpt = write_mpt(setting.folder / "sweeps.mpt", sweeps)
    found = {f"{len(sweeps)} simulated sweeps, {p.suffix}": [p] for p in (mpr, mpt)}
    if setting.size == "full" and setting.data is not None:
        public = readers.files_of([setting.data / "eis" / "biologic"])
        mpr_files = [path for path in public if path.suffix.lower() == ".mpr"]
        found[f"{len(mpr_files)} public .mpr files"] = mpr_files
    return found


def _reading(setting: Setting, one: Read, impedance: Callable[[Any], Any]) -> Cases:
    cases: Cases = {}
    for name, paths in _files(setting).items():
        if len(paths) == 1:
            cases[name] = Case(lambda path=paths[0]: _quiet(one, path), numbers=impedance)
        else:
            cases[name] = Case(lambda paths=paths: [_attempt(one, path) for path in paths])
    return cases


def _quiet(one: Read, path: Path) -> Any:
    with readers.quiet():
        return one(path)


def _attempt(one: Read, path: Path) -> None:
    """Read one file of many; what the reader refuses costs its time."""
    try:
        _quiet(one, path)
    except Exception:
        if one is read:
            raise


def _labkit_impedance(measured: Any) -> Any:
    sweeps = [r for r in measured.records if isinstance(r, ImpedanceSpectrum)]
    return np.concatenate([part for s in sweeps for part in (s.z_ohm.real, -s.z_ohm.imag)])


def _by_sweep(frequency: Any, real: Any, minus_imaginary: Any) -> Any:
    """Order the rows of a file as those of labkit: sweep by sweep, real parts first."""
    starts = np.flatnonzero(np.diff(frequency) > 0) + 1
    halves = (np.split(np.asarray(part), starts) for part in (real, minus_imaginary))
    return np.concatenate(list(itertools.chain.from_iterable(zip(*halves, strict=True))))


def _labkit_reads(setting: Setting) -> Cases:
    return _reading(setting, read, _labkit_impedance)


def _galvani_reads(setting: Setting) -> Cases:
    import galvani  # noqa: F401

    def impedance(result: Any) -> Any:
        data = result[0] if isinstance(result, tuple) else result.data
        return _by_sweep(data["freq/Hz"], data["Re(Z)/Ohm"], data["-Im(Z)/Ohm"])

    return _reading(setting, readers.with_galvani, impedance)


def _yadg_reads(setting: Setting) -> Cases:
    import yadg  # noqa: F401

    def impedance(result: Any) -> Any:
        data = result.to_dataset()
        return _by_sweep(*(data[name].to_numpy() for name in ("freq", "Re(Z)", "-Im(Z)")))

    return _reading(setting, readers.with_yadg, impedance)


READERS = Part(
    "Reading EC-Lab files",
    (
        Side(OURS, (), _labkit_reads),
        Side("galvani", ("datalab-org-galvani",), _galvani_reads),
        Side("yadg", ("yadg",), _yadg_reads),
    ),
    "labkit also takes the SHA-256 of the file and checks every record; one of the public files "
    "that a peer refuses costs it only the time until it does.",
    tolerance=1e-6,
)


def _spectra(setting: Setting) -> list[CorpusSpectrum]:
    return batch.spectra(setting.of(1, 7, 14))


def _batch_case(setting: Setting, work: Callable[[CorpusSpectrum], Any], what: str) -> Cases:
    sample = _spectra(setting)
    return {f"{len(sample)} spectra, {what}": Case(lambda: [work(one) for one in sample])}


def _labkit_tail(setting: Setting) -> Cases:
    from labkit.eis.tail import fit_tail

    return _batch_case(setting, lambda s: fit_tail((s.frequency_hz, s.z_ohm)), "validity and tail")


def _impedance_validity(setting: Setting) -> Cases:
    import impedance.validation  # noqa: F401

    return _batch_case(setting, batch.check_theirs, "validity and tail")


TAIL = Part(
    "Validity and resistance",
    (
        Side(OURS, (), _labkit_tail),
        Side("impedance.py", ("impedance",), _impedance_validity),
    ),
    "labkit: Kramers-Kronig test, tail window, extrapolation with uncertainties and verdict; "
    "impedance.py: linKK alone (it has no tail extrapolation), up to 60 elements.",
)
# impedance.py lets a fit take 100,000: over a minute where the data do not determine a circuit
_EVALUATIONS = 500
_CHOSEN, _TOLD = "circuit chosen among a family", "true circuit told"


def _labkit_circuits(setting: Setting) -> Cases:
    from labkit.eis.circuit import fit_circuit
    from labkit.eis.tail import fit_tail

    rng, sample = np.random.default_rng(1), _spectra(setting)
    told = {id(one): batch.true_circuit(one, rng)[0] for one in sample}

    def choose(one: CorpusSpectrum) -> None:
        fit_tail((one.frequency_hz, one.z_ohm))
        fit_circuit((one.frequency_hz, one.z_ohm))

    return {
        f"{len(sample)} spectra, {_TOLD}": Case(
            lambda: [batch.fit_ours(one, told[id(one)]) for one in sample]
        ),
        f"{len(sample)} spectra, {_CHOSEN}": Case(lambda: [choose(one) for one in sample]),
    }


def _impedance_circuits(setting: Setting) -> Cases:
    import impedance.models.circuits  # noqa: F401

    rng, sample = np.random.default_rng(1), _spectra(setting)
    told = {id(one): batch.true_circuit(one, rng) for one in sample}

    def fit_told(one: CorpusSpectrum) -> None:
        batch.check_theirs(one)
        batch.fit_theirs(one, *told[id(one)])

    def choose(one: CorpusSpectrum) -> None:
        batch.check_theirs(one)
        batch.chosen(one, _EVALUATIONS)

    return {
        f"{len(sample)} spectra, {_TOLD}": Case(lambda: [fit_told(one) for one in sample]),
        f"{len(sample)} spectra, {_CHOSEN}": Case(lambda: [choose(one) for one in sample]),
    }


CIRCUITS = Part(
    "Equivalent circuits",
    (
        Side(OURS, (), _labkit_circuits),
        Side("impedance.py", ("impedance",), _impedance_circuits),
    ),
    "Both test the validity first. labkit searches its starting values; impedance.py starts "
    "within a factor of two of the truth (told) or from labkit's starting values (chosen). Chosen "
    f"among a family, a fit of impedance.py ends after {_EVALUATIONS} evaluations: with its own "
    "limit of 100,000 some spectra take it more than a minute.",
)


def _labkit_imports(setting: Setting) -> Cases:
    import tempfile

    from labkit.workflows.importing import import_paths
    from labkit.workflows.lab import Lab, create_lab

    cases: Cases = {}
    for count in setting.of((1, 2, 4), (7, 14, 28), (14, 42, 126)):
        files = setting.folder / f"files{count}"
        files.mkdir()
        batch.write(files, batch.spectra(count))
        labs: list[Lab] = []

        def new_lab(labs: list[Lab] = labs) -> None:
            for lab in labs:
                lab.database.engine.dispose()
            labs[:] = [create_lab(Path(tempfile.mkdtemp(dir=setting.folder)))]

        def run(labs: list[Lab] = labs, files: Path = files) -> None:
            import_paths(labs[0], [files], circuit="auto")

        cases[f"{count} files of one spectrum"] = Case(run, prepare=new_lab, amount=count)
    return cases


IMPORT = Part(
    "Importing a batch",
    (Side(OURS, (), _labkit_imports),),
    "Read, validity, tail, circuit chosen, all stored with its file, each run in a new lab. No "
    "peer stores measurements.",
)
