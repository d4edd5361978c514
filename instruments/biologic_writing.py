"""Write simulated spectra as EC-Lab would store them: .mpr and .mpt.

The files carry ``simulated`` in their comments. Numbers are stored in single precision, as the
instrument does, so both files of one spectrum read back to the same canonical data hash.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from instruments.biologic_columns import COLUMNS, DEVICES, TECHNIQUES
from instruments.biologic_modules import pack_file, pack_module
from instruments.errors import WriteError
from instruments.identity import TIES_AWAY_FROM_ZERO
from instruments.records import ImpedanceSpectrum

__all__ = ["write_mpr", "write_mpt"]

_IDS = (32, 37, 38, 36, 35, 4, 77, 76, 169, 172, 24, 39, 33, 34, 131, 13)
_ROW = np.dtype([(COLUMNS[number].name, COLUMNS[number].dtype) for number in _IDS])
_DATA_OFFSET = 1007
_SETTINGS_BYTES = 6747
_LOG_BYTES = 8103
_LOOP_BYTES = 280
_OLE_EPOCH = datetime(1899, 12, 30)
_AUTO_RANGE = 40
_DEFAULT_DEVICE = "SP-300"
_DEFAULT_VERSION = "11.50"
_DEFAULT_START = datetime(2024, 1, 15, 9, 30)


@dataclass(frozen=True, slots=True)
class _Description:
    """What the header of the simulated file will say."""

    device: str
    version: str
    technique_number: int
    technique_title: str
    started_at: datetime
    amplitude_mV: float
    comments: str
    start_hz: float
    stop_hz: float


def _amplitude_mV(text: str | None) -> float:
    number, _, unit = (text or "10 mV").partition(" ")
    factor = {"mV": 1.0, "V": 1e3}.get(unit)
    try:
        if factor is None:
            raise ValueError
        return float(number) * factor
    except ValueError:
        raise WriteError(f"amplitude {text!r} is no voltage; write it as '10 mV'") from None


def _describe(
    spectra: Sequence[ImpedanceSpectrum], comments: str, started_at: datetime | None
) -> _Description:
    if not spectra:
        raise WriteError("no spectrum to write")
    first = spectra[0]
    if first.technique not in ("PEIS", "EIS"):
        raise WriteError(f"technique {first.technique} cannot be simulated; use PEIS")
    if started_at is None:
        started_at = (
            datetime.fromisoformat(first.started_at.iso).replace(tzinfo=None)
            if first.started_at
            else _DEFAULT_START
        )
    number = next(n for n, t in TECHNIQUES.items() if t.short == "PEIS")
    return _Description(
        device=next((d for d in DEVICES.values() if d == first.instrument), _DEFAULT_DEVICE),
        version=(first.software or "").removeprefix("EC-Lab ") or _DEFAULT_VERSION,
        technique_number=number,
        technique_title=TECHNIQUES[number].title,
        started_at=started_at,
        amplitude_mV=_amplitude_mV(first.amplitude),
        comments=comments,
        start_hz=float(first.frequency_hz[0]) if first.n_points else 1e6,
        stop_hz=float(first.frequency_hz[-1]) if first.n_points else 1.0,
    )


def _rows(spectra: Sequence[ImpedanceSpectrum]) -> NDArray[np.void]:
    """Return the records of all sweeps, one behind the other, in stored precision."""
    rows = np.zeros(sum(s.n_points for s in spectra), dtype=_ROW)
    at, clock = 0, 0.0
    for number, spectrum in enumerate(spectra, start=1):
        part = rows[at : at + spectrum.n_points]
        at += spectrum.n_points
        with np.errstate(over="ignore"):
            frequency = spectrum.frequency_hz.astype(np.float32)
            real = spectrum.z_ohm.real.astype(np.float32)
            minus_imag = (0.0 - spectrum.z_ohm.imag).astype(np.float32)
        if not (
            np.isfinite(real).all() and np.isfinite(minus_imag).all() and (frequency > 0).all()
        ):
            raise WriteError(f"sweep {number} does not fit single precision")
        omega = 2.0 * np.pi * frequency.astype(np.float64)
        modulus = np.hypot(real.astype(np.float64), minus_imag.astype(np.float64))
        with np.errstate(all="ignore"):
            series_F = np.nan_to_num(1.0 / (omega * minus_imag), posinf=0.0, neginf=0.0)
            parallel_F = np.nan_to_num(minus_imag / (omega * modulus**2), posinf=0.0, neginf=0.0)
        part["freq/Hz"], part["Re(Z)/Ohm"], part["-Im(Z)/Ohm"] = frequency, real, minus_imag
        part["|Z|/Ohm"] = modulus
        part["Phase(Z)/deg"] = np.rad2deg(
            np.arctan2(-minus_imag.astype(np.float64), real.astype(np.float64))
        )
        # Without measured times: about three periods for each point.
        time = (
            clock + np.cumsum(6.0 * np.pi / omega) if spectrum.time_s is None else spectrum.time_s
        )
        clock = float(time[-1]) if time.size else clock
        part["time/s"] = time
        part["<Ewe>/V"] = spectrum.columns.get("Ewe_V", 0.0)
        part["<I>/mA"] = spectrum.columns.get("I_mA", 0.0)
        part["Cs/µF"], part["Cp/µF"] = series_F * 1e6, parallel_F * 1e6
        part["cycle number"] = number
        part["I Range"] = _AUTO_RANGE
    return rows


def _put_text(body: bytearray, offset: int, text: str, room: int) -> None:
    raw = text.encode("cp1252", errors="replace")[: room - 1]
    body[offset : offset + 1 + len(raw)] = bytes([len(raw)]) + raw


def _frequency_with_unit(frequency_hz: float) -> tuple[float, int]:
    for unit, factor in ((0, 1e6), (1, 1e3), (2, 1.0)):
        if frequency_hz >= factor:
            return frequency_hz / factor, unit
    return frequency_hz * 1e3, 3


def _settings_body(say: _Description) -> bytes:
    body = bytearray(_SETTINGS_BYTES)
    body[0:5] = bytes([say.technique_number, 0, 8, 0x4B, 3])
    _put_text(body, 7, say.comments, 250)
    for offset in (263, 271, 275, 529, 588, 613):  # EC-Lab's defaults for mass, area, volume
        struct.pack_into("<f", body, offset, 0.001)
    body[592:594] = bytes([2, 1])  # cm2, g
    _put_text(body, 533, "(unspecified)", 50)
    # One sequence of 52 parameters.
    struct.pack_into("<BIHH", body, 6210, 10, 378, 1, 52)
    for offset, frequency in ((6242, say.start_hz), (6247, say.stop_hz)):
        value, unit = _frequency_with_unit(frequency)
        struct.pack_into("<fB", body, offset, value, unit)
    struct.pack_into("<IBB", body, 6252, 10, 1, 1)  # points per decade, logarithmic
    struct.pack_into("<ffB", body, 6258, say.amplitude_mV, 0.1, 2)
    struct.pack_into("<ffBB", body, 6314, -10.0, 10.0, 14, 9)
    return bytes(body)


def _log_body(say: _Description, path: Path) -> bytes:
    body = bytearray(_LOG_BYTES)
    body[2:7] = bytes([say.technique_number, 0, 3, 0xA1, 1])
    days = (say.started_at - _OLE_EPOCH).total_seconds() / 86_400
    struct.pack_into("<d", body, 585, days)
    struct.pack_into("<d", body, 993, days)
    _put_text(body, 593, path.name, 200)
    _put_text(body, 849, "127.0.0.1", 40)
    _put_text(body, 900, "simulated", 40)
    for offset in (951, 958, 965):
        _put_text(body, offset, say.version, 7)
    body[972:974] = bytes([16, 20])
    body[974] = next(code for code, name in DEVICES.items() if name == say.device)
    _put_text(body, 975, "0000", 10)
    _put_text(body, 1001, " NONE", 200)
    return bytes(body)


def _data_body(rows: NDArray[np.void]) -> bytes:
    head = bytearray(_DATA_OFFSET)
    struct.pack_into(f"<IH{len(_IDS)}H", head, 0, rows.size, len(_IDS), *_IDS)
    head[-1] = 1
    return bytes(head) + rows.tobytes()


def _loop_body(spectra: Sequence[ImpedanceSpectrum]) -> bytes:
    ends = np.cumsum([0, *(s.n_points for s in spectra)])
    body = struct.pack(f"<I{ends.size}I", ends.size, *ends.tolist())
    return body.ljust(_LOOP_BYTES, b"\x00")


def _replace_file(path: Path, content: bytes) -> None:
    """Write beside the target and rename, so that no half file is ever seen."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_mpr(
    path: Path | str,
    spectra: Sequence[ImpedanceSpectrum],
    *,
    comments: str = "simulated",
    started_at: datetime | None = None,
) -> Path:
    """Write sweeps as one .mpr file of EC-Lab 11.50 or later.

    Parameters
    ----------
    path : Path or str
        Target; replaced when it exists.
    spectra : sequence of ImpedanceSpectrum
        One per sweep, in order. ``instrument``, ``software`` and ``amplitude`` of the first one
        go into the header; columns ``Ewe_V`` and ``I_mA`` are stored where they are given.
    comments : str
        The comment line of the file.
    started_at : datetime, optional
        Start, local time; default: the first spectrum's.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    WriteError
        When there is no spectrum, or a value does not fit single precision.
    """
    path = Path(path)
    say = _describe(spectra, comments, started_at)
    date = say.started_at.strftime("%m/%d/%y")
    modules = [
        pack_module("VMP Set", "VMP settings", 10, date, _settings_body(say)),
        pack_module("VMP data", "VMP data", 11, date, _data_body(_rows(spectra))),
        pack_module("VMP LOG", "VMP LOG", 10, date, _log_body(say, path)),
    ]
    if len(spectra) > 1:
        body = _loop_body(spectra)
        modules.append(pack_module("VMP loop", "VMP expt. loop indexes", 10, date, body))
    _replace_file(path, pack_file(modules))
    return path


