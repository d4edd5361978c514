"""Descriptors of many structures: cached, resumable, in parallel, with a table of failures.

Two stages, each kept in its own store below the cache folder: the prepared crystal (read, ordered,
decorated) by the hash of its source, and the values of one descriptor in one mode. Results are
written batch by batch; a run that is stopped goes on where it was. When everything is there, one
index and one memory-mapped file per stage answer without touching a structure.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.batches import run_batches
from screening.descriptors.base import Descriptor, OpenDescriptor
from screening.errors import CacheError, ScreeningError
from screening.prepare import (
    PREPARATION_VERSION,
    PreparedCrystal,
    StructureSource,
    failure_of,
    pack_crystal,
    prepare,
    unpack_crystal,
)
from screening.simplify import Simplifier
from screening.store import KEY_BYTES, Failure, RecordStore

__all__ = ["FeatureFailure", "FeatureTable", "featurize", "prepare_structures"]

Progress = Callable[[int, int], None]
BATCH = 128


@dataclass(frozen=True, slots=True)
class FeatureFailure:
    """One structure without values.

    Attributes
    ----------
    material_id : str
    stage : str
        ``prepare`` or the name of the descriptor.
    code : str
        Machine-readable reason.
    message : str
        The reason in words.
    """

    material_id: str
    stage: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """Values of one descriptor in one mode.

    Attributes
    ----------
    ids : tuple of str
        Structures that have values, in the order given.
    values : ndarray of float32, shape (n, length)
    source_index : ndarray of int, shape (n,)
        Position of each row among the structures given.
    failures : tuple of FeatureFailure
        All structures without values.
    descriptor, mode : str
    key : str
        Hash of descriptor, settings, library versions and mode; the same for two modes in which
        the values cannot differ.
    columns : tuple of str
        Names of the values.
    """

    ids: tuple[str, ...]
    values: npt.NDArray[np.float32]
    source_index: npt.NDArray[np.int64]
    failures: tuple[FeatureFailure, ...]
    descriptor: str
    mode: str
    key: str
    columns: tuple[str, ...]

    def row_of(self) -> dict[str, int]:
        """Return the row of each structure by its name."""
        return {name: row for row, name in enumerate(self.ids)}

    def failure_counts(self) -> dict[str, int]:
        """Count failures by stage and code."""
        counted = Counter(f"{f.stage}: {f.code}" for f in self.failures)
        return dict(sorted(counted.items()))


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTable:
    """Prepared crystals of a set of structures, read on demand.

    Attributes
    ----------
    keys : tuple of str
        Content hash per structure given.
    ids : tuple of str
        Name per structure given.
    """

    keys: tuple[str, ...]
    ids: tuple[str, ...]
    _store: RecordStore

    @property
    def failures(self) -> dict[str, Failure]:
        """Code and message by content hash."""
        return self._store.failures

    def charge_methods(self) -> dict[str, int]:
        """Count how the charges were decided."""
        counted = Counter(prepared.charge_method for prepared in self)
        return dict(counted.most_common())

    def __iter__(self) -> Iterator[PreparedCrystal]:
        good = [key for key in self.keys if key not in self._store.failures]
        return (unpack_crystal(record) for record in self._store.records(good))

    def get(self, key: str) -> PreparedCrystal:
        """Return the prepared crystal of a content hash."""
        return unpack_crystal(self._store.records([key])[0])


def _prepare_batch(sources: Sequence[StructureSource]) -> list[bytes | Failure]:
    out: list[bytes | Failure] = []
    for source in sources:
        try:
            out.append(pack_crystal(prepare(source)))
        except Exception as error:  # one bad structure must not stop a batch
            out.append(failure_of(error, source.material_id))
    return out


def _describe_batch(job: tuple[Descriptor, str, Sequence[bytes]]) -> list[bytes | Failure]:
    descriptor, mode, records = job
    simplifier = Simplifier(mode)
    if isinstance(descriptor, OpenDescriptor):
        return _terms_of_batch(descriptor, simplifier, records)
    length = descriptor.length(mode)
    out: list[bytes | Failure] = []
    for record in records:
        crystal = unpack_crystal(record).crystal
        name = crystal.material_id
        try:
            values = np.asarray(descriptor.compute(simplifier.simplify(crystal), mode))
            if values.shape != (length,):
                out.append(("length", f"{name}: {values.shape} values instead of {length}"))
            elif not np.isfinite(values).all():
                out.append(("not-finite", f"{name}: a value is not a number"))
            else:
                out.append(values.astype("<f4").tobytes())
        except Exception as error:  # one bad structure must not stop a batch
            out.append(failure_of(error, name))
    return out


def _terms_of_batch(
    descriptor: OpenDescriptor, simplifier: Simplifier, records: Sequence[bytes]
) -> list[bytes | Failure]:
    """Named values, as their columns are known only when all structures are."""
    out: list[bytes | Failure] = []
    for record in records:
        crystal = unpack_crystal(record).crystal
        try:
            terms = descriptor.terms(simplifier.simplify(crystal), simplifier.mode)
            out.append(json.dumps(dict(terms), sort_keys=True).encode())
        except Exception as error:  # one bad structure must not stop a batch
            out.append(failure_of(error, crystal.material_id))
    return out


def _rows_of_terms(
    descriptor: OpenDescriptor, stored: Sequence[memoryview]
) -> tuple[Descriptor, npt.NDArray[np.float32]]:
    """Return the descriptor with the columns that occur, and its rows."""
    terms: list[dict[str, float]] = [json.loads(bytes(record)) for record in stored]
    columns = sorted({name for row in terms for name in row})
    slot = {name: number for number, name in enumerate(columns)}
    values = np.zeros((len(terms), len(columns)), dtype=np.float32)
    for number, row in enumerate(terms):
        values[number, [slot[name] for name in row]] = list(row.values())
    return descriptor.with_columns(columns), values


def prepare_structures(
    sources: Sequence[StructureSource],
    cache: str | os.PathLike[str],
    *,
    executor: Executor | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> PreparedTable:
    """Read, order and decorate structures, or take them from the cache.

    Parameters
    ----------
    sources : sequence of StructureSource
    cache : path
        Folder of the caches; may be deleted at any time.
    executor : concurrent.futures.Executor, optional
        Where batches run; this process when absent.
    n_jobs : int
        Number of worker processes on this machine, when no executor is given.
    progress : callable, optional
        Called with (done, total).
    """
    keys = [source.content_hash[:KEY_BYTES] for source in sources]
    store = RecordStore(Path(cache) / f"prepared-v{PREPARATION_VERSION}")
    todo = _first_of_each(keys, store)
    batches = [todo[i : i + BATCH] for i in range(0, len(todo), BATCH)]
    jobs = ([sources[row] for row in batch] for batch in batches)
    _run(_prepare_batch, batches, jobs, keys, store, executor, n_jobs, progress, len(sources))
    return PreparedTable(tuple(keys), tuple(source.material_id for source in sources), store)


def featurize(
    sources: Sequence[StructureSource],
    descriptor: Descriptor,
    mode: str,
    cache: str | os.PathLike[str],
    *,
    executor: Executor | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> FeatureTable:
    """Compute a descriptor of structures, or take it from the cache.

    Parameters
    ----------
    sources : sequence of StructureSource
        Records, crystals or database rows. Only ``material_id`` and ``content_hash`` are looked
        at when everything is cached.
    descriptor : Descriptor
    mode : str
        One of `screening.simplify.MODES`.
    cache : path
    executor, n_jobs
        As in `prepare_structures`.
    progress : callable, optional
        Called with (done, total) while values are computed.

    Returns
    -------
    FeatureTable

    Raises
    ------
    ScreeningError
        When the descriptor is not defined in that mode.
    """
    if mode not in descriptor.modes:
        raise ScreeningError(
            f"descriptor {descriptor.name} is not defined in the mode {mode!r}; "
            f"choose one of {', '.join(descriptor.modes)}"
        )
    computed = computed_mode(descriptor, mode)
    key_text = json.dumps([descriptor.key, computed, PREPARATION_VERSION])
    key = hashlib.sha256(key_text.encode()).hexdigest()[:16]
    store = RecordStore(Path(cache) / f"{descriptor.name}-{computed}-{key}")
    _note(store.folder / "about.json", key_text)
    keys = [source.content_hash[:KEY_BYTES] for source in sources]
    todo = _first_of_each(keys, store)
    failures: dict[str, tuple[str, Failure]] = {}
    if todo:
        prepared = prepare_structures(
            [sources[row] for row in todo], cache, executor=executor, n_jobs=n_jobs
        )
        failures = {k: ("prepare", f) for k, f in prepared.failures.items()}
        todo = [row for row in todo if keys[row] not in failures]
        batches = [todo[i : i + BATCH] for i in range(0, len(todo), BATCH)]
        stored = prepared._store
        jobs = (
            (descriptor, computed, [bytes(r) for r in stored.records([keys[row] for row in batch])])
            for batch in batches
        )
        total = len(sources)
        _run(_describe_batch, batches, jobs, keys, store, executor, n_jobs, progress, total)
        _note_preparation_failures(store, keys, failures)
    return _table(sources, keys, descriptor, mode, key, store)


def computed_mode(descriptor: Descriptor, mode: str) -> str:
    """Return the mode whose values serve for `mode`.

    A descriptor that does not change when the cell is scaled has the same values in a mode and in
    the one scaled to 40 cubic angstrom per site: they are computed and stored once.
    """
    return mode.removesuffix("40") if descriptor.scale_invariant else mode


def _first_of_each(keys: Sequence[str], store: RecordStore) -> list[int]:
    """Rows whose key is not in the store, one per key."""
    known = store.known(keys)
    seen: dict[str, int] = {}
    for row, key in enumerate(keys):
        if not known[row]:
            seen.setdefault(key, row)
    return list(seen.values())


def _run(
    function: Callable[[Any], list[bytes | Failure]],
    batches: Sequence[Sequence[int]],
    jobs: Iterator[Any],
    keys: Sequence[str],
    store: RecordStore,
    executor: Executor | None,
    n_jobs: int,
    progress: Progress | None,
    total: int,
) -> None:
    done = total - sum(len(batch) for batch in batches)
    for number, results in run_batches(function, jobs, executor=executor, n_jobs=n_jobs):
        records: dict[str, bytes] = {}
        failed: dict[str, Failure] = {}
        for row, result in zip(batches[number], results, strict=True):
            if isinstance(result, bytes):
                records[keys[row]] = result
            else:
                failed[keys[row]] = result
        store.add(records, failed)
        done += len(batches[number])
        if progress is not None:
            progress(done, total)
    store.pack()


def _note_preparation_failures(
    store: RecordStore, keys: Sequence[str], failures: dict[str, tuple[str, Failure]]
) -> None:
    wanted = set(keys)
    new = {
        key: (f"prepare: {code}", message)
        for key, (_, (code, message)) in failures.items()
        if key in wanted and key not in store.failures
    }
    if new:
        store.add({}, new)
        store.pack()


def _table(
    sources: Sequence[StructureSource],
    keys: Sequence[str],
    descriptor: Descriptor,
    mode: str,
    key: str,
    store: RecordStore,
) -> FeatureTable:
    failed = store.failures
    good = np.array([row for row, k in enumerate(keys) if k not in failed], dtype=np.int64)
    failures = []
    for row, content in enumerate(keys):
        if content in failed:
            code, message = failed[content]
            stage = "prepare" if code.startswith("prepare: ") else descriptor.name
            code = code.removeprefix("prepare: ")
            failures.append(FeatureFailure(sources[row].material_id, stage, code, message))
    wanted = [keys[row] for row in good.tolist()]
    if isinstance(descriptor, OpenDescriptor):
        descriptor, values = _rows_of_terms(descriptor, store.records(wanted))
    else:
        values = store.rows(wanted, descriptor.length(mode))
    return FeatureTable(
        ids=tuple(sources[row].material_id for row in good.tolist()),
        values=values,
        source_index=good,
        failures=tuple(failures),
        descriptor=descriptor.name,
        mode=mode,
        key=key,
        columns=tuple(descriptor.columns(mode)),
    )


def _note(path: Path, text: str) -> None:
    if path.exists():
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise CacheError(f"{path}: cannot be written ({error.strerror})") from error
