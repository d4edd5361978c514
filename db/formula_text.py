"""What typesetting does to a formula, undone by named rules; and polymorph prefixes."""

from __future__ import annotations

import re
from collections.abc import Callable

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
PERCENT = re.compile(r"\s*(wt\.?\s*%|mol\.?\s*%)\s*", re.IGNORECASE)


def cleaned_text(text: str, rules: list[str]) -> str:
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
    text = PERCENT.sub(lambda m: "wt%" if m[1][0] in "wW" else "mol%", text)
    text = re.sub(r"(^|[-*+(\[])(\d+(?:\.\d*)?|\.\d+)\s+(?=[A-Z(\[])", r"\1\2", text)
    divided = re.sub(r"(?<=[)\]])\s+(?=\d)", "*", text)
    if divided != text:
        rules.append("parts-divided-by-blank")
    joined = re.sub(r"\s+", "", divided)
    if joined != divided:
        rules.append("inner-blank-removed")
    return joined


def split_polymorph(text: str, rules: list[str]) -> tuple[str, str | None]:
    """Take a polymorph prefix (``β-``, ``LT-``) off the front; Greek letters are spelled out."""
    match = _POLYMORPH.match(text.strip())
    if match is None:
        return text, None
    rules.append("polymorph-prefix")
    name = match["name"]
    return text.strip()[match.end() :], _GREEK.get(name, name)


def balanced_text(text: str) -> str | None:
    """Suggest a text with balanced round brackets, if dropping one bracket gives it."""
    for position, character in enumerate(text):
        if character in "()" and text[position - 1 : position] == character:
            candidate = text[:position] + text[position + 1 :]
            if candidate.count("(") == candidate.count(")"):
                return candidate
    return None
