"""Typed records: what a raw file holds, in SI units, read-only.

Impedance has the physics sign everywhere: a capacitive point has ``z_ohm.imag < 0``.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from instruments.errors import EmptyFileError, NotImpedanceError, RecordError
from instruments.frozen_arrays import (
    checked,
    frozen_columns,
    frozen_floats,
    is_frozen,
    must_be_finite,
)
from instruments.identity import canonical_array_hash, canonical_data_hash, file_sha256

__all__ = [
    "Chronoamperometry",
    "DiffractionPattern",
    "ImpedanceSpectrum",
    "MeasuredFile",
    "Metadata",
    "Record",
    "Timestamp",
    "sweeps_of_one_file",
]

FloatArray: TypeAlias = NDArray[np.float64]
ComplexArray: TypeAlias = NDArray[np.complex128]
Metadata: TypeAlias = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A moment as the instrument wrote it.

    Attributes
    ----------
    iso : str
        ISO 8601. Without offset it is the local time of the instrument's computer.
    zone : str or None
        ``"UTC"``, ``"+01:00"``, or None: local, zone unknown.
    ambiguous : bool
        True when day and month could be exchanged and nothing in the file decides; ``iso`` then
        holds the reading that the format documents as its default.
    """

    iso: str
    zone: str | None = None
    ambiguous: bool = False

    def __str__(self) -> str:
        zone = f" {self.zone}" if self.zone else " (local, zone unknown)"
        return f"{self.iso}{zone}{' (day and month ambiguous)' if self.ambiguous else ''}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ImpedanceSpectrum:
    """One sweep of frequencies.

    Attributes
    ----------
    frequency_hz : ndarray of float, shape (n,)
        In the order of measurement, all positive.
    z_ohm : ndarray of complex, shape (n,)
        Physics sign: capacitive points have a negative imaginary part.
    time_s : ndarray of float, shape (n,), or None
        Time of each point since the start of the measurement.
    sweep : int
        1-based number of the sweep in its file.
    technique : str
        ``"PEIS"``, ``"GEIS"`` ...; ``"EIS"`` where the file does not say.
    instrument, software, amplitude : str or None
        As the file says, for example ``"SP-300"``, ``"EC-Lab 11.61"``, ``"10 mV"``.
    started_at : Timestamp or None
        Start of the measurement.
    columns : mapping of str to ndarray, shape (n,)
        Every other column per point, the unit in the name (``"Ewe_V"``, ``"I_mA"``).
    metadata : mapping
        Everything else the file says about the sweep.
    warnings : tuple of str
        What a reader left out or could not know, in plain sentences.
    """

    kind: ClassVar[str] = "impedance"

    frequency_hz: FloatArray
    z_ohm: ComplexArray
    time_s: FloatArray | None = None
    sweep: int = 1
    technique: str = "EIS"
    instrument: str | None = None
    software: str | None = None
    started_at: Timestamp | None = None
    amplitude: str | None = None
    columns: Mapping[str, FloatArray] = field(default_factory=dict)
    metadata: Metadata = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    _data_hash: str | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        frequency = frozen_floats(self.frequency_hz, "frequency_hz")
        try:
            impedance = (
                self.z_ohm
                if is_frozen(self.z_ohm, np.complex128)
                else np.array(self.z_ohm, dtype=np.complex128, order="C")
            )
        except (TypeError, ValueError) as error:
            raise RecordError(f"z_ohm does not hold complex numbers: {error}") from error
        checked(impedance, "z_ohm", frequency.size)
        must_be_finite(frequency, "frequency_hz")
        must_be_finite(impedance, "z_ohm")
        if np.count_nonzero(frequency > 0) != frequency.size:
            raise RecordError("frequency_hz must be positive at every point")
        if self.sweep < 1:
            raise RecordError("sweeps are numbered from 1")
        put(self, "frequency_hz", frequency)
        put(self, "z_ohm", impedance)
        if self.time_s is not None:
            put(self, "time_s", frozen_floats(self.time_s, "time_s", frequency.size))
        put(self, "columns", frozen_columns(self.columns, frequency.size))
        put(self, "metadata", MappingProxyType(dict(self.metadata)))
        put(self, "warnings", tuple(self.warnings))

    @property
    def n_points(self) -> int:
        """Number of points."""
        return int(self.frequency_hz.size)

    @property
    def data_hash(self) -> str:
        """Canonical hash of the (f, Z) block; see `instruments.identity`."""
        if self._data_hash is None:
            known = canonical_data_hash(self.frequency_hz, self.z_ohm)
            object.__setattr__(self, "_data_hash", known)
            return known
        return self._data_hash


