"""Which labels are left out of a test of the ranking, and which may be learned from."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlmodel import col

from db.sources import data_path
from db.tables import Label
from labkit.errors import UsageError
from labkit.workflows.describing import PoolTree
from labkit.workflows.lab import Lab
from labkit.workflows.publication_years import publication_year
from labkit.workflows.screening_labels import LabelOnStructure, labels_on_structures

__all__ = ["FIXED_SPLITS", "GROUP_SPLITS", "FixedSplit", "Groups", "fixed_split", "grouped_labels"]

FIXED_SPLITS = ("obelix", "time")
GROUP_SPLITS = ("formula", "family", "cluster")

# as many groups as the families that people tell apart
_CLUSTER_GROUPS = 30
# about this share of the dated labels is tested when no year is given
_TESTED_SHARE = 0.2


class Fact(NamedTuple):
    """What a label says about its compound and its paper."""

    reduced_formula: str
    icsd_id: int | None
    named_structure: str | None
    family: str | None
    year: int | None


@dataclass(frozen=True)
class FixedSplit:
    """Structures that no tree and no label may know of while a model is built.

    Attributes
    ----------
    tested : frozenset of str
        Structures that are predicted.
    set_aside : frozenset of str
        Labels on other structures that are neither learned from nor tested.
    words : str
        What was split how, for people.
    """

    tested: frozenset[str]
    set_aside: frozenset[str]
    words: str

    def may_be_learned_from(self, label: LabelOnStructure) -> bool:
        """Whether a label neither sits on a tested structure nor tells of one."""
        return label.material_id not in self.tested and label.name not in self.set_aside


@dataclass(frozen=True)
class Groups:
    """Labels in groups that are left out one at a time.

    Attributes
    ----------
    labels : tuple of LabelOnStructure
        Those that have a group; the others are neither learned from nor tested.
    names : tuple of str
        Group of each.
    words : str
        What was grouped how, for people.
    """

    labels: tuple[LabelOnStructure, ...]
    names: tuple[str, ...]
    words: str


def fixed_split(
    lab: Lab, name: str, found: Sequence[LabelOnStructure], *, year: int | None = None
) -> FixedSplit:
    """Return the structures to be tested and the labels to be set aside.

    ``obelix``: the test set of OBELiX (Therrien et al. 2025); labels elsewhere that share an ICSD
    number with a tested entry, or name its structure, are set aside.

    ``time``: labels published in `year` or later, on compounds that carry no earlier label; labels
    without a known year and later labels of known compounds are set aside. The year is that which
    the DOI tells. Nothing of this looks at a conductivity.

    Parameters
    ----------
    lab : Lab
    name : {"obelix", "time"}
    found : sequence of LabelOnStructure
        All labels that a model could learn from.
    year : int, optional
        First year tested; the one that leaves about a fifth of the dated labels by default.

    Raises
    ------
    UsageError
        When too few labels have a year.
    DataUnavailableError
        When the list of the OBELiX test set is not at hand.
    """
    facts = _facts(lab)
    return _obelix(found, facts) if name == "obelix" else _by_year(found, facts, year)


def _obelix(found: Sequence[LabelOnStructure], facts: dict[int, Fact]) -> FixedSplit:
    with data_path("obelix/test_idx.csv").open(encoding="utf-8-sig", newline="") as file:
        tested = frozenset(f"obelix-{row['ID']}" for row in csv.DictReader(file))
    with data_path("obelix/all.csv").open(encoding="utf-8-sig", newline="") as file:
        numbers = {
            int(float(row["ICSD ID"]))
            for row in csv.DictReader(file)
            if f"obelix-{row['ID']}" in tested and row["ICSD ID"]
        }
    aside = frozenset(
        label.name
        for label in found
        if label.material_id not in tested
        and (
            facts[label.label_id].icsd_id in numbers
            or facts[label.label_id].named_structure in tested
        )
    )
    return FixedSplit(tested, aside, "the published test set")


def _by_year(
    found: Sequence[LabelOnStructure], facts: dict[int, Fact], year: int | None
) -> FixedSplit:
    years = {label.name: facts[label.label_id].year for label in found}
    dated = sorted(value for value in years.values() if value is not None)
    if len(dated) < 2 or dated[0] == dated[-1]:
        raise UsageError(
            f"{len(dated)} of {len(found)} labels have a year of publication: too few to split by"
        )
    if year is None:
        shares = {y: float(np.mean([one >= y for one in dated])) for y in set(dated[1:])}
        shares = {y: share for y, share in shares.items() if share < 1.0}
        year = min(shares, key=lambda y: (abs(shares[y] - _TESTED_SHARE), y))
    known_formulas, known_structures = set[str](), set[str]()
    for label in found:
        told = years[label.name]
        if told is None or told < year:
            known_formulas.add(facts[label.label_id].reduced_formula)
            known_structures.add(label.material_id)
    tested, aside = set[str](), set[str]()
    for label in found:
        told = years[label.name]
        late = told is not None and told >= year
        fresh = (
            facts[label.label_id].reduced_formula not in known_formulas
            and label.material_id not in known_structures
        )
        if late and fresh:
            tested.add(label.material_id)
        elif late or told is None:
            aside.add(label.name)
    words = f"{len(dated)} of {len(found)} labels have a year; tested are those of {year} and later"
    return FixedSplit(frozenset(tested), frozenset(aside), words)


def grouped_labels(
    lab: Lab, name: str, found: Sequence[LabelOnStructure], pool: PoolTree
) -> Groups:
    """Return labels with the group that each belongs to.

    ``formula``: its reduced formula. ``family``: the structural family that OBELiX prints for it
    or for another label of the same ICSD number or formula; labels without one are left out
    altogether, as nobody can say of which family they would tell. ``cluster``: one of 30 clusters
    of `pool`.

    Raises
    ------
    UsageError
        When there is only one group.
    """
    facts = _facts(lab)
    if name == "formula":
        kept, names = list(found), [facts[label.label_id].reduced_formula for label in found]
        words = "reduced formulas"
    elif name == "family":
        kept = [label for label in found if facts[label.label_id].family]
        names = [facts[label.label_id].family or "" for label in kept]
        words = f"families; {len(found) - len(kept)} labels without a family are set aside"
    else:
        clusters = pool.tree.clusters_at(min(_CLUSTER_GROUPS, pool.tree.max_k))
        kept = list(found)
        names = [str(int(clusters[pool.rows[label.material_id]])) for label in found]
        words = "clusters"
    if len(set(names)) < 2:
        raise UsageError(
            f"the labels make {len(set(names))} group(s) by {name}: nothing is left to learn from"
        )
    return Groups(tuple(kept), tuple(names), f"{len(set(names))} {words}")


def _facts(lab: Lab) -> dict[int, Fact]:
    """Return what every accepted label says, by its number.

    Family and year are taken over from labels of the same ICSD number, then of the same formula,
    where a label does not tell them itself.
    """
    statement = sa.select(
        col(Label.id),
        col(Label.reduced_formula),
        col(Label.formula),
        col(Label.icsd_id),
        col(Label.material_id),
        col(Label.doi),
        col(Label.verbatim),
    ).where(col(Label.state) == "accepted")
    with lab.database.reading() as session:
        rows = session.connection().execute(statement).all()
    own = {
        int(number): Fact(reduced or formula, icsd, named, _family(verbatim), publication_year(doi))
        for number, reduced, formula, icsd, named, doi, verbatim in rows
        if number is not None
    }
    family_of_icsd, family_of_formula = Counter[tuple[int, str]](), Counter[tuple[str, str]]()
    year_of_icsd: dict[int, int] = {}
    for fact in own.values():
        if fact.family:
            family_of_formula[fact.reduced_formula, fact.family] += 1
        if fact.icsd_id is not None and fact.family:
            family_of_icsd[fact.icsd_id, fact.family] += 1
        if fact.icsd_id is not None and fact.year is not None:
            year_of_icsd[fact.icsd_id] = min(fact.year, year_of_icsd.get(fact.icsd_id, fact.year))
    by_icsd = {number: family for (number, family), _ in reversed(family_of_icsd.most_common())}
    by_formula = {text: family for (text, family), _ in reversed(family_of_formula.most_common())}
    return {
        number: fact._replace(
            family=fact.family
            or by_icsd.get(fact.icsd_id or -1)
            or by_formula.get(fact.reduced_formula),
            year=fact.year if fact.year is not None else year_of_icsd.get(fact.icsd_id or -1),
        )
        for number, fact in own.items()
    }


# spellings of one family in the published table
_SAME_FAMILY = {"chloride": "halide", "choloride": "halide", "fluoride": "halide"}


def _family(verbatim: object) -> str | None:
    """Return the structural family that a published row prints, in one spelling."""
    row = json.loads(verbatim) if isinstance(verbatim, str) else verbatim
    told = row.get("Family", "") if isinstance(row, dict) else ""
    plain = re.sub(r"[-\s]|like$", "", str(told).casefold()).rstrip("s")
    return _SAME_FAMILY.get(plain, plain) or None


def all_labels(lab: Lab) -> list[LabelOnStructure]:
    """Return the accepted labels on any structure."""
    return labels_on_structures(lab, _AnyStructure())


class _AnyStructure(set[str]):
    """A collection that holds every name."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str)
