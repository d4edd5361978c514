"""Circuit strings: impedance.py's syntax, exact gradients, clear errors."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.eis.circuit_string import KINDS, CircuitError, parse_circuit

OMEGA = 2 * np.pi * np.geomspace(1e5, 0.1, 25)
CIRCUITS = [
    "R0-p(R1,CPE1)-CPE2",
    "L0-R0-p(R1,C1)-p(R2,CPE2)-W3",
    "R0-p(R1-Wo1,CPE1)",
    "R0-p(R1-p(R2,C2),C1)-Ws3",
    "R0-K1-Zarc2-C3",
]


def some_values(text: str, seed: int = 1) -> np.ndarray:
    circuit = parse_circuit(text)
    rng = np.random.default_rng(seed)
    drawn = 10 ** rng.uniform(-3, 1, len(circuit.names))
    return np.where(circuit.exponent, rng.uniform(0.5, 0.95, drawn.size), drawn)


@pytest.mark.parametrize("text", CIRCUITS)
def test_it_agrees_with_impedance_py(text: str) -> None:
    circuits = pytest.importorskip("impedance.models.circuits")
    if "Zarc" in text:
        pytest.skip("its Zarc takes other parameters")
    values = some_values(text)
    ours = parse_circuit(text)
    theirs = circuits.CustomCircuit(text, initial_guess=list(values))
    assert list(ours.names) == list(theirs.get_param_names()[0])
    frequency = OMEGA / (2 * np.pi)
    expected = theirs.predict(frequency, use_initial=True)
    assert np.max(np.abs(ours.impedance(values, frequency) / expected - 1)) < 1e-9


@pytest.mark.parametrize("text", CIRCUITS)
def test_gradients_are_those_of_the_impedance(text: str) -> None:
    circuit = parse_circuit(text)
    internal = circuit.to_internal(some_values(text))
    _, gradient = circuit.with_gradient(internal[None], OMEGA)
    for k in range(internal.size):
        step = np.zeros(internal.size)
        step[k] = 1e-4
        above, _ = circuit.with_gradient((internal + step)[None], OMEGA)
        below, _ = circuit.with_gradient((internal - step)[None], OMEGA)
        numeric = (above - below)[0] / 2e-4
        scale = np.abs(numeric).max() + 1e-12
        assert (
            np.max(np.abs(gradient[0, :, k] - numeric)) < 1e-5 * scale + 1e-10 * np.abs(above).max()
        )


def test_internal_parameters_go_both_ways() -> None:
    circuit = parse_circuit("R0-p(R1,CPE1)-CPE2")
    values = np.array([10.0, 1e3, 1e-9, 0.9, 1e-6, 0.85])
    assert circuit.to_values(circuit.to_internal(values)) == pytest.approx(values)
    assert circuit.names == ("R0", "R1", "CPE1_0", "CPE1_1", "CPE2_0", "CPE2_1")


def test_blanks_do_not_matter() -> None:
    assert parse_circuit(" R0 - p( R1 , CPE1 ) ").names == parse_circuit("R0-p(R1,CPE1)").names


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "missing"),
        ("R0-", "missing"),
        ("R0-p(R1,CPE1", "not closed"),
        ("R0-p(R1)", "two elements"),
        ("R0)", "left over"),
        ("Q1", "none of"),
        ("R0-R0", "twice"),
        ("R0--R1", "where an element"),
        ("R0+C1", "cannot read"),
        ("R", "cannot read"),
    ],
)
def test_a_wrong_string_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(CircuitError, match=says):
        parse_circuit(text)


def test_the_number_of_values_is_checked() -> None:
    with pytest.raises(CircuitError, match="2 parameters"):
        parse_circuit("R0-C1").impedance(np.array([1.0]), OMEGA)


def test_every_kind_names_its_units() -> None:
    assert all(len(kind.units) == len(kind.exponent) for kind in KINDS.values())
