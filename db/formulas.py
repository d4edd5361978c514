"""Reading the formulas that people write in tables of solid electrolytes.

A plain formula is read as printed. Around it the literature puts mixtures
(``0.95(0.6Li2S-0.4SiS2)-0.05Li4SiO4``), additives per formula unit (``LiTi2(PO4)3-0.2Li2O``),
composites by weight (``Li3PS4 – 10 wt% Al2O3``), hydrates, polymorph prefixes and typing slips.
Every reading names the rules it used. Where a rule would have to guess, the reading carries a
doubt with a suggestion and no composition: a person decides.

Amounts are exact fractions of the printed decimals, so equal compositions compare equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from db.errors import InvalidValueError

Amounts = Mapping[str, Fraction]

_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se "
    "Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb "
    "Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm "
    "Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og D"
)
ELEMENTS = frozenset(_SYMBOLS.split())
LONGEST_FORMULA = 500
# Printed mole fractions are rounded to two digits: three of them add up to 1 within this.
_SUM_TOLERANCE = Fraction(2, 100)
_LARGEST_SUBSCRIPT = 400

_GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "η": "eta",
    "θ": "theta",
    "κ": "kappa",
}
_POLYMORPH = re.compile(
    r"(?P<name>[αβγδεηθκ]'?|alpha|beta|gamma|delta|LT|HT|[acghmort])[-‐‑–—](?=[A-Z(])"
)
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")
_DASHES = re.compile("[‐‑‒–—−﹣－]")
_DOTS = re.compile("[·•⋅∙・*×]")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_SYMBOL = re.compile(r"[A-Z][a-z]?")
_PERCENT = re.compile(r"\s*(wt\.?\s*%|mol\.?\s*%)\s*", re.IGNORECASE)
_LETTER_O = re.compile(r"(?<=[a-zA-Z)\]])o(?=\.\d)")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a person has to look, in a word and a sentence, and what they may want to choose."""

    reason: str
    message: str
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class FormulaReading:
    """What a formula cell says.

    Attributes
    ----------
    amounts : mapping or None
        Moles of each element, exact; None where a doubt stands in the way.
    reduced_formula : str or None
        The smallest whole-number formula, elements in alphabetical order.
    rules : tuple of str
        The readings that were applied, in order.
    components : tuple of (str, Fraction)
        Parts of a mixture as printed, with their moles (of a composite: with their mass fraction).
    """

    text: str
    amounts: Amounts | None
    reduced_formula: str | None
    rules: tuple[str, ...]
    polymorph: str | None = None
    components: tuple[tuple[str, Fraction], ...] = ()
    doubts: tuple[Doubt, ...] = ()


