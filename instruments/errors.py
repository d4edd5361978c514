"""Exceptions of the package: one line for the person who holds the file.

::

    InstrumentFileError
    ├── FileAccessError        the path is missing, a folder, or may not be read
    ├── EmptyFileError         zero bytes, or a measurement that holds no point
    ├── UnknownFormatError     no reader knows this content
    ├── TruncatedFileError     the file ends before its own header says it should
    ├── LayoutError            the bytes cannot be given a meaning that proves itself
    ├── MalformedFileError     a line, a number or a tag that cannot be read
    ├── MissingColumnError     a needed column is not there
    ├── NoMeasurementError     settings, a log or a model: about a measurement, none inside
    ├── NotImpedanceError      a sound file of another technique
    ├── RecordError            a record was built from arrays that do not fit together
    └── WriteError             a simulated file cannot hold what was asked
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "EmptyFileError",
    "FileAccessError",
    "InstrumentFileError",
    "LayoutError",
    "MalformedFileError",
    "MissingColumnError",
    "NoMeasurementError",
    "NotImpedanceError",
    "RecordError",
    "TruncatedFileError",
    "UnknownFormatError",
    "WriteError",
]


class InstrumentFileError(Exception):
    """A file cannot be used; ``str(error)`` is one line that names it.

    Parameters
    ----------
    message : str
        What is wrong and what to do, without the file name.
    path : Path or str, optional
        The file; its name opens the line. A reader may leave it out: `read` adds it.
    line : int, optional
        1-based line of a text file.
    offset : int, optional
        Byte offset in a binary file.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Path | str | None = None,
        line: int | None = None,
        offset: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = None if path is None else Path(path)
        self.line = line
        self.offset = offset

    def __str__(self) -> str:
        where = ""
        if self.line is not None:
            where = f" (line {self.line})"
        elif self.offset is not None:
            where = f" (byte {self.offset})"
        name = f"{self.path.name or self.path}: " if self.path is not None else ""
        return " ".join(f"{name}{self.message}{where}".split())


class FileAccessError(InstrumentFileError):
    """The path is missing, a folder, or may not be read."""


class EmptyFileError(InstrumentFileError):
    """Zero bytes, or a measurement that holds no point."""


class UnknownFormatError(InstrumentFileError):
    """No reader knows this content."""


class TruncatedFileError(InstrumentFileError):
    """The file ends before its own header says it should."""


class LayoutError(InstrumentFileError):
    """The bytes cannot be given a meaning that proves itself."""


class MalformedFileError(InstrumentFileError):
    """A line, a number or a tag that cannot be read."""


class MissingColumnError(InstrumentFileError):
    """A needed column is not there."""


class NoMeasurementError(InstrumentFileError):
    """Settings, a log or a model: about a measurement, none inside."""


class NotImpedanceError(InstrumentFileError):
    """A sound file of another technique, asked for impedance."""


class RecordError(InstrumentFileError):
    """A record was built from arrays that do not fit together."""


class WriteError(InstrumentFileError):
    """A simulated file cannot hold what was asked."""
