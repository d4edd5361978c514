"""Settings, log and external devices of .mpr files."""

from __future__ import annotations

import struct
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.biologic_settings import (
    eis_parameters,
    external_channels,
    log_of,
    settings_of,
)


def _settings(start: tuple[float, int], stop: tuple[float, int], amplitude: float) -> bytes:
    body = bytearray(6747)
    body[0] = 0x1D
    struct.pack_into("<fB", body, 6242, *start)
    struct.pack_into("<fB", body, 6247, *stop)
    struct.pack_into("<IBB", body, 6252, 10, 1, 1)
    struct.pack_into("<ffB", body, 6258, amplitude, 0.1, 3)
    return bytes(body)


@pytest.mark.parametrize(
    ("start", "stop", "first_hz", "last_hz"),
    [((7.0, 0), (100.0, 3), 7e6, 0.1), ((200.0, 1), (1.0, 2), 2e5, 1.0)],
)
def test_sweep_parameters_with_their_units(
    start: tuple[float, int], stop: tuple[float, int], first_hz: float, last_hz: float
) -> None:
    found = eis_parameters(_settings(start, stop, 14.1), "PEIS", (last_hz, first_hz))
    assert found is not None
    assert (found.start_frequency_hz, found.stop_frequency_hz) == (first_hz, last_hz)
    assert (found.amplitude, found.points_per_decade, found.averages) == ("14.1 mV", 10, 3)


def test_parameters_that_do_not_cover_the_measured_range_are_not_believed() -> None:
    body = _settings((100.0, 1), (1.0, 2), 10.0)
    assert eis_parameters(body, "PEIS", (1.0, 1e6)) is None
    assert eis_parameters(body, "PEIS", (1.0, 1e5)) is not None
    assert eis_parameters(body, "OCV", (1.0, 1e5)) is None


def test_the_log_says_when_and_with_what() -> None:
    body = bytearray(1100)
    days = (datetime(2025, 5, 15, 1, 18, 45) - datetime(1899, 12, 30)).total_seconds() / 86400
    struct.pack_into("<d", body, 585, days)
    body[951:957] = b"\x0511.61"
    body[974:980] = b"\x10\x041787"
    log = log_of(bytes(body))
    assert log.started_at is not None
    assert log.started_at.iso == "2025-05-15T01:18:45"
    assert (log.software, log.instrument) == ("EC-Lab 11.61", "SP-300")
    assert log.metadata["device_serial"] == "1787"


def test_an_unknown_device_keeps_its_number() -> None:
    body = bytearray(1100)
    body[974] = 199
    log = log_of(bytes(body))
    assert (log.instrument, log.metadata["device_code"]) == (None, 199)


def test_names_of_external_channels() -> None:
    body = (
        b"\x02\xb6\x01" + bytes(40) + b"\x01\x07Force/N" + bytes(20) + b"\x01\x0dTemperatur/\xb0C"
    )
    assert external_channels(body) == {
        "Analog IN 1/V": "Force/N", "Analog IN 2/V": "Temperatur/°C",
    }  # fmt: skip


@given(st.binary(max_size=7000))
def test_no_bytes_break_the_readers_of_metadata(body: bytes) -> None:
    settings_of(body)
    log_of(body)
    external_channels(body)
    eis_parameters(body, "PEIS", None)
    eis_parameters(body, "GEIS", (1.0, 1e6))
