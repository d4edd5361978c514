"""Circuit strings in the syntax of impedance.py: ``R0-p(R1,CPE1)-CPE2``.

Elements joined by ``-`` are in series; ``p(a,b)`` puts them in parallel; each element is a kind and
a number. Parameters take the names of their element, ``CPE1_0`` (Q) and ``CPE1_1`` (n).

Every element returns its impedance and its derivatives with respect to the internal parameters,
so that a fit has exact gradients: parameters above zero are held as logarithms, exponents as the
logit between 0.3 and 1.

Errors raised here::

    LabkitError
    └── CircuitError     a circuit string that cannot be read
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.eis.spectrum import ComplexArray, FloatArray
from labkit.errors import LabkitError

N_LOW, N_HIGH = 0.3, 1.0
"""Range of an exponent."""


class CircuitError(LabkitError):
    """A circuit string that cannot be read, or values that do not fit it."""


Internal: TypeAlias = NDArray[np.float64]
"""Internal parameters, shape (starts, parameters)."""

Stack: TypeAlias = NDArray[Any]
"""Complex arrays whose first axis counts the starts."""

ElementModel: TypeAlias = Callable[[FloatArray, FloatArray], tuple[Stack, Stack]]
"""values (s, k), angular frequency (n,) -> Z (s, n), dZ/d(ln value, or exponent) (s, n, k)."""


@dataclass(frozen=True, slots=True)
class ElementKind:
    """A kind of element: units of its parameters, which of them are exponents, its impedance."""

    units: tuple[str, ...]
    exponent: tuple[bool, ...]
    model: ElementModel


def _resistor(values: FloatArray, omega: FloatArray) -> tuple[Stack, Stack]:
    z = values[:, :1] * np.ones(omega.shape, dtype=complex)
    return z, z[:, :, None]


def _capacitor(values: FloatArray, omega: FloatArray) -> tuple[Stack, Stack]:
    z = 1 / (1j * omega * values[:, :1])
    return z, -z[:, :, None]


def _inductor(values: FloatArray, omega: FloatArray) -> tuple[Stack, Stack]:
    z = 1j * omega * values[:, :1]
    return z, z[:, :, None]


def _cpe(values: FloatArray, omega: FloatArray) -> tuple[Stack, Stack]:
    log_jw = np.log(omega) + 0.5j * np.pi
    q, n = values[:, :1], values[:, 1:2]
    z = np.exp(-n * log_jw) / q
    gradient = np.empty((*z.shape, 2), dtype=complex)
    np.negative(z, out=gradient[:, :, 0])
    np.multiply(gradient[:, :, 0], log_jw, out=gradient[:, :, 1])
    return z, gradient


def _warburg(values: FloatArray, omega: FloatArray) -> tuple[Stack, Stack]:
    z = values[:, :1] * (1 - 1j) / np.sqrt(omega)
    return z, z[:, :, None]


def _warburg_open(values: FloatArray, omega: FloatArray) -> tuple[Stack, Stack]:
    root = np.sqrt(1j * omega * values[:, 1:2])
    tanh = np.tanh(root)
    z = values[:, :1] / (root * tanh)
    by_tau = -0.5 * z * (1 + root * (1 - tanh**2) / tanh)
    return z, np.stack([z, by_tau], axis=2)


def _warburg_short(values: FloatArray, omega: FloatArray) -> tuple[Stack, Stack]:
    root = np.sqrt(1j * omega * values[:, 1:2])
    tanh = np.tanh(root)
    z = values[:, :1] * tanh / root
    by_tau = 0.5 * (values[:, :1] * (1 - tanh**2) - z)
    return z, np.stack([z, by_tau], axis=2)


def _voigt(values: FloatArray, omega: FloatArray) -> tuple[Stack, Stack]:
    jwt = 1j * omega * values[:, 1:2]
    z = values[:, :1] / (1 + jwt)
    return z, np.stack([z, -z * jwt / (1 + jwt)], axis=2)


def _zarc(values: FloatArray, omega: FloatArray) -> tuple[Stack, Stack]:
    log_jwt = np.log(omega) + 0.5j * np.pi + np.log(values[:, 1:2])
    n = values[:, 2:3]
    power = np.exp(n * log_jwt)
    z = values[:, :1] / (1 + power)
    by_power = -z * power / (1 + power)
    return z, np.stack([z, by_power * n, by_power * log_jwt], axis=2)


KINDS: dict[str, ElementKind] = {
    "R": ElementKind(("Ohm",), (False,), _resistor),
    "C": ElementKind(("F",), (False,), _capacitor),
    "L": ElementKind(("H",), (False,), _inductor),
    "W": ElementKind(("Ohm sec^-1/2",), (False,), _warburg),
    "Wo": ElementKind(("Ohm", "sec"), (False, False), _warburg_open),
    "Ws": ElementKind(("Ohm", "sec"), (False, False), _warburg_short),
    "CPE": ElementKind(("Ohm^-1 sec^a", ""), (False, True), _cpe),
    "K": ElementKind(("Ohm", "sec"), (False, False), _voigt),
    "Zarc": ElementKind(("Ohm", "sec", ""), (False, False, True), _zarc),
}
"""Kinds of elements; W = A (1 - j)/sqrt(omega), Wo and Ws finite diffusion, K an RC by time
constant, Zarc a depressed arc by resistance, time constant and exponent."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a circuit and where its parameters begin."""

    kind: str
    name: str
    first: int

    @property
    def size(self) -> int:
        """Number of parameters."""
        return len(KINDS[self.kind].units)


