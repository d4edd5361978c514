"""Simulated measurements for the readers' tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from instruments import ImpedanceSpectrum, Timestamp

SpectrumMaker = Callable[..., ImpedanceSpectrum]


@pytest.fixture
def make_spectrum() -> SpectrumMaker:
    """Return a maker of a blocking-electrode spectrum in single precision."""

    def make(n_points: int = 40, scale: float = 1.0, **fields: object) -> ImpedanceSpectrum:
        frequency = np.geomspace(1e6, 1.0, n_points).astype(np.float32).astype(np.float64)
        omega = 2 * np.pi * frequency
        z = scale * (1425.0 / (1 + 1425.0j * omega * 2e-10) + 1 / (2e-6 * (1j * omega) ** 0.88))
        z = z.astype(np.complex64).astype(np.complex128)
        values: dict[str, object] = {
            "technique": "PEIS",
            "instrument": "SP-300",
            "software": "EC-Lab 11.50",
            "amplitude": "10 mV",
            "started_at": Timestamp("2024-02-29T13:05:07.250"),
        }
        return ImpedanceSpectrum(frequency_hz=frequency, z_ohm=z, **(values | fields))  # type: ignore[arg-type]

    return make
