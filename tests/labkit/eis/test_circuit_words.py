"""Every parameter of every element has a symbol and a unit that a person knows."""

from __future__ import annotations

from labkit.eis.circuit_string import KINDS, parse_circuit
from labkit.eis.circuit_words import parameter_name, unit_words


def test_a_constant_phase_element_has_q_and_n_and_no_numbers() -> None:
    circuit = parse_circuit("R0-p(R1,CPE1)-CPE12")

    words = [parameter_name(name) for name in circuit.names]

    assert words == ["R0", "R1", "CPE1 Q", "CPE1 n", "CPE12 Q", "CPE12 n"]
    assert [unit_words(unit) for unit in circuit.units[1:4]] == ["Ω", "S sⁿ", ""]


def test_every_kind_of_element_is_known() -> None:
    circuit = parse_circuit("-".join(f"{kind}1" for kind in KINDS))

    for name, unit in zip(circuit.names, circuit.units, strict=True):
        assert "_" not in parameter_name(name)
        assert not {"Ohm", "sec"} & set(unit_words(unit).replace("^", " ").split())
