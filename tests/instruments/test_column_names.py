"""What a column is: by name, sign and unit, never by guess."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.column_names import named_columns, parse_mapping, recognise
from instruments.errors import MalformedFileError, MissingColumnError

_Z = 3.0 - 4.0j


@pytest.mark.parametrize(
    ("names", "row"),
    [
        (["f", "Z'", "Z''"], [10, 3, -4]),
        (["freq", "Zre", "-Zim"], [10, 3, 4]),
        (["frequency", "real", "imaginary"], [10, 3, -4]),
        (["freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"], [10, 3, 4]),
        (["Frequency (Hz)", "Z' (Ω)", "-Z'' (Ω)"], [10, 3, 4]),
        (["Freq.[Hz]", "Zs'[ohm]", "Zs''[ohm]"], [10, 3, -4]),
        (["Frequency (kHz)", "Z' (kΩ)", "Z'' (kOhm)"], [0.01, 0.003, -0.004]),
        (["Freq(MHz)", "Zreal (mOhm)", "Zimag (mΩ)"], [1e-5, 3000, -4000]),
        (["frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm"], [10, 3, -4]),
        (["Data: Frequency", "Data: Z'", "Data: Z''"], [10, 3, -4]),
        (["f", "|Z|", "phase"], [10, 5, -53.13010235415598]),
        (["f", "|Z|", "-phase"], [10, 5, 53.13010235415598]),
        (["f", "|Z| (ohm)", "Phase (rad)"], [10, 5, -0.9272952180016122]),
        (["Index", "Frequency (Hz)", "Z' (Ω)", "−Z'' (Ω)", "Z (Ω)", "-Phase (°)"],
         [1, 10, 3, 4, 5, 53.13]),
    ],
)  # fmt: skip
def test_names_signs_and_units(names: list[str], row: list[float]) -> None:
    columns = recognise(names)
    assert columns is not None
    table = np.array([row], dtype=float)
    frequency = table[0, columns.frequency.index] * columns.frequency.factor
    assert frequency == pytest.approx(10.0)
    assert columns.z_ohm(table)[0] == pytest.approx(_Z)


@pytest.mark.parametrize(
    "names",
    [["a", "b", "c"], ["f", "Z'"], ["Z'", "Z''"], ["time (s)", "Z'", "Z''"], ["f (V)", "Z'", "Z''"],
     ["f", "Z' (V)", "Z''"], [], ["two theta", "intensity"]],
)  # fmt: skip
def test_what_does_not_say_it_is_not_taken(names: list[str]) -> None:
    assert recognise(names) is None


@pytest.mark.parametrize("unit", ["ohm cm2", "Ω·cm²", "Ohm.cm^2", "ohm*m2"])
def test_impedance_per_area_is_refused(unit: str) -> None:
    with pytest.raises(MalformedFileError, match="times an area"):
        recognise(["f", f"Z' ({unit})", "Z''"])


def test_the_mapping_of_a_user() -> None:
    mapping = parse_mapping("f=Frequency (Hz), re=Z re, with comma (kOhm), im=-X")
    assert mapping == {"f": "Frequency (Hz)", "re": "Z re, with comma (kOhm)", "im": "-X"}
    columns = named_columns(["X", "Frequency (Hz)", "Z re, with comma (kOhm)"], mapping)
    assert columns.z_ohm(np.array([[4.0, 10.0, 0.003]]))[0] == pytest.approx(_Z)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"re": "a", "im": "b"}, "no frequency column is named"),
        ({"f": "a", "re": "b"}, "name re=... and im=..."),
        ({"f": "zzz", "re": "a", "im": "b"}, "has no column 'zzz'; its columns are a, b, c"),
        ({"q": "a"}, "'q' is no quantity"),
    ],
)
def test_a_wrong_mapping_is_explained(mapping: dict[str, str], message: str) -> None:
    with pytest.raises(MissingColumnError, match=message.replace(".", r"\.")):
        named_columns(["a", "b", "c"], mapping)


@pytest.mark.parametrize("text", ["", "f", "f=", "f=a, re"])
def test_text_that_is_no_mapping(text: str) -> None:
    with pytest.raises(MissingColumnError):
        named_columns(["a"], parse_mapping(text))
