"""Text exports of EC-Lab in every form seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instruments import InstrumentFileError, read
from instruments.biologic_writing import write_mpt
from instruments.errors import (
    MalformedFileError,
    MissingColumnError,
    NoMeasurementError,
    NotImpedanceError,
    TruncatedFileError,
)

_BIOLOGIC = "eis/biologic"


def test_a_file_without_frequency_is_refused_in_one_line(data_dir: Path) -> None:
    with pytest.raises(MissingColumnError) as caught:
        read(data_dir / _BIOLOGIC / "impedance_py/exampleDataBioLogic_MissingFreq.mpt")
    assert str(caught.value).startswith("exampleDataBioLogic_MissingFreq.mpt: holds impedance")
    assert "freq/Hz is missing" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "points", "highest_hz"),
    [
        ("impedance_py/exampleDataBioLogic.mpt", [43], 1000.3201),
        ("pyeis/ex1.mpt", [59, 59], 200019.48),
        ("pyimpspec/data-metadata.mpt", [29], 1e4),
        ("pyimpspec/case-multiple-spectra.mpt", [29, 29, 29], 1e4),
        ("yadg/vsp_peis_with.mpt", [70] * 32, 1000018.6),
    ],
)
def test_sweeps_of_real_exports(
    data_dir: Path, name: str, points: list[int], highest_hz: float
) -> None:
    spectra = read(data_dir / _BIOLOGIC / name).impedance_spectra()
    assert [s.n_points for s in spectra] == points
    assert spectra[0].frequency_hz.max() == highest_hz


def test_the_known_spectrum_is_read_with_the_physics_sign(data_dir: Path) -> None:
    spectrum = read(data_dir / _BIOLOGIC / "pyimpspec/data-metadata.mpt").impedance_spectra()[0]
    assert spectrum.z_ohm[0] == 109.00918 - 26.55568j
    assert spectrum.z_ohm[-1] == pytest.approx(645.4787 - 90.61813j, rel=1e-6)


def test_decimal_commas_of_a_german_computer(data_dir: Path) -> None:
    measured = read(data_dir / _BIOLOGIC / "yadg/mb.issue_95.de.mpt")
    record = measured.records[0]
    assert record.kind == "dc"
    assert record.potential_V is not None
    assert record.potential_V[0] == 2.3278546
    with pytest.raises(NotImpedanceError, match=r"transient .* \(MB\)"):
        measured.impedance_spectra()


def test_settings_and_logs_are_named_for_what_they_are(data_dir: Path) -> None:
    folder = data_dir / _BIOLOGIC / "chemotion"
    with pytest.raises(NoMeasurementError, match=r"settings file of a PEIS run .* \.mpr"):
        read(folder / "CHD048_CHD050_60C.mps")
    with pytest.raises(NoMeasurementError, match="EC-Lab log of a PEIS run"):
        read(folder / "testCHD048_CHD050_401_201_60C_C01.mpl")


@pytest.fixture
def simulated(tmp_path: Path, make_spectrum) -> bytes:  # type: ignore[no-untyped-def]
    return write_mpt(tmp_path / "s.mpt", [make_spectrum(), make_spectrum(scale=1.1)]).read_bytes()


def _hashes(name: str, content: bytes) -> list[str]:
    return [s.data_hash for s in read(name, content=content).impedance_spectra()]


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(lambda c: c.replace(b"\r\n", b"\n"), id="LF"),
        pytest.param(lambda c: c.decode("cp1252").encode("utf-8"), id="utf-8"),
        pytest.param(lambda c: c.decode("cp1252").encode("utf-8-sig"), id="utf-8 with mark"),
        pytest.param(lambda c: c.decode("cp1252").encode("utf-16"), id="utf-16"),
        pytest.param(lambda c: c[c.index(b"freq/Hz") :], id="column names only"),
        pytest.param(lambda c: c + b"\r\n\r\n", id="blank lines at the end"),
        pytest.param(lambda c: c.rstrip(), id="no line end"),
    ],
)
def test_variants_of_one_export_hold_the_same_data(simulated: bytes, variant) -> None:  # type: ignore[no-untyped-def]
    assert _hashes("any.suffix", variant(simulated)) == _hashes("s.mpt", simulated)


def test_absolute_times_become_seconds_since_the_first_point() -> None:
    content = (
        "EC-Lab ASCII FILE\r\nNb header lines : 3\r\nfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\ttime/s\t\r\n"
        "1,0E+003\t3,0E+000\t4,0E+000\t03/22/2021 23:59:59.5000\r\n"
        "1,0E+002\t5,0E+000\t6,0E+000\t03/23/2021 00:00:01.7500\r\n"
    )
    measured = read("a.mpt", content=content.encode())
    (spectrum,) = measured.impedance_spectra()
    assert spectrum.time_s is not None
    assert spectrum.time_s.tolist() == [0.0, 2.25]
    assert any("absolute times" in w for w in measured.warnings)
    with pytest.raises(MalformedFileError, match=r"is no time \(line 5\)"):
        read("a.mpt", content=content.replace("03/23", "99/99").encode())


def test_a_file_that_is_being_written_gives_its_whole_lines(simulated: bytes) -> None:
    measured = read("s.mpt", content=simulated[:-40])
    assert [s.n_points for s in measured.impedance_spectra()] == [40, 39]
    assert any("last line is not complete" in w for w in measured.warnings)


def test_a_header_that_is_cut_off(simulated: bytes) -> None:
    with pytest.raises(TruncatedFileError, match="header lines and ends after"):
        read("s.mpt", content=simulated[:300])


def test_a_line_with_too_many_cells_is_named(simulated: bytes) -> None:
    head, _, tail = simulated.rpartition(b"\r\n1.")
    damaged = head + b"\r\n7\t7\t7" + b"\t7" * 20 + b"\r\n1." + tail
    with pytest.raises(MalformedFileError, match=r"has 23 cells .* 16 \(line \d+\)"):
        read("s.mpt", content=damaged)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_damage_is_refused_in_our_own_words(simulated: bytes, data: st.DataObject) -> None:
    content = bytearray(simulated)
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=10)):
        content[at] = data.draw(st.sampled_from(b"\t\n\r,.Ee-+9\x00\xff ") | st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    try:
        measured = read("fuzz.mpt", content=bytes(content))
    except InstrumentFileError as error:
        assert "\n" not in str(error)
    else:
        assert all(np.isfinite(s.z_ohm).all() for s in measured.records if s.kind == "impedance")