def _windows_number(text: str) -> str:
    """Write exponents with three digits: E+03 becomes E+003."""
    mantissa, _, exponent = text.partition("E")
    return f"{mantissa}E{exponent[0]}{exponent[1:]:0>3}"


def _cells(values: NDArray[np.generic]) -> list[str]:
    if values.dtype.kind == "u":
        return [str(value) for value in values.tolist()]
    digits = 15 if values.dtype == np.dtype("<f8") else 7
    nudge = TIES_AWAY_FROM_ZERO if digits == 7 else 1.0
    doubles = values.astype(np.float64) * nudge
    return [_windows_number(f"{value:.{digits}E}") for value in doubles.tolist()]


def _header_lines(say: _Description, path: Path) -> list[str]:
    def frequency(value_hz: float) -> tuple[str, str]:
        value, unit = _frequency_with_unit(value_hz)
        return f"{value:.3f}", ("MHz", "kHz", "Hz", "mHz")[unit]

    first, last = frequency(say.start_hz), frequency(say.stop_hz)
    parameters = [
        ("Mode", "Single sine"), ("E (V)", "0.0000"), ("vs.", "Eoc"), ("fi", first[0]),
        ("unit fi", first[1]), ("ff", last[0]), ("unit ff", last[1]), ("Nd", "10"),
        ("Points", "per decade"), ("spacing", "Logarithmic"), ("Va (mV)", f"{say.amplitude_mV:g}"),
        ("pw", "0.10"), ("Na", "2"), ("corr", "0"), ("E range min (V)", "-10.000"),
        ("E range max (V)", "10.000"), ("I Range", "Auto"), ("Bandwidth", "9"),
    ]  # fmt: skip
    milliseconds = say.started_at.microsecond // 1000
    return [
        "",
        say.technique_title,
        "",
        "Run on channel : 1 (SN 00000)",
        "User : ",
        "Electrode connection : standard",
        "Potential control : Ewe",
        f"Acquisition started on : {say.started_at:%m/%d/%Y %H:%M:%S}.{milliseconds:03d}",
        "Loaded Setting File : NONE",
        "Saved on :",
        f"\tFile : {path.stem}.mpr",
        f"Device : {say.device} (SN 0000)",
        "Address : simulated",
        f"EC-LAB for windows v{say.version} (software)",
        f"Internet server v{say.version} (firmware)",
        f"Command interpretor v{say.version} (firmware)",
        "Electrode material : ",
        "Initial state : ",
        "Electrolyte : ",
        *(f"Comments : {line}" for line in say.comments.splitlines() or [""]),
        "Cable : standard",
        "Electrode surface area : 0.001 cm²",
        "Characteristic mass : 0.001 g",
        "Cycle Definition : Charge/Discharge alternance",
        *(f"{name:<20}{value:<20}" for name, value in parameters),
        "",
    ]