@dataclass(frozen=True, slots=True)
class Series:
    """Parts in series."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    """Parts in parallel."""

    parts: tuple[Node, ...]


Node: TypeAlias = Element | Series | Parallel

_TOKEN = re.compile(r"\s*(p\(|[A-Z][A-Za-z]*?\d+|[-,)])")


@dataclass(frozen=True, slots=True)
class Circuit:
    """A parsed circuit.

    Parameters
    ----------
    text
        The string it was read from.
    root
        The tree.
    elements
        The elements in the order of their parameters.
    exponent
        Which parameters are exponents, shape (parameters,).
    """

    text: str
    root: Node
    elements: tuple[Element, ...]
    exponent: NDArray[np.bool_] = field(init=False, repr=False, compare=False)
    _reach: FloatArray = field(init=False, repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names as impedance.py writes them: R0, CPE1_0, CPE1_1."""
        return tuple(
            element.name if element.size == 1 else f"{element.name}_{k}"
            for element in self.elements
            for k in range(element.size)
        )

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of each parameter."""
        return tuple(unit for element in self.elements for unit in KINDS[element.kind].units)

    def __post_init__(self) -> None:
        """Keep what every evaluation asks for."""
        exponent = np.array(
            [e for element in self.elements for e in KINDS[element.kind].exponent], dtype=bool
        )
        object.__setattr__(self, "exponent", exponent)
        object.__setattr__(self, "_reach", np.where(exponent, 40.0, 600.0))

    def to_internal(self, values: FloatArray) -> Internal:
        """Return logarithms and logits of values, any shape (..., parameters)."""
        values = np.asarray(values, dtype=float)
        inside = np.clip((values - N_LOW) / (N_HIGH - N_LOW), 1e-9, 1 - 1e-9)
        return np.where(
            self.exponent, np.log(inside / (1 - inside)), np.log(np.maximum(values, 1e-300))
        )

    def to_values(self, internal: Internal) -> FloatArray:
        """Return values from logarithms and logits."""
        power = np.exp(np.minimum(np.maximum(internal, -self._reach), self._reach))
        return np.where(self.exponent, N_LOW + (N_HIGH - N_LOW) * (power / (1 + power)), power)

    def internal_slope(self, values: FloatArray) -> FloatArray:
        """Return d(value)/d(internal) for exponents and 1 for logarithms (kept relative)."""
        inside = (values - N_LOW) / (N_HIGH - N_LOW)
        return np.where(self.exponent, (N_HIGH - N_LOW) * inside * (1 - inside), 1.0)

    def impedance(self, values: FloatArray, frequency_hz: FloatArray) -> ComplexArray:
        """Return Z, shape (n,), for one set of values in the order of `names`.

        Raises
        ------
        CircuitError
            If the number of values is wrong.
        """
        array = np.atleast_2d(np.asarray(values, dtype=float))
        if array.shape != (1, len(self.names)):
            raise CircuitError(
                f"{self.text} has {len(self.names)} parameters ({', '.join(self.names)}), "
                f"{array.size} values were given"
            )
        omega = 2 * np.pi * np.asarray(frequency_hz, dtype=float)
        gradient = np.empty((1, omega.size, len(self.names)), dtype=complex)
        z, _ = _evaluate(self.root, array, omega, gradient)
        return np.asarray(z[0], dtype=np.complex128)

    def with_gradient(self, internal: Internal, omega: FloatArray) -> tuple[Stack, Stack]:
        """Return Z (s, n) and dZ/d(internal) (s, n, parameters) for s sets of parameters."""
        values = self.to_values(internal)
        gradient = np.empty((values.shape[0], omega.size, values.shape[1]), dtype=complex)
        with np.errstate(all="ignore"):
            z, _ = _evaluate(self.root, values, omega, gradient)
            gradient *= self.internal_slope(values)[:, None, :]
        return z, gradient


def _evaluate(
    node: Node, values: FloatArray, omega: FloatArray, gradient: Stack
) -> tuple[Stack, slice]:
    """Return Z of a node and which parameters are its own; fill in their columns of `gradient`."""
    if isinstance(node, Element):
        kind = KINDS[node.kind]
        own = slice(node.first, node.first + len(kind.units))
        z, gradient[:, :, own] = kind.model(values[:, own], omega)
        return z, own
    evaluated = [_evaluate(part, values, omega, gradient) for part in node.parts]
    own = slice(evaluated[0][1].start, evaluated[-1][1].stop)
    if isinstance(node, Series):
        return sum((z for z, _ in evaluated[1:]), start=evaluated[0][0]), own
    total = 1 / sum((1 / z for z, _ in evaluated[1:]), start=1 / evaluated[0][0])
    for z, part in evaluated:
        share = total / z
        gradient[:, :, part] *= (share * share)[:, :, None]
    return total, own


@lru_cache(maxsize=256)
def parse_circuit(text: str) -> Circuit:
    """Read a circuit string.

    Parameters
    ----------
    text
        For example ``"R0-p(R1,CPE1)-CPE2"``; blanks are ignored.

    Returns
    -------
    Circuit

    Raises
    ------
    CircuitError
        If the string has an unknown element, unbalanced brackets or a repeated name.
    """
    tokens = list(_tokens(text))
    elements: list[Element] = []

    def fail(what: str) -> CircuitError:
        return CircuitError(f"circuit '{text}': {what}; write for example R0-p(R1,CPE1)-CPE2")

    def series(position: int) -> tuple[Node, int]:
        parts: list[Node] = []
        while True:
            part, position = single(position)
            parts.append(part)
            if position < len(tokens) and tokens[position] == "-":
                position += 1
                continue
            return (parts[0] if len(parts) == 1 else Series(tuple(parts))), position

    def single(position: int) -> tuple[Node, int]:
        if position >= len(tokens):
            raise fail("an element is missing at the end")
        token = tokens[position]
        if token == "p(":
            parts: list[Node] = []
            position += 1
            while True:
                part, position = series(position)
                parts.append(part)
                if position < len(tokens) and tokens[position] == ",":
                    position += 1
                    continue
                break
            if position >= len(tokens) or tokens[position] != ")":
                raise fail("a bracket is not closed")
            if len(parts) < 2:
                raise fail("p( ) needs two elements or more")
            return Parallel(tuple(parts)), position + 1
        if token in "-,)":
            raise fail(f"'{token}' where an element should be")
        kind = token.rstrip("0123456789")
        if kind not in KINDS:
            raise fail(f"'{kind}' is none of {', '.join(KINDS)}")
        if any(element.name == token for element in elements):
            raise fail(f"{token} occurs twice")
        first = sum(element.size for element in elements)
        elements.append(Element(kind, token, first))
        return elements[-1], position + 1

    root, end = series(0)
    if end != len(tokens):
        raise fail(f"'{tokens[end]}' is left over")
    return Circuit(text, root, tuple(elements))


def _tokens(text: str) -> Iterator[str]:
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise CircuitError(
                f"circuit '{text}': cannot read '{stripped[position:]}'; "
                "write for example R0-p(R1,CPE1)-CPE2"
            )
        yield match[1]
        position = match.end()
