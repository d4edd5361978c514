"""Gamry files: impedance, transients, decimal commas, aborted runs."""

from __future__ import annotations

import pytest

from instruments import read
from instruments.errors import EmptyFileError, MissingColumnError, NotImpedanceError

_HEAD = (
    "EXPLAIN\nTAG\t{tag}\nTITLE\tLABEL\tPotentiostatic EIS\tTest &Identifier\n"
    "DATE\tLABEL\t4/23/2018\tDate\nTIME\tLABEL\t16:43:15\tTime\n"
    "PSTAT\tPSTAT\tREF3000-1\tPotentiostat\nVAC\tQUANT\t1.00000E+001\tAC &Voltage (mV rms)\n"
)
_OCV = (
    "OCVCURVE\tTABLE\t2\n\tPt\tT\tVf\tVm\tAch\tOver\tTemp\n\t#\ts\tV vs. Ref.\tV\tV\tbits\tdeg C\n"
    "\t0\t0.25\t-3.4E-001\t-3.4E-001\t0\t..........a\t25.5\n"
    "\t1\t0.50\t-3.3E-001\t-3.3E-001\t0\t..........a\t25.6\n"
)
_Z = (
    "ZCURVE\tTABLE\n\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\tIdc\tVdc\tIERange\n"
    "\t#\ts\tHz\tohm\tohm\tV\tohm\t°\tA\tV\t#\n"
    "\t0\t1\t1000.5\t3.25\t-4\t1\t5\t-53\t1E-6\t0.1\t9\n\t1\t3\t100\t5\t-6\t1\t7\t-50\t1E-6\t0.1\t9\n"
)


def _content(*parts: str, tag: str = "EISPOT") -> bytes:
    return "".join([_HEAD.format(tag=tag), *parts]).encode("cp1252")


@pytest.mark.parametrize("comma", [False, True])
def test_impedance_behind_an_open_circuit(comma: bool) -> None:
    content = _content(_OCV, _Z)
    if comma:
        content = content.replace(b".", b",").replace(b",,", b"..")
    (spectrum,) = read("a.DTA", content=content).impedance_spectra()
    assert spectrum.frequency_hz.tolist() == [1000.5, 100]
    assert spectrum.z_ohm.tolist() == [3.25 - 4j, 5 - 6j]
    assert (spectrum.technique, spectrum.instrument) == ("PEIS", "REF3000-1")
    assert spectrum.amplitude == "10 mV rms"
    assert spectrum.started_at is not None
    assert spectrum.started_at.iso == "2018-04-23T16:43:15"


def test_an_aborted_run_says_so() -> None:
    content = _content(_Z, "EXPERIMENTABORTED\tTOGGLE\tT\tExperiment Aborted\n")
    assert any("was aborted" in w for w in read("a.DTA", content=content).warnings)


def test_an_open_circuit_alone_is_a_transient_with_its_temperature() -> None:
    measured = read("a.DTA", content=_content(_OCV, tag="CORPOT"))
    (record,) = measured.records
    assert record.kind == "dc"
    assert record.potential_V is not None
    assert record.potential_V.tolist() == [-0.34, -0.33]
    assert record.columns["temperature_C"].tolist() == [25.5, 25.6]
    with pytest.raises(NotImpedanceError, match=r"transient .* \(OCV\)"):
        measured.impedance_spectra()


def test_a_missing_column_and_no_table() -> None:
    with pytest.raises(MissingColumnError, match="ZCURVE has no column Zimag"):
        read("a.DTA", content=_content(_Z.replace("Zimag", "Zxxxx")))
    curve = _OCV.replace("OCVCURVE", "CURVE").replace("\tT\t", "\tX\t")
    with pytest.raises(MissingColumnError, match="CURVE has no column T"):
        read("a.DTA", content=_content(curve))
    with pytest.raises(EmptyFileError, match="no table with points"):
        read("a.DTA", content=_content())