def sweeps_of_one_file(
    frequency_hz: FloatArray,
    z_ohm: ComplexArray,
    time_s: FloatArray | None,
    edges: Sequence[int],
    columns: Sequence[Mapping[str, FloatArray]],
    *,
    technique: str,
    instrument: str | None,
    software: str | None,
    started_at: Timestamp | None,
    amplitude: str | None,
    metadata: Metadata,
    warnings: tuple[str, ...],
) -> list[ImpedanceSpectrum]:
    """Cut the points of a file into spectra; everything is checked once, not sweep by sweep.

    Parameters
    ----------
    frequency_hz, z_ohm, time_s
        As in `ImpedanceSpectrum`, all sweeps one behind the other.
    edges : sequence of int
        First point of each sweep, and the number of points at the end.
    columns : sequence of mapping
        One per sweep.
    technique, instrument, software, started_at, amplitude, metadata, warnings
        As in `ImpedanceSpectrum`, shared by all sweeps.

    Returns
    -------
    list of ImpedanceSpectrum
        Views on shared arrays that cannot be written.

    Raises
    ------
    RecordError
        As `ImpedanceSpectrum` does.
    """
    whole = ImpedanceSpectrum(
        frequency_hz=frequency_hz,
        z_ohm=z_ohm,
        time_s=time_s,
        technique=technique,
        instrument=instrument,
        software=software,
        started_at=started_at,
        amplitude=amplitude,
        columns=columns[0] if len(columns) == 1 else {},
        metadata=metadata,
        warnings=warnings,
    )
    if len(columns) == 1:
        return [whole]
    frequency, z, time = whole.frequency_hz, whole.z_ohm, whole.time_s
    spectra = []
    for number, (start, stop) in enumerate(itertools.pairwise(edges), start=1):
        sweep = object.__new__(ImpedanceSpectrum)
        for put, value in zip(
            _PUT,
            (
                frequency[start:stop],
                z[start:stop],
                None if time is None else time[start:stop],
                number,
                technique,
                instrument,
                software,
                started_at,
                amplitude,
                frozen_columns(columns[number - 1], stop - start),
                whole.metadata,
                whole.warnings,
                None,
            ),
            strict=True,
        ):
            put(sweep, value)
        spectra.append(sweep)
    return spectra


# Setters of the slots in the order of the fields: a frozen record is filled once, here.
_PUT = tuple(getattr(ImpedanceSpectrum, f.name).__set__ for f in fields(ImpedanceSpectrum))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DiffractionPattern:
    """One powder pattern.

    Attributes
    ----------
    two_theta_deg : ndarray of float, shape (n,)
        Scattering angle in degrees, increasing.
    intensity_counts : ndarray of float, shape (n,)
        Counts, or the arbitrary unit named in ``intensity_unit``.
    sigma_counts : ndarray of float, shape (n,), or None
        Standard error of each intensity where the file gives one.
    wavelength_angstrom : tuple of (wavelength, weight), or None
        Lines of the source in angstrom with their relative weights; K-alpha1 first.
    anode : str or None
        Symbol of the anode, ``"Cu"``.
    counting_time_s : float or None
        Time per step in seconds.
    intensity_unit : str
        ``"counts"``, ``"counts/s"`` or ``"arbitrary"``.
    scan, instrument, software, started_at, columns, metadata, warnings
        As in `ImpedanceSpectrum`; ``scan`` numbers the patterns of a file from 1.
    """

    kind: ClassVar[str] = "diffraction"

    two_theta_deg: FloatArray
    intensity_counts: FloatArray
    sigma_counts: FloatArray | None = None
    wavelength_angstrom: tuple[tuple[float, float], ...] | None = None
    anode: str | None = None
    counting_time_s: float | None = None
    intensity_unit: str = "counts"
    scan: int = 1
    radiation: str = "x-ray"
    instrument: str | None = None
    software: str | None = None
    started_at: Timestamp | None = None
    columns: Mapping[str, FloatArray] = field(default_factory=dict)
    metadata: Metadata = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        angle = frozen_floats(self.two_theta_deg, "two_theta_deg")
        intensity = frozen_floats(self.intensity_counts, "intensity_counts", angle.size)
        must_be_finite(angle, "two_theta_deg")
        must_be_finite(intensity, "intensity_counts")
        if angle.size > 1 and not (np.diff(angle) > 0).all():
            raise RecordError("two_theta_deg must increase from point to point")
        put(self, "two_theta_deg", angle)
        put(self, "intensity_counts", intensity)
        if self.sigma_counts is not None:
            put(self, "sigma_counts", frozen_floats(self.sigma_counts, "sigma_counts", angle.size))
        put(self, "columns", frozen_columns(self.columns, angle.size))
        put(self, "metadata", MappingProxyType(dict(self.metadata)))
        put(self, "warnings", tuple(self.warnings))

    @property
    def n_points(self) -> int:
        """Number of points."""
        return int(self.two_theta_deg.size)

    @property
    def data_hash(self) -> str:
        """Canonical hash of the (angle, intensity) block."""
        return canonical_array_hash(self.two_theta_deg, self.intensity_counts)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Chronoamperometry:
    """A transient against time: CA, CP, OCV, LP and other direct-current techniques.

    Attributes
    ----------
    time_s : ndarray of float, shape (n,)
        Time since the start of the measurement.
    current_A : ndarray of float, shape (n,), or None
        Current in ampere; None where the technique does not measure it (OCV).
    potential_V : ndarray of float, shape (n,), or None
        Potential of the working electrode in volt.
    sweep : int
        1-based number in the file.
    technique, instrument, software, started_at, columns, metadata, warnings
        As in `ImpedanceSpectrum`.
    """

    kind: ClassVar[str] = "dc"

    time_s: FloatArray
    current_A: FloatArray | None = None
    potential_V: FloatArray | None = None
    sweep: int = 1
    technique: str = "DC"
    instrument: str | None = None
    software: str | None = None
    started_at: Timestamp | None = None
    columns: Mapping[str, FloatArray] = field(default_factory=dict)
    metadata: Metadata = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        time = frozen_floats(self.time_s, "time_s")
        put(self, "time_s", time)
        if self.current_A is None and self.potential_V is None:
            raise RecordError("a transient needs a current or a potential")
        for name in ("current_A", "potential_V"):
            values = getattr(self, name)
            if values is not None:
                put(self, name, frozen_floats(values, name, time.size))
        put(self, "columns", frozen_columns(self.columns, time.size))
        put(self, "metadata", MappingProxyType(dict(self.metadata)))
        put(self, "warnings", tuple(self.warnings))

    @property
    def n_points(self) -> int:
        """Number of points."""
        return int(self.time_s.size)

    @property
    def data_hash(self) -> str:
        """Canonical hash of the (time, current, potential) block."""
        measured = [c for c in (self.current_A, self.potential_V) if c is not None]
        return canonical_array_hash(self.time_s, *measured)


