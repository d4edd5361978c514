"""Phonon densities of states at hand, and what is known of their materials."""

from __future__ import annotations

import csv
import gzip
import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from db.errors import DataUnavailableError
from db.sources import data_path
from labkit.errors import UsageError
from labkit.workflows.lab import Lab
from labkit.workflows.screening_labels import labels_on_structures
from screening.phonon.clustering import METHODS
from screening.phonon.dos import PhononDos
from screening.phonon.features import FEATURES, FeatureOptions
from screening.phonon.reading import read_dos, read_dos_table

__all__ = [
    "CONDUCTOR_LOG_SIGMA",
    "FEWEST_LABELS",
    "Known",
    "PhononRequest",
    "authors_densities",
    "known_of_materials",
    "load_densities",
    "published_table",
    "raw_runs",
]

#: conductors of the poster's label set
CONDUCTOR_LOG_SIGMA = -6.0
#: fewer labels are not tested
FEWEST_LABELS = 4
_TABLE = "phonon/li_phonon_dos.jsonl.gz"
_FOLDER = "phonon/fast_ion_descriptors"
_BVSE = "bvse/li_pool_labels.csv.gz"
_RUNS = (
    "1138-lif-fm-3m-225",
    "1960-li2o-fm-3m-225",
    "20782-liinte2-i-42d-122",
    "2251-li3n-p6-mmm-191",
    "22905-licl-fm-3m-225",
    "23259-libr-fm-3m-225",
    "2341-li3n-p6-3-mmc-194",
    "2530-li2te-fm-3m-225",
    "28567-libif4-i4-1-a-88",
    "3216-li2zrn2-p-3m1-164",
    "4586-lialte2-i-42d-122",
    "5048-ligate2-i-42d-122",
    "5614-li3bs3-pnma-62",
    "6711-na3li3al2f12-ia-3d-230",
    "696128-li10ge-ps6-2-p4-2mc-105",
    "9059-kli6tao6-r-3m-166",
    "950995-li6ps5i-cc-9",
    "985583-li3ps4-pnma-62",
    "985585-li3clo-pm-3m-221",
)
_SIGMA = "σ(RT)(S cm-1)"


@dataclass(frozen=True)
class PhononRequest:
    """What to compute.

    Attributes
    ----------
    files : tuple of Path
        Densities of states or phonopy runs of one's own, beside the public table.
    with_table : bool
        Whether the public table is used.
    features : tuple of str
        Feature sets; all by default.
    methods : tuple of str
        Ways to cluster.
    k_max : int
        Largest number of clusters.
    drop_unstable : bool
        Leave out crystals with imaginary modes instead of setting those modes aside.
    options : FeatureOptions
    repeats : int
        Permutations.
    seed : int
    """

    files: tuple[Path, ...] = ()
    with_table: bool = True
    features: tuple[str, ...] = tuple(FEATURES)
    methods: tuple[str, ...] = METHODS
    k_max: int = 10
    drop_unstable: bool = False
    options: FeatureOptions = field(default_factory=FeatureOptions)
    repeats: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class Known:
    """What is known of materials, by id.

    Attributes
    ----------
    log_sigma : mapping
        log10 of the conductivity in S/cm at room temperature.
    formulas : mapping
        Reduced formula of those.
    bvse_eV : mapping
        3-D barrier of the published bond-valence calculation; the mean where there are several.
    log_diffusivity : mapping
        log10 of the diffusivity in cm2/s at 800 K from molecular dynamics with M3GNet; those that
        did not diffuse at all are missing.
    """

    log_sigma: Mapping[str, float]
    formulas: Mapping[str, str]
    bvse_eV: Mapping[str, float]
    log_diffusivity: Mapping[str, float]


def published_table() -> list[PhononDos]:
    """Return the densities of states of the 782 compounds of the public table."""
    return list(read_dos_table(data_path(_TABLE)))


