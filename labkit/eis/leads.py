"""The impedance of leads and contacts, measured on a shorted cell and taken off a spectrum.

Leads are in series with the pellet: their impedance is subtracted point by point. A shorted cell
is R + jwL with both slowly varying (skin effect): R and L = Im Z / w are interpolated in log f
rather than Z itself, whose imaginary part is no straight line there. Outside the measured range the
end values of R and L go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from labkit.eis.spectrum import ComplexArray, FloatArray, SpectrumError, arrays_of

__all__ = ["LeadImpedance"]

FEWEST_POINTS = 3
BEYOND = 1.05
"""A spectrum may reach beyond the shorted cell's range by this factor without a word."""


@dataclass(frozen=True, slots=True, eq=False)
class LeadImpedance:
    """Impedance of a shorted cell, by rising frequency.

    Parameters
    ----------
    frequency_hz, z_ohm
        Shape (n,), frequencies rising.
    file_name, sha256
        Where it was read from, kept with every result that it corrects.
    """

    frequency_hz: FloatArray
    z_ohm: ComplexArray
    file_name: str = ""
    sha256: str = ""

    @classmethod
    def from_arrays(
        cls,
        frequency_hz: ArrayLike,
        z_ohm: ArrayLike,
        *,
        file_name: str = "",
        sha256: str = "",
    ) -> LeadImpedance:
        """Order the points of a shorted cell and check that they can be leads.

        Raises
        ------
        SpectrumError
            With fewer than three usable points, or where they are no short circuit: the modulus
            rises towards low frequency as that of a capacitive cell does.
        """
        frequency, z = arrays_of((frequency_hz, z_ohm))
        usable = np.isfinite(frequency) & np.isfinite(z) & (frequency > 0)
        frequency, first = np.unique(frequency[usable], return_index=True)
        z = z[usable][first]
        named = f"{file_name}: " if file_name else ""
        if frequency.size < FEWEST_POINTS:
            raise SpectrumError(
                f"{named}{frequency.size} usable points; a shorted cell needs at least "
                f"{FEWEST_POINTS}"
            )
        third = max(1, frequency.size // 3)
        at_low_end = float(np.median(-z.imag[:third] / np.abs(z[:third])))
        if at_low_end > 0.5:
            raise SpectrumError(
                f"{named}this is no shorted cell: its impedance is capacitive at low frequency; "
                "measure the leads with the pellet replaced by metal"
            )
        return cls(frequency, z, file_name, sha256)

    def at(self, frequency_hz: ArrayLike) -> ComplexArray:
        """Return the lead impedance at any frequencies, in ohm, same shape."""
        frequency = np.asarray(frequency_hz, dtype=float)
        omega = 2 * np.pi * frequency
        place = np.log(np.where(frequency > 0, frequency, 1.0))
        known = np.log(self.frequency_hz)
        resistance = np.interp(place, known, self.z_ohm.real)
        inductance = np.interp(place, known, self.z_ohm.imag / (2 * np.pi * self.frequency_hz))
        return np.asarray(resistance + 1j * omega * inductance, dtype=np.complex128)

    def subtracted_from(self, frequency_hz: ArrayLike, z_ohm: ArrayLike) -> ComplexArray:
        """Return the impedance of the cell alone."""
        return np.asarray(z_ohm, dtype=np.complex128) - self.at(frequency_hz)

    def message(self, frequency_hz: ArrayLike) -> str:
        """Say in one sentence what was subtracted, and where the leads were not measured."""
        frequency = np.asarray(frequency_hz, dtype=float)
        frequency = frequency[np.isfinite(frequency) & (frequency > 0)]
        text = (
            f"leads of {self.z_ohm.real[0]:.3g} ohm subtracted"
            f"{f' ({self.file_name})' if self.file_name else ''}"
        )
        low, high = float(self.frequency_hz[0]), float(self.frequency_hz[-1])
        if frequency.size and (frequency.max() > BEYOND * high or frequency.min() * BEYOND < low):
            text += f"; measured from {low:.3g} to {high:.3g} Hz only, continued beyond"
        return text

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values from which `from_dict` makes the same leads again."""
        return {
            "file": self.file_name,
            "sha256": self.sha256,
            "frequency_hz": self.frequency_hz.tolist(),
            "z_real_ohm": self.z_ohm.real.tolist(),
            "z_imaginary_ohm": self.z_ohm.imag.tolist(),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any] | None) -> LeadImpedance | None:
        """Return leads stored by `to_dict`; None for None."""
        if stored is None:
            return None
        real = np.asarray(stored["z_real_ohm"], dtype=float)
        imaginary = np.asarray(stored["z_imaginary_ohm"], dtype=float)
        return cls(
            np.asarray(stored["frequency_hz"], dtype=float),
            real + 1j * imaginary,
            str(stored["file"]),
            str(stored["sha256"]),
        )
