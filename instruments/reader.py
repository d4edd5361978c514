"""Read any raw file: by what it contains first, by its suffix second.

A reader is a function from bytes to a `Parsed`, registered with `register`. It knows one format;
opening the file, naming it in errors and hashing it happen here, once.
"""

from __future__ import annotations

import functools
import importlib
import struct
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from instruments.errors import (
    EmptyFileError,
    FileAccessError,
    InstrumentFileError,
    MalformedFileError,
    UnknownFormatError,
)
from instruments.records import MeasuredFile, Record

__all__ = ["Parsed", "ReaderInfo", "ReaderOptions", "Source", "formats", "read", "register"]

# Modules that register readers, in the order in which their sniffers are asked.
_READER_MODULES: tuple[str, ...] = (
    "biologic_mpr",
    "biologic_mpt",
    "gamry",
    "zview",
    "chi",
    "autolab",
    "versastudio",
    "ivium",
    "palmsens",
    "panalytical",
    "rigaku",
    "bruker_brml",
    "bruker_raw",
    "not_measurements",
    "gsas_data",
    "elchemea",
    "table",
    "xy",
)

_FOREIGN_CONTENT = (
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"7z\xbc\xaf", "a 7-zip archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one reader found in one file."""

    records: tuple[Record, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """What the caller knows and the file may not say.

    Attributes
    ----------
    columns : mapping of str to str, or None
        For plain tables: ``{"f": "Frequency (Hz)", "re": "...", "im": "-..."}``.
    """

    columns: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The content of a file beside its path.

    Attributes
    ----------
    content : bytes
        All of it.
    path : Path
        For its name, its suffix, and files that lie beside it; it need not exist.
    options : ReaderOptions
        What the caller said.
    """

    content: bytes
    path: Path
    options: ReaderOptions = field(default_factory=ReaderOptions)

    @property
    def suffix(self) -> str:
        """Suffix in lower case, with its dot."""
        return self.path.suffix.lower()


Sniffer = Callable[[Source], bool]
Reader = Callable[[Source], Parsed]


@dataclass(frozen=True, slots=True)
class ReaderInfo:
    """A registered reader.

    Attributes
    ----------
    name : str
        ``"biologic-mpr"``.
    suffixes : tuple of str
        Lower case, with dot.
    version : str
        Rises whenever the output could change.
    description : str
        One line.
    """

    name: str
    suffixes: tuple[str, ...]
    version: str
    description: str
    sniff: Sniffer
    parse: Reader


_REGISTRY: dict[str, ReaderInfo] = {}


def register(
    name: str, *, suffixes: tuple[str, ...], sniff: Sniffer, version: str = "1"
) -> Callable[[Reader], Reader]:
    """Register a reader.

    Parameters
    ----------
    name : str
        Name of the format.
    suffixes : tuple of str
        Suffixes that hint at it, lower case with dot; asked only when no content is recognised.
    sniff : callable
        ``sniff(source)`` is True when the content is of this format.
    version : str
        Version of the reader.
    """

    def decorate(parse: Reader) -> Reader:
        first_line = (parse.__doc__ or name).strip().splitlines()[0]
        _REGISTRY[name] = ReaderInfo(name, suffixes, version, first_line, sniff, parse)
        return parse

    return decorate


@functools.cache
def _load_readers() -> dict[str, ReaderInfo]:
    for module in _READER_MODULES:
        importlib.import_module(f"instruments.{module}")
    return _REGISTRY


def formats() -> list[ReaderInfo]:
    """List the registered readers, in the order in which they are asked."""
    return list(_load_readers().values())


def _content_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileAccessError("no such file", path=path) from None
    except OSError as error:
        if path.is_dir():  # Windows says "permission denied" to that
            raise FileAccessError("is a folder; name the files in it", path=path) from None
        raise FileAccessError(f"cannot be read: {error.strerror}", path=path) from error
    except ValueError as error:  # a null character in the name
        raise FileAccessError(f"is not a usable path: {error}") from error


def _unknown(source: Source, by_suffix: ReaderInfo | None) -> UnknownFormatError:
    for magic, what in _FOREIGN_CONTENT:
        if source.content.startswith(magic):
            hint = f", not a {by_suffix.name} file" if by_suffix else ""
            return UnknownFormatError(f"this is {what}{hint}", path=source.path)
    return UnknownFormatError(
        "no reader knows this content; `formats()` lists the known ones, and a plain table can be "
        "read by naming its columns (f=..., re=..., im=...)",
        path=source.path,
    )


def _choose(source: Source) -> ReaderInfo:
    readers = _load_readers()
    for reader in readers.values():
        if reader.sniff(source):
            return reader
    by_suffix = next((r for r in readers.values() if source.suffix in r.suffixes), None)
    foreign = any(source.content.startswith(magic) for magic, _ in _FOREIGN_CONTENT)
    if by_suffix is None or foreign:
        raise _unknown(source, by_suffix)
    return by_suffix


def read(
    path: Path | str,
    *,
    content: bytes | None = None,
    columns: Mapping[str, str] | None = None,
) -> MeasuredFile:
    """Read a raw file into typed records.

    Parameters
    ----------
    path : Path or str
        The file.
    content : bytes, optional
        Its bytes, where they are already at hand; the path then only names it.
    columns : mapping of str to str, optional
        Column names of a plain table, ``{"f": ..., "re": ..., "im": ...}``; a leading minus sign
        on ``im`` says that the column holds the negative imaginary part.

    Returns
    -------
    MeasuredFile
        Records in the order of the file.

    Raises
    ------
    InstrumentFileError
        One line that names the file, what is wrong, and what to do.
    """
    path = Path(path)
    if content is None:
        content = _content_of(path)
    if not content:
        raise EmptyFileError("is empty (0 bytes); copy it again from the instrument", path=path)
    source = Source(content, path, ReaderOptions(columns=columns))
    try:
        reader = _choose(source)
        parsed = reader.parse(source)
    except InstrumentFileError as error:
        error.path = error.path or path
        raise
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        EOFError,
        ElementTree.ParseError,
        LookupError,
        NotImplementedError,
        RecursionError,
        RuntimeError,
        TypeError,
        ValueError,
        struct.error,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        # A damaged file can break a reader at any place; the person needs the file's name.
        raise MalformedFileError(
            f"is damaged or not what it says it is ({type(error).__name__}: {error})", path=path
        ) from error
    return MeasuredFile(
        path=path,
        size_bytes=len(content),
        format=reader.name,
        reader_version=reader.version,
        records=parsed.records,
        metadata=parsed.metadata,
        warnings=parsed.warnings,
        content=content,
    )
