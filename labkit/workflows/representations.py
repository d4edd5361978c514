"""Representations by name, their trees over one pool, and the labels that all of them carry."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlmodel import col

from db.tables import Label
from labkit.errors import UsageError
from labkit.workflows.describing import (
    Addition,
    PoolFeatures,
    PoolTree,
    features_of_pool,
    tree_of_pool,
)
from labkit.workflows.lab import Lab
from labkit.workflows.screening_labels import labels_on_structures
from screening.descriptors import descriptor as descriptor_of
from screening.simplify import MODES

__all__ = [
    "CONTROLS",
    "DEFAULT_REPRESENTATIONS",
    "CommonLabels",
    "LabelDetail",
    "Representation",
    "common_labels",
    "features_of",
    "label_details",
    "labels_on_described",
    "parse_representation",
    "trees_of",
]

Progress = Callable[[int, int], None]


class Representation(NamedTuple):
    """A descriptor in a mode, perhaps over several orderings or with a second one beside it."""

    descriptor: str
    mode: str
    addition: Addition | None = None
    orderings: int = 0

    @property
    def text(self) -> str:
        """Return it as people type it."""
        text = f"{self.descriptor}:{self.mode}" + (f"@{self.orderings}" if self.orderings else "")
        if self.addition is None:
            return text
        second, mode, weight = self.addition
        return f"{text}+{weight:g}*{second}:{mode}"

    def mixed_with(self, second: Representation, weight: float) -> Representation:
        """Return it with another one beside it, scaled by a weight."""
        return self._replace(addition=Addition(second.descriptor, second.mode, weight))

    @property
    def is_control(self) -> bool:
        """Whether it is a single number that describes no structure."""
        return self.descriptor.startswith("control_")


#: numbers that know no structure; a representation has to do better than all of them
CONTROLS = tuple(
    Representation(name, "structure")
    for name in (
        "control_sites",
        "control_framework_atoms",
        "control_volume",
        "control_lithium_fraction",
    )
)
DEFAULT_REPRESENTATIONS = ("soap:CAN", "rdf:CAN", "density:structure", "meredig:structure")


def parse_representation(text: str) -> Representation:
    """Read ``soap:CAN``, ``soap:CAN@8`` or ``soap:CAN+0.001*sine_coulomb:structure``.

    Without a mode it is CAN, or the first mode the descriptor has. ``@8`` means the mean over eight
    orderings of each disordered structure, for both parts of a mixture.

    Raises
    ------
    UsageError
        When the mode does not exist, the descriptor is not defined in it, or the weight of the
        second is no positive number.
    UnknownDescriptorError
        When there is no such descriptor.
    """
    first, plus, rest = text.partition("+")
    if not plus:
        return _plain_representation(text, text)
    number, star, second = rest.partition("*")
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not star or not (math.isfinite(weight) and weight > 0):
        raise UsageError(
            f"{text}: write a mixture as soap:CAN+0.001*sine_coulomb:structure, "
            "with a positive weight"
        )
    return _plain_representation(first, text).mixed_with(
        _plain_representation(second, text), weight
    )


def _plain_representation(word: str, text: str) -> Representation:
    word, at, number = word.partition("@")
    if at and (not number.isdecimal() or int(number) < 1):
        raise UsageError(f"{text}: write how many orderings after '@', as in soap:CAN@8")
    name, _, mode = word.partition(":")
    modes = descriptor_of(name).modes
    chosen = mode or ("CAN" if "CAN" in modes else modes[0])
    if chosen not in modes:
        choices = ", ".join(one for one in MODES if one in modes)
        raise UsageError(f"{text}: {name} has no mode {chosen!r}; choose one of {choices}")
    return Representation(name, chosen, orderings=int(number) if at else 0)


def features_of(lab: Lab, one: Representation, *, progress: Progress | None = None) -> PoolFeatures:
    """Return the values of a representation for every structure that has them."""
    return features_of_pool(
        lab,
        descriptor=one.descriptor,
        mode=one.mode,
        orderings=one.orderings,
        addition=one.addition,
        progress=progress,
    )


def trees_of(
    lab: Lab,
    representations: Sequence[Representation],
    *,
    without: Collection[str] = (),
    progress: Progress | None = None,
) -> dict[Representation, PoolTree]:
    """Return the tree of each representation, building those that are missing."""
    return {
        one: tree_of_pool(
            lab,
            descriptor=one.descriptor,
            mode=one.mode,
            orderings=one.orderings,
            addition=one.addition,
            without=without,
            progress=progress,
        )
        for one in dict.fromkeys(representations)
    }


@dataclass(frozen=True)
class CommonLabels:
    """One label per structure, the newest, for structures that all representations describe.

    Attributes
    ----------
    material_ids : tuple of str
    log_sigma : ndarray, shape (m,)
    formulas : tuple of str
        Reduced formula of each labelled compound, which makes the blocks of a permutation.
    dropped : int
        Labelled structures that some representation does not describe.
    """

    material_ids: tuple[str, ...]
    log_sigma: npt.NDArray[np.float64]
    formulas: tuple[str, ...]
    dropped: int

    def rows(self, pool: PoolTree) -> npt.NDArray[np.int64]:
        """Return the rows of the labelled structures in a tree."""
        return np.array([pool.rows[name] for name in self.material_ids], dtype=np.int64)


class LabelDetail(NamedTuple):
    """What a label says about its compound."""

    reduced_formula: str
    icsd_id: int | None
    named_structure: str | None


def label_details(lab: Lab) -> dict[int, LabelDetail]:
    """Return what every accepted label says about its compound, by the label's number."""
    statement = sa.select(
        col(Label.id),
        col(Label.reduced_formula),
        col(Label.formula),
        col(Label.icsd_id),
        col(Label.material_id),
    ).where(col(Label.state) == "accepted")
    with lab.database.reading() as session:
        rows = session.connection().execute(statement).all()
    return {
        int(number): LabelDetail(reduced or formula, icsd, named)
        for number, reduced, formula, icsd, named in rows
        if number is not None
    }


def common_labels(lab: Lab, pools: Sequence[PoolTree]) -> CommonLabels:
    """Return the labels on structures that are in every tree.

    Raises
    ------
    UsageError
        When fewer than two structures carry one.
    """
    return labels_on_described(lab, [pool.ids for pool in pools])


def labels_on_described(lab: Lab, described: Sequence[Collection[str]]) -> CommonLabels:
    """Return the labels on structures that every one of several representations describes.

    Raises
    ------
    UsageError
        When fewer than two structures carry one.
    """
    everywhere = set(described[0]).intersection(*described[1:])
    anywhere = set().union(*described)
    newest = {label.material_id: label for label in labels_on_structures(lab, anywhere)}
    details = label_details(lab)
    kept = [label for name, label in newest.items() if name in everywhere]
    if len(kept) < 2:
        raise UsageError(
            "fewer than two structures with an accepted label are described by every "
            "representation; import labels or compare fewer representations"
        )
    return CommonLabels(
        material_ids=tuple(label.material_id for label in kept),
        log_sigma=np.array([label.log_sigma for label in kept]),
        formulas=tuple(details[label.label_id].reduced_formula for label in kept),
        dropped=len(newest) - len(kept),
    )
