"""Members of zip containers, read within a limit of size."""

from __future__ import annotations

import io
import zipfile
import zlib

from instruments.errors import MalformedFileError, TruncatedFileError

__all__ = ["ZIP_MAGIC", "member_bytes", "open_archive"]

ZIP_MAGIC = b"PK\x03\x04"
_MOST_BYTES = 256 << 20


def open_archive(content: bytes) -> zipfile.ZipFile:
    """Open a zip container.

    Raises
    ------
    TruncatedFileError
        When its directory, which stands at the end, is not there.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise TruncatedFileError(f"is no whole zip container: {error}; copy it again") from error


def member_bytes(archive: zipfile.ZipFile, name: str) -> bytes:
    """Unpack one member.

    Raises
    ------
    MalformedFileError
        When it is missing, damaged, encrypted, or would unpack to more than 256 MB.
    """
    try:
        info = archive.getinfo(name)
        if info.file_size > _MOST_BYTES:
            raise MalformedFileError(f"its member {name} would unpack to {info.file_size} bytes")
        with archive.open(info) as stream:
            data = stream.read(_MOST_BYTES + 1)
    except KeyError:
        raise MalformedFileError(f"has no member {name}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError,
            NotImplementedError) as error:  # fmt: skip
        raise MalformedFileError(f"its member {name} cannot be unpacked: {error}") from error
    if len(data) > _MOST_BYTES:
        raise MalformedFileError(f"its member {name} unpacks to more than it says")
    return data