def load_densities(files: Sequence[Path], *, with_table: bool = True) -> list[PhononDos]:
    """Return the public table with the densities of some files, which replace equal ids.

    Raises
    ------
    UsageError
        When nothing is left.
    """
    found = {one.material_id: one for one in (published_table() if with_table else [])}
    for file in files:
        if not file.exists():
            raise UsageError(f"{file}: no such file or folder")
        found.update({one.material_id: one for one in read_dos(file)})
    if not found:
        raise UsageError("no density of states was selected: name files, or use the public table")
    return list(found.values())


def raw_runs() -> list[Path]:
    """Return the raw phonopy runs of the public data that are at hand."""
    return [data_path(f"phonon/phonondb_raw/materials-id-{run}.tar.lzma") for run in _RUNS]


def authors_densities(wanted: Collection[str]) -> list[PhononDos]:
    """Return densities of states of some materials from the authors' own feature files.

    Those files have materials that the table lacks; about one projection in eight is that of
    another element, so they serve where there is nothing else.
    """
    with data_path(f"{_FOLDER}/data_labelled.csv").open(encoding="utf-8-sig", newline="") as file:
        named = [
            (row["material_id"], row["formula_pretty_reduced"]) for row in csv.DictReader(file)
        ]
    rows = [number for number, (name, _) in enumerate(named) if name in wanted]
    frequency, total = _feature_rows(data_path(f"{_FOLDER}/vibtot_feature.csv"), rows)
    _, lithium = _feature_rows(data_path(f"{_FOLDER}/vibli_feature.csv"), rows)
    return [
        PhononDos(
            *named[row],
            frequency,
            np.array(total[row]),
            {"Li": np.maximum(np.array(lithium[row]), 0.0)},
            source="authors' file",
        )
        for row in rows
    ]


def _feature_rows(
    path: Path, rows: Sequence[int]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], dict[int, list[float]]]:
    wanted = set(rows)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        frequency = np.array([float(name.removesuffix("THz")) for name in header[1:]])
        values = {
            number: [float(word) for word in row[1:]]
            for number, row in enumerate(reader)
            if number in wanted
        }
    return frequency, values


def known_of_materials(lab: Lab | None, ids: Collection[str]) -> Known:
    """Return conductivities, barriers and diffusivities of materials.

    Parameters
    ----------
    lab : Lab or None
        Take conductivities from its accepted labels; from the published file otherwise.
    ids : collection of str
        Materials that count for a lab's labels.
    """
    sigma, formulas = _published_sigma() if lab is None else _lab_sigma(lab, ids)
    return Known(sigma, formulas, _barriers(), _diffusivities())


def _published_sigma() -> tuple[dict[str, float], dict[str, str]]:
    try:
        path = data_path(f"{_FOLDER}/data_labelled.csv")
    except DataUnavailableError:
        return {}, {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row[_SIGMA]]
    sigma = {row["material_id"]: math.log10(float(row[_SIGMA])) for row in rows}
    return sigma, {row["material_id"]: row["formula_pretty_reduced"] for row in rows}


def _lab_sigma(lab: Lab, ids: Collection[str]) -> tuple[dict[str, float], dict[str, str]]:
    from labkit.workflows.representations import label_details

    details = label_details(lab)
    found = {label.material_id: label for label in labels_on_structures(lab, ids)}
    if len(found) < FEWEST_LABELS:
        raise UsageError(
            f"{len(found)} accepted labels of this lab fall on materials with phonons; four or "
            "more are needed: add labels and structures, or use --labels published"
        )
    return (
        {name: label.log_sigma for name, label in found.items()},
        {name: details[label.label_id].reduced_formula for name, label in found.items()},
    )


def _barriers() -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    try:
        path = data_path(_BVSE)
    except DataUnavailableError:
        return {}
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["material_id"] and row["bvse_Ea_eV"]:
                values[row["material_id"]].append(float(row["bvse_Ea_eV"]))
    return {name: float(np.mean(many)) for name, many in values.items()}


def _diffusivities() -> dict[str, float]:
    try:
        path = data_path(f"{_FOLDER}/data_kasper_full.csv")
    except DataUnavailableError:
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        row[""]: math.log10(float(row["800"]))
        for row in rows
        if row["800"] and float(row["800"]) > 0
    }