class _Unreadable(Exception):
    """Stops the reading at the place where no rule fits."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt.message)
        self.doubt = doubt


@dataclass(slots=True)
class _Part:
    """One summand of a mixture as written: coefficient, its unit, its elements."""

    text: str
    coefficient: Fraction | None
    percent: str | None
    amounts: dict[str, Fraction]


@dataclass(slots=True)
class _Parser:
    """Recursive descent over ``mixture := part (sep part)*``, ``part := [number] unit+``."""

    text: str
    rules: list[str]
    position: int = 0
    depth: int = 0
    components: tuple[tuple[str, Fraction], ...] = ()

    def read_all(self) -> dict[str, Fraction]:
        amounts = self.mixture()
        if self.position < len(self.text):
            raise self.refused(f"{self.text[self.position]!r} does not belong here")
        return amounts

    def refused(self, what: str) -> _Unreadable:
        place = self.position + 1
        return _Unreadable(
            Doubt("unreadable-formula", f"{what} (character {place} of {self.text!r})")
        )

    def peek(self) -> str:
        return self.text[self.position] if self.position < len(self.text) else ""

    def number(self) -> Fraction | None:
        match = _NUMBER.match(self.text, self.position)
        if match is None:
            return None
        self.position = match.end()
        return Fraction(match[0])

    def mixture(self, allowed: str = "-*+") -> dict[str, Fraction]:
        start = self.position
        parts = [self.part()]
        separators: list[str] = []
        while self.peek() and self.peek() in allowed:
            separators.append(self.peek())
            self.position += 1
            parts.append(self.part())
        try:
            amounts, self.components = _combine(parts, separators, self.rules)
        except _Unreadable as stop:
            raise self.in_place(stop.doubt, start) from None
        return amounts

    def in_place(self, doubt: Doubt, start: int) -> _Unreadable:
        """Put a suggestion for one bracket back into the whole formula."""
        if doubt.suggestion is None:
            return _Unreadable(doubt)
        whole = self.text[:start] + doubt.suggestion + self.text[self.position :]
        return _Unreadable(Doubt(doubt.reason, doubt.message, whole))

    def part(self) -> _Part:
        start = self.position
        coefficient = self.number()
        percent = None
        match = _PERCENT.match(self.text, self.position)
        if match and coefficient is not None:
            percent = "weight" if match[1].lower().startswith("wt") else "mole"
            self.position = match.end()
        body = self.position
        if percent is not None and _NUMBER.match(self.text, self.position):
            # "5wt% 65Li2O*27B2O3*8SiO2": the additive is itself a mixture.
            inner = self.mixture(allowed="*")
            return _Part(self.text[body : self.position], coefficient, percent, inner)
        amounts: dict[str, Fraction] = {}
        while self.peek() and (self.peek().isalpha() or self.peek() in "(["):
            for element, amount in self.unit().items():
                amounts[element] = amounts.get(element, Fraction(0)) + amount
        if self.position == body:
            raise self.refused("a formula is missing" if not self.peek() else "no element here")
        if percent is None:
            body = body if coefficient is not None else start
        return _Part(self.text[body : self.position], coefficient, percent, amounts)

    def unit(self) -> dict[str, Fraction]:
        opening = self.peek()
        if opening in ("(", "["):
            if self.depth > 20:
                raise self.refused("brackets are nested too deeply")
            self.position += 1
            self.depth += 1
            inner = self.mixture()
            self.depth -= 1
            closing = ")" if opening == "(" else "]"
            if self.peek() != closing:
                raise self.refused(f"a closing {closing} is missing")
            self.position += 1
        else:
            inner = {self.element(): Fraction(1)}
        factor = self.number()
        if factor is None:
            return inner
        if factor > _LARGEST_SUBSCRIPT:
            raise self.refused(f"the subscript {factor} is too large; a 0 may stand for O")
        return {name: amount * factor for name, amount in inner.items()}

    def element(self) -> str:
        match = _SYMBOL.match(self.text, self.position)
        if match is None:
            raise self.refused(f"{self.peek()!r} begins no element")
        for symbol in (match[0], match[0][0]):
            if symbol in ELEMENTS:
                self.position += len(symbol)
                return symbol
        raise self.refused(f"{match[0]!r} is no element")


_Combined = tuple[dict[str, Fraction], tuple[tuple[str, Fraction], ...]]


def _combine(parts: list[_Part], separators: list[str], rules: list[str]) -> _Combined:
    """Weigh the parts of a mixture, by the rule that their coefficients call for."""
    if len(parts) == 1:
        only = parts[0]
        if only.percent is not None:
            raise _Unreadable(Doubt("unreadable-formula", f"a percentage of nothing: {only.text}"))
        factor = Fraction(1) if only.coefficient is None else only.coefficient
        return {name: value * factor for name, value in only.amounts.items()}, ()
    for part in parts:
        if len(part.amounts) == 1 and "Li" in part.amounts and part.coefficient is not None:
            raise _Unreadable(_lone_lithium(parts, separators))
    if any(part.percent == "weight" for part in parts):
        return _by_weight(parts, rules)
    weights = _mole_weights(parts, separators, rules)
    total: dict[str, Fraction] = {}
    for part, weight in zip(parts, weights, strict=True):
        for name, value in part.amounts.items():
            total[name] = total.get(name, Fraction(0)) + weight * value
    components = tuple((part.text, weight) for part, weight in zip(parts, weights, strict=True))
    return total, components


def _written(parts: list[_Part], coefficients: list[str], separators: list[str]) -> str:
    pieces = [
        coefficient + part.text for coefficient, part in zip(coefficients, parts, strict=True)
    ]
    return pieces[0] + "".join(sep + piece for sep, piece in zip(separators, pieces[1:]))


def _lone_lithium(parts: list[_Part], separators: list[str]) -> Doubt:
    coefficients = ["" if p.coefficient is None else _decimal(p.coefficient) for p in parts]
    anion = next((x for p in parts for x in ("S", "O") if x in p.amounts), None)
    suggestion = None
    if anion is not None and all(p.text == "Li2" for p in parts if set(p.amounts) == {"Li"}):
        mended = [
            _Part(p.text + anion if p.text == "Li2" else p.text, None, None, p.amounts)
            for p in parts
        ]
        suggestion = _written(mended, coefficients, separators)
    return Doubt(
        "component-is-a-metal",
        "a component of a glass cannot be lithium alone: an anion seems to be missing",
        suggestion,
    )


def _mole_weights(parts: list[_Part], separators: list[str], rules: list[str]) -> list[Fraction]:
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
    raise _Unreadable(
        Doubt(
            "amounts-not-told",
            "the parts of this mixture have no amounts",
            None if told or bare else _written(parts, [share] * len(parts), separators),
        )
    )


def _told_weights(
    parts: list[_Part], told: list[Fraction], separators: list[str], rules: list[str]
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
    raise _Unreadable(
        Doubt(
            "fractions-do-not-add-up",
            f"the amounts add up to {_decimal(total)} instead of 1 or 100",
            mended,
        )
    )


def _by_weight(parts: list[_Part], rules: list[str]) -> _Combined:
    """Turn ``matrix - w wt% additive`` (of the whole) into moles per 100 g."""
    additives = [part for part in parts if part.percent == "weight"]
    matrix = [part for part in parts if part.percent is None]
    if len(matrix) != 1 or matrix[0].coefficient is not None:
        raise _Unreadable(
            Doubt("unreadable-formula", "in a composite by weight one part must be the matrix")
        )
    percents = {id(p): p.coefficient or Fraction(0) for p in additives}
    rest = 100 - sum(percents.values(), Fraction(0))
    if rest <= 0:
        raise _Unreadable(
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


def _cleaned(text: str, rules: list[str]) -> str:
    """Undo what typesetting did to the text; name each thing undone."""
    steps: list[tuple[str, Callable[[str], str]]] = [
        ("invisible-character-removed", lambda t: _INVISIBLE.sub("", t)),
        ("outer-blanks-removed", str.strip),
        ("quotation-marks-removed", lambda t: re.sub(r'^"(.*)"$', r"\1", t)),
        ("typographic-dash", lambda t: _DASHES.sub("-", t)),
        ("subscript-digits", lambda t: t.translate(_SUBSCRIPTS)),
    ]
    for rule, step in steps:
        changed = step(text)
        if changed != text:
            rules.append(rule)
            text = changed
    if re.search("[·•⋅∙・]", text):
        rules.append("middle-dot")
    text = re.sub(r"\s*([-*+])\s*", r"\1", _DOTS.sub("*", text))
    text = _PERCENT.sub(lambda m: "wt%" if m[1][0] in "wW" else "mol%", text)
    text = re.sub(r"(^|[-*+(\[])(\d+(?:\.\d*)?|\.\d+)\s+(?=[A-Z(\[])", r"\1\2", text)
    divided = re.sub(r"(?<=[)\]])\s+(?=\d)", "*", text)
    if divided != text:
        rules.append("parts-divided-by-blank")
    joined = re.sub(r"\s+", "", divided)
    if joined != divided:
        rules.append("inner-blank-removed")
    return joined


def _polymorph(text: str, rules: list[str]) -> tuple[str, str | None]:
    match = _POLYMORPH.match(text.strip())
    if match is None:
        return text, None
    rules.append("polymorph-prefix")
    name = match["name"]
    return text.strip()[match.end() :], _GREEK.get(name, name)


def _balanced(text: str) -> str | None:
    """Suggest a text with balanced round brackets, if dropping one bracket gives it."""
    for position, character in enumerate(text):
        if character in "()" and text[position - 1 : position] == character:
            candidate = text[:position] + text[position + 1 :]
            if candidate.count("(") == candidate.count(")"):
                return candidate
    return None


def read_formula(text: str) -> FormulaReading:
    """Read a formula as printed.

    Parameters
    ----------
    text : str
        The cell, verbatim.

    Returns
    -------
    FormulaReading
        With a composition, or with a doubt that says why there is none.
    """
    rules: list[str] = []
    if len(text) > LONGEST_FORMULA:
        doubt = Doubt("formula-too-long", f"a formula of {len(text)} characters is not read")
        return FormulaReading(text[:LONGEST_FORMULA], None, None, (), doubts=(doubt,))
    rest, polymorph = _polymorph(text, rules)
    cleaned = _cleaned(rest, rules)
    doubts: list[Doubt] = []
    if polymorph == "r":
        doubts.append(Doubt("polymorph-misread", "the prefix r may be a misread gamma", "gamma"))
    parser = _Parser(cleaned, rules)
    try:
        amounts = parser.read_all()
        if not amounts or all(value == 0 for value in amounts.values()):
            raise _Unreadable(Doubt("unreadable-formula", "there is no formula in this cell"))
    except _Unreadable as stop:
        doubts.insert(0, _with_suggestion(stop.doubt, text, cleaned))
        return FormulaReading(
            text, None, None, tuple(rules), polymorph=polymorph, doubts=tuple(doubts)
        )
    if not rules:
        rules.append("plain")
    amounts = {name: value for name, value in amounts.items() if value}
    exact = "composite-by-weight" not in rules
    reduced = reduced_formula(amounts) if exact else _atomic_fractions(amounts)
    return FormulaReading(
        text,
        amounts,
        reduced,
        tuple(dict.fromkeys(rules)),
        polymorph=polymorph,
        components=parser.components,
        doubts=tuple(doubts),
    )


def _with_suggestion(doubt: Doubt, text: str, cleaned: str) -> Doubt:
    if doubt.reason != "unreadable-formula":
        return doubt
    if _LETTER_O.search(cleaned):
        return Doubt(
            "letter-o-for-zero",
            "a letter o stands where a zero belongs",
            _LETTER_O.sub("0", text.strip()),
        )
    if cleaned.count("(") != cleaned.count(")"):
        return Doubt("unbalanced-brackets", "brackets do not pair up", _balanced(text.strip()))
    return doubt


def reduced_formula(amounts: Amounts) -> str:
    """Write the smallest whole-number formula, elements in alphabetical order (``Li7P3S11``)."""
    multiple = lcm(*(value.denominator for value in amounts.values()))
    whole = {name: int(value * multiple) for name, value in amounts.items()}
    divisor = gcd(*whole.values())
    return "".join(
        name + (str(count // divisor) if count != divisor else "")
        for name, count in sorted(whole.items())
    )


def _atomic_fractions(amounts: Amounts) -> str:
    """Write atomic fractions to four digits: weights give no whole numbers."""
    total = sum(amounts.values(), Fraction(0))
    return "".join(f"{name}{float(amounts[name] / total):.4f}" for name in sorted(amounts))


def composition(text: str) -> dict[str, float]:
    """Return the moles of each element of a formula.

    Raises
    ------
    InvalidValueError
        If the formula cannot be read without a doubt about its composition.
    """
    reading = read_formula(text)
    if reading.amounts is None:
        raise InvalidValueError(f"formula {text[:60]!r}: {reading.doubts[0].message}")
    return {name: float(value) for name, value in reading.amounts.items()}


def reduced_formula_or_none(text: str) -> str | None:
    """Return the reduced formula of a text, or None where it cannot be read without a doubt."""
    return read_formula(text).reduced_formula
