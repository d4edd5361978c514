"""The mixtures of the literature: how the parts of ``a-b*c`` are weighed against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

Amounts = Mapping[str, Fraction]

# Printed mole fractions are rounded to two digits: three of them add up to 1 within this.
_SUM_TOLERANCE = Fraction(2, 100)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a person has to look, in a word and a sentence, and what they may want to choose."""

    reason: str
    message: str
    suggestion: str | None = None


class UnreadableFormula(Exception):
    """Stops the reading at the place where no rule fits."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt.message)
        self.doubt = doubt


@dataclass(slots=True)
class MixturePart:
    """One summand of a mixture as written: coefficient, its unit, its elements."""

    text: str
    coefficient: Fraction | None
    percent: str | None
    amounts: dict[str, Fraction]


Combined = tuple[dict[str, Fraction], tuple[tuple[str, Fraction], ...]]


def combine_parts(parts: list[MixturePart], separators: list[str], rules: list[str]) -> Combined:
    """Weigh the parts of a mixture, by the rule that their coefficients call for."""
    if len(parts) == 1:
        only = parts[0]
        if only.percent is not None:
            raise UnreadableFormula(
                Doubt("unreadable-formula", f"a percentage of nothing: {only.text}")
            )
        factor = Fraction(1) if only.coefficient is None else only.coefficient
        return {name: value * factor for name, value in only.amounts.items()}, ()
    for part in parts:
        if len(part.amounts) == 1 and "Li" in part.amounts and part.coefficient is not None:
            raise UnreadableFormula(_lone_lithium(parts, separators))
    if any(part.percent == "weight" for part in parts):
        return _by_weight(parts, rules)
    weights = _mole_weights(parts, separators, rules)
    total: dict[str, Fraction] = {}
    for part, weight in zip(parts, weights, strict=True):
        for name, value in part.amounts.items():
            total[name] = total.get(name, Fraction(0)) + weight * value
    components = tuple((part.text, weight) for part, weight in zip(parts, weights, strict=True))
    return total, components


def _written(parts: list[MixturePart], coefficients: list[str], separators: list[str]) -> str:
    pieces = [
        coefficient + part.text for coefficient, part in zip(coefficients, parts, strict=True)
    ]
    return pieces[0] + "".join(sep + piece for sep, piece in zip(separators, pieces[1:]))


def _lone_lithium(parts: list[MixturePart], separators: list[str]) -> Doubt:
    coefficients = ["" if p.coefficient is None else _decimal(p.coefficient) for p in parts]
    anion = next((x for p in parts for x in ("S", "O") if x in p.amounts), None)
    suggestion = None
    if anion is not None and all(p.text == "Li2" for p in parts if set(p.amounts) == {"Li"}):
        mended = [
            MixturePart(p.text + anion if p.text == "Li2" else p.text, None, None, p.amounts)
            for p in parts
        ]
        suggestion = _written(mended, coefficients, separators)
    return Doubt(
        "component-is-a-metal",
        "a component of a glass cannot be lithium alone: an anion seems to be missing",
        suggestion,
    )


def _mole_weights(
    parts: list[MixturePart], separators: list[str], rules: list[str]
) -> list[Fraction]:
    given = [part.coefficient for part in parts]
    told = [value for value in given if value is not None]
    if len(told) == len(given):
        return _told_weights(parts, told, separators, rules)
    if any(set(part.amounts) == {"H", "O"} for part in parts[1:]):
        rules.append("hydrate")
        return [Fraction(1) if value is None else value for value in given]
    bare = any(len(part.amounts) == 1 for part in parts[1:])
    if given[0] is None and len(told) == len(given) - 1:
        rules.append("dopant-per-formula-unit" if bare else "additive-per-formula-unit")
        return [Fraction(1), *told]
    if told and all(value.denominator == 1 for value in told):
        rules.append("mole-ratio")
        return [Fraction(1) if value is None else value for value in given]
    if not told and all(separator == "*" for separator in separators):
        rules.append("adduct-one-of-each")
        return [Fraction(1)] * len(given)
    share = _decimal(Fraction(1, len(parts)))
    raise UnreadableFormula(
        Doubt(
            "amounts-not-told",
            "the parts of this mixture have no amounts",
            None if told or bare else _written(parts, [share] * len(parts), separators),
        )
    )


def _told_weights(
    parts: list[MixturePart], told: list[Fraction], separators: list[str], rules: list[str]
) -> list[Fraction]:
    total = sum(told, Fraction(0))
    if abs(total - 1) <= _SUM_TOLERANCE:
        rules.append("mole-fractions")
        return told
    if abs(total - 100) <= 100 * _SUM_TOLERANCE:
        rules.append("mole-percent")
        return [value / 100 for value in told]
    if all(value.denominator == 1 and value <= 20 for value in told):
        rules.append("mole-ratio")
        return told
    mended = None
    if len(told) == 2:
        first, second = told
        for candidate in ((first, 1 - first), (first, second / 100)):
            if candidate[1] > 0 and abs(sum(candidate, Fraction(0)) - 1) <= _SUM_TOLERANCE:
                mended = _written(parts, [_decimal(x) for x in candidate], separators)
                break
    raise UnreadableFormula(
        Doubt(
            "fractions-do-not-add-up",
            f"the amounts add up to {_decimal(total)} instead of 1 or 100",
            mended,
        )
    )


def _by_weight(parts: list[MixturePart], rules: list[str]) -> Combined:
    """Turn ``matrix - w wt% additive`` (of the whole) into moles per 100 g."""
    additives = [part for part in parts if part.percent == "weight"]
    matrix = [part for part in parts if part.percent is None]
    if len(matrix) != 1 or matrix[0].coefficient is not None:
        raise UnreadableFormula(
            Doubt("unreadable-formula", "in a composite by weight one part must be the matrix")
        )
    percents = {id(p): p.coefficient or Fraction(0) for p in additives}
    rest = 100 - sum(percents.values(), Fraction(0))
    if rest <= 0:
        raise UnreadableFormula(
            Doubt("fractions-do-not-add-up", "the additives weigh 100 % or more together")
        )
    percents[id(matrix[0])] = rest
    rules.append("composite-by-weight")
    total: dict[str, Fraction] = {}
    for part in parts:
        moles = percents[id(part)] / _molar_mass(part.amounts)
        for name, value in part.amounts.items():
            total[name] = total.get(name, Fraction(0)) + moles * value
    return total, tuple((part.text, percents[id(part)] / 100) for part in parts)


def _molar_mass(amounts: Amounts) -> Fraction:
    # pymatgen is slow to import and only composites by weight need atomic masses.
    from pymatgen.core.periodic_table import Element

    return sum(
        (Fraction(str(float(Element(name).atomic_mass))) * n for name, n in amounts.items()),
        Fraction(0),
    )


def _decimal(value: Fraction) -> str:
    text = f"{float(value):.4f}".rstrip("0").rstrip(".")
    return text or "0"
