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
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from db.errors import InvalidValueError
from db.formula_mixtures import (
    Amounts,
    Doubt,
    MixturePart,
    UnreadableFormula,
    combine_parts,
)
from db.formula_text import PERCENT, balanced_text, cleaned_text, split_polymorph

_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se "
    "Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb "
    "Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm "
    "Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og D"
)
ELEMENTS = frozenset(_SYMBOLS.split())
LONGEST_FORMULA = 500
_LARGEST_SUBSCRIPT = 400

_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
_SYMBOL = re.compile(r"[A-Z][a-z]?")
_LETTER_O = re.compile(r"(?<=[a-zA-Z)\]])o(?=\.\d)")


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

    def refused(self, what: str) -> UnreadableFormula:
        place = self.position + 1
        return UnreadableFormula(
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
            amounts, self.components = combine_parts(parts, separators, self.rules)
        except UnreadableFormula as stop:
            raise self.in_place(stop.doubt, start) from None
        return amounts

    def in_place(self, doubt: Doubt, start: int) -> UnreadableFormula:
        """Put a suggestion for one bracket back into the whole formula."""
        if doubt.suggestion is None:
            return UnreadableFormula(doubt)
        whole = self.text[:start] + doubt.suggestion + self.text[self.position :]
        return UnreadableFormula(Doubt(doubt.reason, doubt.message, whole))

    def part(self) -> MixturePart:
        start = self.position
        coefficient = self.number()
        percent = None
        match = PERCENT.match(self.text, self.position)
        if match and coefficient is not None:
            percent = "weight" if match[1].lower().startswith("wt") else "mole"
            self.position = match.end()
        body = self.position
        if percent is not None and _NUMBER.match(self.text, self.position):
            # "5wt% 65Li2O*27B2O3*8SiO2": the additive is itself a mixture.
            inner = self.mixture(allowed="*")
            return MixturePart(self.text[body : self.position], coefficient, percent, inner)
        amounts: dict[str, Fraction] = {}
        while self.peek() and (self.peek().isalpha() or self.peek() in "(["):
            for element, amount in self.unit().items():
                amounts[element] = amounts.get(element, Fraction(0)) + amount
        if self.position == body:
            raise self.refused("a formula is missing" if not self.peek() else "no element here")
        if percent is None:
            body = body if coefficient is not None else start
        return MixturePart(self.text[body : self.position], coefficient, percent, amounts)

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
    rest, polymorph = split_polymorph(text, rules)
    cleaned = cleaned_text(rest, rules)
    doubts: list[Doubt] = []
    if polymorph == "r":
        doubts.append(Doubt("polymorph-misread", "the prefix r may be a misread gamma", "gamma"))
    parser = _Parser(cleaned, rules)
    try:
        amounts = parser.read_all()
        if not amounts or all(value == 0 for value in amounts.values()):
            raise UnreadableFormula(Doubt("unreadable-formula", "there is no formula in this cell"))
    except UnreadableFormula as stop:
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
        return Doubt("unbalanced-brackets", "brackets do not pair up", balanced_text(text.strip()))
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


def formula_text(text: str) -> str:
    """Return a formula without outer blanks, fit to be stored whether it can be read or not.

    Raises
    ------
    InvalidValueError
        If it is far too long or has control characters in it.
    """
    if len(text) > LONGEST_FORMULA:
        raise InvalidValueError(
            f"a formula of {len(text)} characters ({text[:20]!r}...) is refused: the longest has "
            f"{LONGEST_FORMULA}"
        )
    stripped = text.strip()
    if any(ord(character) < 32 for character in stripped):
        raise InvalidValueError(f"the formula {stripped[:40]!r} has control characters in it")
    return stripped


def composition_distance(one: str, other: str) -> float | None:
    """Return the share of atoms in which two compositions differ, 0 to 1.

    Half the sum of the differences of the atomic fractions; None where a formula is in doubt.
    """
    first, second = read_formula(one).amounts, read_formula(other).amounts
    if not first or not second:
        return None
    n_first, n_second = sum(first.values()), sum(second.values())
    apart = sum(
        abs(first.get(element, Fraction(0)) / n_first - second.get(element, Fraction(0)) / n_second)
        for element in first.keys() | second.keys()
    )
    return round(float(apart) / 2, 4)
