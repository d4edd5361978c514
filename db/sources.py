"""Public data sets: where a file lies on this machine, fetched once if need be.

A folder named by ``LABKIT_DATA`` comes first. Otherwise a file is fetched from its public
repository at a pinned commit, checked against its SHA-256 and kept in the user's cache. Nothing
of a data set is part of labkit.
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from db.errors import DataUnavailableError

FOLDER_VARIABLE = "LABKIT_DATA"


@dataclass(frozen=True, slots=True)
class PublicFile:
    """Where a public file comes from; `url` is None for one that was converted by hand."""

    sub_path: str
    sha256: str
    licence: str
    origin: str
    url: str | None


@functools.cache
def _registry() -> dict[str, Any]:
    with Path(__file__).with_name("source_registry.json").open(encoding="utf-8") as file:
        registry: dict[str, Any] = json.load(file)
    return registry


def public_file(sub_path: str) -> PublicFile | None:
    """Return what is known of a public file, or None if it is not listed."""
    fetchable = _registry()["fetchable"].get(sub_path)
    if fetchable is not None:
        where = f"{fetchable['repository']}/{fetchable['commit']}/{fetchable['path']}"
        return PublicFile(
            sub_path,
            fetchable["sha256"],
            fetchable["licence"],
            f"{fetchable['repository']} at {fetchable['commit'][:12]}: {fetchable['path']}",
            f"https://raw.githubusercontent.com/{where}".replace(" ", "%20"),
        )
    converted = _registry()["converted"].get(sub_path)
    if converted is not None:
        return PublicFile(
            sub_path, converted["sha256"], converted["licence"], converted["made_from"], None
        )
    return None


def listed_files() -> list[str]:
    """Return the sub-paths of every public file that labkit knows."""
    return sorted([*_registry()["fetchable"], *_registry()["converted"]])


def data_path(sub_path: str, *, fetch: bool = True) -> Path:
    """Return the local path of a public file.

    Parameters
    ----------
    sub_path : str
        Such as ``"literature/digitized_data_for_SSEs.csv"``.
    fetch : bool
        Whether a missing file may be fetched from the network.

    Raises
    ------
    DataUnavailableError
        If the file is unknown, was converted and so cannot be fetched, or the network is out of
        reach; the message says what to do.
    """
    parts = PurePosixPath(sub_path).parts
    if not parts or PurePosixPath(sub_path).is_absolute() or ".." in parts:
        raise DataUnavailableError(f"{sub_path!r} is not a path inside the data sets")
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        local = Path(named, *parts)
        if local.is_file():
            return local.resolve()
    known = public_file(sub_path)
    missing = f"{sub_path} is not at hand"
    if named:
        missing = f"{sub_path} is not in {FOLDER_VARIABLE}={named}"
    if known is None:
        raise DataUnavailableError(
            f"{missing} and is no data set that can be fetched; "
            f"set {FOLDER_VARIABLE} to a folder that has it"
        )
    if known.url is None:
        raise DataUnavailableError(
            f"{missing}; it was converted from {known.origin} and cannot be fetched: "
            f"set {FOLDER_VARIABLE} to a folder that has it"
        )
    return _cached(known, missing, fetch=fetch)


def _cached(known: PublicFile, missing: str, *, fetch: bool) -> Path:
    import pooch  # type: ignore[import-untyped]

    folder: Path = pooch.os_cache("labkit")
    target = folder / known.sub_path
    if target.is_file() and pooch.file_hash(str(target)) == known.sha256:
        return target
    if not fetch:
        raise DataUnavailableError(f"{missing} and may not be fetched now")
    pooch.get_logger().setLevel("WARNING")
    assert known.url is not None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fetched = pooch.retrieve(
            known.url,
            known_hash=f"sha256:{known.sha256}",
            fname=target.name,
            path=target.parent,
            downloader=pooch.HTTPDownloader(timeout=30),
        )
    except ValueError as error:
        raise DataUnavailableError(
            f"{missing} and what {known.url} serves is not the pinned file (its SHA-256 differs)"
        ) from error
    except OSError as error:
        # requests' errors are OSErrors as well.
        raise DataUnavailableError(
            f"{missing} and {known.url} cannot be fetched ({type(error).__name__}); connect to "
            f"the network or set {FOLDER_VARIABLE} to a folder that has it"
        ) from error
    return Path(fetched)
