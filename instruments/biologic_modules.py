"""The envelope of an .mpr file: a magic text and modules, one after another.

A module is ``MODULE``, a short name (10 bytes), a long name (25 bytes), the length of its body, a
version, a date (8 characters, month-day-year), and the body. EC-Lab before 11.50 stores the length
in 32 bits; later versions write ``FF FF FF FF`` there and 64 bits behind.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from instruments.errors import LayoutError, TruncatedFileError

__all__ = ["MAGIC", "Module", "modules_of", "pack_file", "pack_module"]

MAGIC = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + b"\x00" * 4
_MAGIC_TEXT = MAGIC[:22]
_TAG = b"MODULE"
_SHORT = struct.Struct("<II")
_LONG = struct.Struct("<IQI")
_LONG_MARK = 0xFFFFFFFF
_NAME_END = 41


@dataclass(frozen=True, slots=True)
class Module:
    """One module: where its body lies and what its header says.

    Attributes
    ----------
    name : str
        ``"VMP Set"``, ``"VMP data"``, ``"VMP LOG"``, ``"VMP loop"``, ``"VMP ExtDev"``.
    version : int
        Version of the layout of the body.
    date : str
        Month-day-year, separator after the locale of the computer.
    start, length : int
        Offset and size of the body in the file.
    """

    name: str
    version: int
    date: str
    start: int
    length: int

    def body(self, content: bytes) -> bytes:
        """Return the bytes of the body."""
        return content[self.start : self.start + self.length]


def modules_of(content: bytes) -> Iterator[Module]:
    """Walk over the modules of a file.

    Parameters
    ----------
    content : bytes
        The whole file.

    Yields
    ------
    Module
        In the order of the file.

    Raises
    ------
    LayoutError
        When something else stands where a module must begin.
    TruncatedFileError
        When a module is longer than what is left of the file.
    """
    if not content.startswith(_MAGIC_TEXT):
        raise LayoutError("does not begin with 'BIO-LOGIC MODULAR FILE', so it is no .mpr file")
    position = len(MAGIC)
    while position < len(content):
        module = _module_at(content, position)
        yield module
        position = module.start + module.length


def _module_at(content: bytes, position: int) -> Module:
    header = content[position : position + _NAME_END + _LONG.size + 8]
    if not header.startswith(_TAG[: len(header)]):
        raise LayoutError("no module begins where the one before it ends", offset=position)
    if len(header) < _NAME_END + _SHORT.size + 8:
        raise TruncatedFileError(
            "is cut off inside the header of a module; copy it again from the instrument",
            offset=position,
        )
    name = header[6:16].decode("latin-1").strip(" \x00")
    (mark,) = struct.unpack_from("<I", header, _NAME_END)
    if mark == _LONG_MARK:
        if len(header) < _NAME_END + _LONG.size + 8:
            raise TruncatedFileError("is cut off inside the header of a module", offset=position)
        _, length, version = _LONG.unpack_from(header, _NAME_END)
        date_at = _NAME_END + _LONG.size
    else:
        length, version = _SHORT.unpack_from(header, _NAME_END)
        date_at = _NAME_END + _SHORT.size
    start = position + date_at + 8
    if start + length > len(content):
        raise TruncatedFileError(
            f"is cut off: module {name!r} should end at byte {start + length}, the file ends at "
            f"byte {len(content)}; wait until the run has ended, or copy the file again",
            offset=position,
        )
    date = header[date_at : date_at + 8].decode("latin-1")
    return Module(name, version, date, start, length)


def pack_module(name: str, long_name: str, version: int, date: str, body: bytes) -> bytes:
    """Write a module; versions from 10 on have the 64-bit header."""
    head = _TAG + name.encode("latin-1").ljust(10) + long_name.encode("latin-1").ljust(25)
    if version >= 10:
        sizes = _LONG.pack(_LONG_MARK, len(body), version)
    else:
        sizes = _SHORT.pack(len(body), version)
    return head + sizes + date.encode("latin-1").ljust(8)[:8] + body


def pack_file(modules: list[bytes]) -> bytes:
    """Join modules to a file."""
    return MAGIC + b"".join(modules)