def write_mpt(
    path: Path | str,
    spectra: Sequence[ImpedanceSpectrum],
    *,
    comments: str = "simulated",
    started_at: datetime | None = None,
    decimal: str = ".",
    with_header: bool = True,
) -> Path:
    """Write sweeps as one EC-Lab text export (cp1252, CRLF).

    Parameters
    ----------
    path, spectra, comments, started_at
        As in `write_mpr`.
    decimal : str
        ``"."`` or ``","``, as the locale of the computer would have it.
    with_header : bool
        False writes the three-line form that EC-Lab exports without header.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    WriteError
        As in `write_mpr`.
    """
    if decimal not in (".", ","):
        raise WriteError(f"decimal sign {decimal!r} is neither a point nor a comma")
    path = Path(path)
    say = _describe(spectra, comments, started_at)
    rows = _rows(spectra)
    names = list(_ROW.names or ())
    header = _header_lines(say, path) if with_header else []
    if decimal == ",":
        header = [line.replace(".", ",") if line[:1].isalpha() and "  " in line else line
                  for line in header]  # fmt: skip
    lines = [
        "EC-Lab ASCII FILE",
        f"Nb header lines : {len(header) + 3:<28}",
        *header,
        "\t".join(names) + "\t",
    ]
    table = zip(*(_cells(rows[name]) for name in names), strict=True)
    body = "".join("\t".join(cells) + "\r\n" for cells in table).replace(".", decimal)
    text = "\r\n".join(lines) + "\r\n" + body
    _replace_file(path, text.encode("cp1252", errors="replace"))
    return path
