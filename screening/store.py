"""A folder of records by content hash: written in shards, packed into one file, memory-mapped.

Layout of a store::

    <name>.idx.npy     table of (key, offset, length), sorted by key; written last: it commits
    <name>.bin         the records one after the other
    <name>.fail.json   records that could not be made: key -> [code, message]

A shard is named by the hash of what it holds. Every file is written beside its place and renamed,
so a killed run leaves whole shards and at most some ``.part`` files. `pack` merges all shards into
one sorted by key; its bytes depend only on what is stored, not on the history of runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from screening.errors import CacheError

__all__ = ["Failure", "RecordStore"]

Failure = tuple[str, str]

KEY_BYTES = 32
_INDEX = np.dtype([("key", f"S{KEY_BYTES}"), ("offset", "<i8"), ("length", "<i8")])
_ATTEMPTS = 3


class RecordStore:
    """Records by key in one folder.

    Parameters
    ----------
    folder : path
        Made if it is missing.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._indices: list[npt.NDArray[np.void]] = []
        self._data: list[npt.NDArray[np.uint8]] = []
        self._names: list[str] = []
        self.failures: dict[str, Failure] = {}
        self.reload()

    def reload(self) -> None:
        """Look at the folder again."""
        for attempt in range(_ATTEMPTS):
            try:
                self._load()
                return
            except FileNotFoundError as error:  # another process packed meanwhile
                if attempt == _ATTEMPTS - 1:
                    raise CacheError(f"{self.folder}: {error}; delete it to rebuild") from error

    def _load(self) -> None:
        names = sorted(path.name.removesuffix(".idx.npy") for path in self._index_files())
        self._names, self._indices, self._data, self.failures = [], [], [], {}
        for name in names:
            self._attach(name)

    def _attach(self, name: str) -> None:
        """Open one shard."""
        try:
            index = np.load(self.folder / f"{name}.idx.npy")
        except (ValueError, EOFError) as error:
            raise CacheError(f"{self.folder / name}.idx.npy: damaged; delete it") from error
        binary = self.folder / f"{name}.bin"
        size = binary.stat().st_size
        if index.size and int((index["offset"] + index["length"]).max()) > size:
            raise CacheError(f"{binary}: shorter than its index says; delete the store")
        told = json.loads((self.folder / f"{name}.fail.json").read_text(encoding="utf-8"))
        empty = np.empty(0, dtype=np.uint8)
        self._names.append(name)
        self._indices.append(index)
        self._data.append(np.memmap(binary, dtype=np.uint8, mode="r") if size else empty)
        self.failures.update({key: (entry[0], entry[1]) for key, entry in told.items()})

    def _index_files(self) -> list[Path]:
        return [path for path in self.folder.glob("*.idx.npy") if not path.name.startswith(".")]

    def __len__(self) -> int:
        return sum(index.size for index in self._indices)

    def find(self, keys: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Shard and position in it of each key; shard -1 where there is no record."""
        wanted = np.array(keys, dtype=f"S{KEY_BYTES}")
        shard = np.full(wanted.size, -1, dtype=np.int64)
        position = np.zeros(wanted.size, dtype=np.int64)
        for number, index in enumerate(self._indices):
            if index.size == 0:
                continue
            at = np.minimum(np.searchsorted(index["key"], wanted), index.size - 1)
            hit = (index["key"][at] == wanted) & (shard < 0)
            shard[hit], position[hit] = number, at[hit]
        return shard, position

    def known(self, keys: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Whether each key has a record or a recorded failure."""
        shard, _ = self.find(keys)
        failed = np.array([key in self.failures for key in keys], dtype=np.bool_)
        return (shard >= 0) | failed

    def records(self, keys: Sequence[str]) -> list[memoryview]:
        """Return records of keys that are all present, in the order asked for."""
        shard, position = self._present(keys)
        views = [data.data for data in self._data]
        out = []
        for number, at in zip(shard.tolist(), position.tolist(), strict=True):
            entry = self._indices[number][at]
            start = int(entry["offset"])
            out.append(views[number][start : start + int(entry["length"])])
        return out

    def rows(self, keys: Sequence[str], length: int) -> npt.NDArray[np.float32]:
        """Return records of equal length as rows, float32, shape (n, length).

        When the keys are those of one pack, in its order, the result is memory-mapped.
        """
        shard, position = self._present(keys)
        out = np.empty((len(keys), length), dtype=np.float32)
        for number in np.unique(shard).tolist():
            index, data = self._indices[number], self._data[number]
            if int(index["length"].min()) != 4 * length or int(index["length"].max()) != 4 * length:
                raise CacheError(f"{self.folder}: rows are not {length} numbers long; delete it")
            table: npt.NDArray[np.float32] = data.view(np.float32).reshape(-1, length)
            here = np.flatnonzero(shard == number)
            slot = index["offset"][position[here]] // (4 * length)
            if here.size == len(keys) == len(table) and np.array_equal(slot, np.arange(here.size)):
                return table
            out[here] = table[slot]
        return out

    def _present(self, keys: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        shard, position = self.find(keys)
        if (shard < 0).any():
            missing = keys[int(np.flatnonzero(shard < 0)[0])]
            raise CacheError(f"{self.folder}: holds no record {missing}")
        return shard, position

    def add(self, records: Mapping[str, bytes], failures: Mapping[str, Failure]) -> None:
        """Write one shard; it is there completely or not at all."""
        if records or failures:
            name = self._write(records, failures)
            if name not in self._names:
                self._attach(name)

    def _write(
        self, records: Mapping[str, bytes | memoryview], failed: Mapping[str, Failure]
    ) -> str:
        keys = sorted(records)
        index = np.zeros(len(keys), dtype=_INDEX)
        index["key"] = keys
        index["length"] = [len(records[key]) for key in keys]
        index["offset"] = np.concatenate([[0], np.cumsum(index["length"])])[:-1] if keys else 0
        digest = hashlib.sha256(index.tobytes())
        listed = json.dumps(dict(sorted(failed.items())), indent=0)
        digest.update(listed.encode())
        name = digest.hexdigest()[:24]
        _write_parts(self.folder / f"{name}.bin", [records[key] for key in keys])
        _write_parts(self.folder / f"{name}.fail.json", [listed.encode()])
        partial = self.folder / f".{name}.idx.npy.{os.getpid()}.part"
        with partial.open("wb") as handle:
            np.save(handle, index)
            handle.flush()
            os.fsync(handle.fileno())
        partial.replace(self.folder / f"{name}.idx.npy")
        return name

    def pack(self) -> None:
        """Merge all shards into one, and remove what a killed run left behind."""
        if len(self._names) > 1:
            records: dict[str, memoryview] = {}
            for index, data in zip(self._indices, self._data, strict=True):
                view = data.data
                for key, offset, length in index.tolist():
                    records[key.decode()] = view[offset : offset + length]
            failures = {k: v for k, v in self.failures.items() if k not in records}
            name = self._write(records, failures)
            old = [shard for shard in self._names if shard != name]
            del records, view
            self._indices, self._data = [], []
            for shard in old:
                for ending in (".idx.npy", ".bin", ".fail.json"):
                    # a file that another process has mapped cannot be removed on Windows
                    with contextlib.suppress(PermissionError, FileNotFoundError):
                        (self.folder / f"{shard}{ending}").unlink()
        self._remove_leftovers()
        self.reload()

    def _remove_leftovers(self) -> None:
        kept = set(self._names) | {p.name.removesuffix(".idx.npy") for p in self._index_files()}
        for path in self.folder.iterdir():
            orphan = path.suffix == ".bin" and path.stem not in kept
            if path.suffix == ".part" or orphan:
                with contextlib.suppress(PermissionError, FileNotFoundError):
                    path.unlink()


def _write_parts(path: Path, parts: Sequence[bytes | memoryview]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    with partial.open("wb") as handle:
        for part in parts:
            handle.write(part)
        handle.flush()
        os.fsync(handle.fileno())
    partial.replace(path)
