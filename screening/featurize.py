"""Descriptors of many structures: cached, resumable, in parallel, with a table of failures.

Two stages, each kept in its own store below the cache folder: the prepared crystal (read, ordered,
decorated) by the hash of its source, and the values of one descriptor in one mode. Results are
written batch by batch; a run that is stopped goes on where it was. When everything is there, one
index and one memory-mapped file per stage answer without touching a structure.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.batches import run_batches
from screening.descriptors.base import Descriptor, OpenDescriptor
from screening.errors import CacheError
from screening.prepare import (
    PREPARATION_VERSION,
    PreparedCrystal,
    StructureSource,
    failure_of,
    pack_crystal,
    prepare,
    unpack_crystal,
)
from screening.representations import (
    Representation,
    computed_mode,
    describe_batch,
    rows_of_terms,
)
from screening.store import KEY_BYTES, Failure, RecordStore

__all__ = [
    "FeatureFailure",
    "FeatureTable",
    "computed_mode",
    "featurize",
    "featurize_all",
    "prepare_structures",
]

Progress = Callable[[int, int], None]
# a run or a worker that is stopped loses one batch; a store of very many parts is slow to open
SMALLEST_BATCH, BATCH, MOST_SHARDS = 32, 128, 150


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


def _batch_size(count: int) -> int:
    return min(BATCH, max(SMALLEST_BATCH, -(-count // MOST_SHARDS)))


def _prepare_batch(sources: Sequence[StructureSource]) -> list[bytes | Failure]:
    out: list[bytes | Failure] = []
    for source in sources:
        try:
            out.append(pack_crystal(prepare(source)))
        except Exception as error:  # one bad structure must not stop a batch
            out.append(failure_of(error, source.material_id))
    return out


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
    size = _batch_size(len(todo))
    batches = [[(row, 0) for row in todo[i : i + size]] for i in range(0, len(todo), size)]
    jobs = ([sources[row] for row, _ in batch] for batch in batches)
    total = len(sources)
    _run(_prepare_batch, batches, jobs, keys, [store], executor, n_jobs, progress, total)
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
    return featurize_all(
        sources,
        [(descriptor, mode)],
        cache,
        executor=executor,
        n_jobs=n_jobs,
        progress=progress,
    )[0]


def featurize_all(
    sources: Sequence[StructureSource],
    representations: Sequence[tuple[Descriptor, str]],
    cache: str | os.PathLike[str],
    *,
    executor: Executor | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> list[FeatureTable]:
    """Compute several representations structure by structure, so that equal work is done once.

    Parameters
    ----------
    sources, cache, executor, n_jobs, progress
        As in `featurize`.
    representations : sequence of (Descriptor, str)
        Descriptors and modes.

    Returns
    -------
    list of FeatureTable
        In the order of the representations.

    Raises
    ------
    ScreeningError
        When a descriptor is not defined in its mode.
    """
    asked = [Representation(descriptor, mode) for descriptor, mode in representations]
    distinct = list({one.folder: one for one in asked}.values())
    stores = [RecordStore(Path(cache) / one.folder) for one in distinct]
    for one, store in zip(distinct, stores, strict=True):
        _note(store.folder / "about.json", one.key_text)
    keys = [source.content_hash[:KEY_BYTES] for source in sources]
    missing = [set(_first_of_each(keys, store)) for store in stores]
    todo = sorted(set().union(*missing))
    if todo:
        prepared = prepare_structures(
            [sources[row] for row in todo], cache, executor=executor, n_jobs=n_jobs
        )
        failed = prepared.failures
        todo = [row for row in todo if keys[row] not in failed]
        size = _batch_size(len(todo))
        batches = [
            [(row, number) for row in todo[i : i + size] for number in _lacking(missing, row)]
            for i in range(0, len(todo), size)
        ]
        jobs = ((distinct, _items(batch, keys, prepared._store)) for batch in batches)
        total = len(sources)
        _run(describe_batch, batches, jobs, keys, stores, executor, n_jobs, progress, total)
        for store in stores:
            _note_preparation_failures(store, keys, failed)
    by_folder = dict(zip((one.folder for one in distinct), stores, strict=True))
    return [_table(sources, keys, one, by_folder[one.folder]) for one in asked]


def _lacking(missing: Sequence[set[int]], row: int) -> list[int]:
    """Numbers of the representations that a structure has not got."""
    return [number for number, rows in enumerate(missing) if row in rows]


def _items(
    batch: Sequence[tuple[int, int]], keys: Sequence[str], store: RecordStore
) -> list[tuple[int, bytes]]:
    """Pair each representation with the one object that holds the bytes of its crystal."""
    rows = list(dict.fromkeys(row for row, _ in batch))
    records = store.records([keys[row] for row in rows])
    held = {row: bytes(record) for row, record in zip(rows, records, strict=True)}
    return [(number, held[row]) for row, number in batch]


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
    batches: Sequence[Sequence[tuple[int, int]]],
    jobs: Iterator[Any],
    keys: Sequence[str],
    stores: Sequence[RecordStore],
    executor: Executor | None,
    n_jobs: int,
    progress: Progress | None,
    total: int,
) -> None:
    """Work on batches of (row, number of the store), and store what each yields."""
    sizes = [len({row for row, _ in batch}) for batch in batches]
    done = total - sum(sizes)
    for number, results in run_batches(function, jobs, executor=executor, n_jobs=n_jobs):
        records: list[dict[str, bytes]] = [{} for _ in stores]
        failed: list[dict[str, Failure]] = [{} for _ in stores]
        for (row, which), result in zip(batches[number], results, strict=True):
            if isinstance(result, bytes):
                records[which][keys[row]] = result
            else:
                failed[which][keys[row]] = result
        for store, good, bad in zip(stores, records, failed, strict=True):
            store.add(good, bad)
        done += sizes[number]
        if progress is not None:
            progress(done, total)
    for store in stores:
        store.pack()


def _note_preparation_failures(
    store: RecordStore, keys: Sequence[str], failures: Mapping[str, Failure]
) -> None:
    wanted = set(keys)
    new = {
        key: (f"prepare: {code}", message)
        for key, (code, message) in failures.items()
        if key in wanted and key not in store.failures
    }
    if new:
        store.add({}, new)
        store.pack()


def _table(
    sources: Sequence[StructureSource],
    keys: Sequence[str],
    representation: Representation,
    store: RecordStore,
) -> FeatureTable:
    descriptor, mode = representation.descriptor, representation.mode
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
        descriptor, values = rows_of_terms(descriptor, store.records(wanted))
    else:
        values = store.rows(wanted, descriptor.length(mode))
    return FeatureTable(
        ids=tuple(sources[row].material_id for row in good.tolist()),
        values=values,
        source_index=good,
        failures=tuple(failures),
        descriptor=descriptor.name,
        mode=mode,
        key=representation.key,
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