Record: TypeAlias = ImpedanceSpectrum | DiffractionPattern | Chronoamperometry


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MeasuredFile:
    """A raw file, read.

    Attributes
    ----------
    path : Path
        As it was given.
    size_bytes : int
        Number of bytes.
    format : str
        Name of the reader that understood it, ``"biologic-mpr"``.
    reader_version : str
        Version of that reader; it rises whenever its output could change.
    records : tuple of Record
        What was measured, in the order of the file; empty for a run that holds no point.
    metadata : mapping
        What the file says about itself.
    warnings : tuple of str
        What was left out or could not be known.
    content : bytes
        The bytes of the file; kept for ``sha256`` alone.
    """

    path: Path
    size_bytes: int
    format: str
    reader_version: str
    records: tuple[Record, ...]
    metadata: Metadata = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    content: InitVar[bytes] = b""
    _to_hash: list[bytes] = field(default_factory=list, init=False, repr=False)
    _sha256: list[str] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self, content: bytes) -> None:
        self._to_hash.append(content)
        object.__setattr__(self, "records", tuple(self.records))
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))
        object.__setattr__(self, "warnings", tuple(self.warnings))

    @property
    def sha256(self) -> str:
        """Hash of the bytes, taken when it is first asked for; the bytes are let go then."""
        if not self._sha256:
            self._sha256.append(file_sha256(self._to_hash[0]))
            self._to_hash.clear()
        return self._sha256[0]

    def impedance_spectra(self) -> tuple[ImpedanceSpectrum, ...]:
        """Return the sweeps of the file.

        Returns
        -------
        tuple of ImpedanceSpectrum
            At least one.

        Raises
        ------
        EmptyFileError
            When the measurement holds no point.
        NotImpedanceError
            When the file holds something else; the line says what.
        """
        spectra = tuple(r for r in self.records if isinstance(r, ImpedanceSpectrum))
        if spectra:
            return spectra
        technique = self.metadata.get("technique")
        if not self.records:
            raise EmptyFileError(
                f"the {technique or 'measurement'} holds no point: it was not started or has not "
                "stored anything yet; import it again when it has run",
                path=self.path,
            )
        first = self.records[0]
        if isinstance(first, DiffractionPattern):
            what = "a diffraction pattern"
        else:
            what = f"a transient of {first.n_points} points against time ({first.technique})"
        raise NotImpedanceError(f"holds {what}, no impedance: no frequency column", path=self.path)
