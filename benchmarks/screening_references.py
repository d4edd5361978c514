"""Every descriptor beside its reference on real structures: the largest relative difference.

Run with the public data sets at hand (LABKIT_DATA) and matminer, DScribe and pyzeo installed::

    python benchmarks/screening_references.py --structures 100 --out references.jsonl

Each line of the file is one descriptor in one mode; a line that is there is not computed again. The
difference of one structure is the largest one of its values, relative to the largest value of the
reference. Structures on which either side has no value are counted, by the side that fails. The
libraries take minutes for one large structure, so the slow ones see structures of few sites.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from screening_descriptors import library, soap_of_library

from screening.crystal import Crystal
from screening.descriptors import OpenDescriptor, descriptor
from screening.descriptors.free_sphere import ionic_radii
from screening.errors import ScreeningError
from screening.prepare import prepare
from screening.simplify import MODES, Simplifier
from screening.structures import read_materials_project_table

FloatArray = npt.NDArray[np.float64]
Values = tuple[FloatArray, FloatArray]

SLOW = {
    "bond_fraction",
    "cfid",
    "chemical_ordering",
    "global_instability",
    "maximum_packing_efficiency",
    "meredig",
    "orbital_field_matrix",
    "structural_heterogeneity",
}
SAME = 2e-5
VORONOI = {
    "bond_fraction",
    "chemical_ordering",
    "maximum_packing_efficiency",
    "orbital_field_matrix",
    "structural_heterogeneity",
}
# names of ions that Zeo++ takes in place of radii
_STAND_INS = ("O", "S", "F", "Cl", "Br", "N", "P", "C", "B", "Si", "Ge", "Se", "Te", "I", "Al")


class Comparison(NamedTuple):
    """A reference, and the values of both sides that have to agree."""

    reference: Callable[[Any], Any]
    #: (ours, theirs, crystal) to pairs of values that should agree, by name
    parts: Callable[[FloatArray, FloatArray, Crystal], dict[str, Values]]


def _whole(ours: FloatArray, theirs: FloatArray, crystal: Crystal) -> dict[str, Values]:  # noqa: ARG001
    return {"all": (ours, theirs)}


def _eigenvalues(ours: FloatArray, theirs: FloatArray, crystal: Crystal) -> dict[str, Values]:
    """In falling order; the library does not sort, and its angstrom is the X-ray unit."""
    n = crystal.n_sites
    first, second = np.sort(ours[:n]), np.sort(theirs[:n])
    return {"sorted": (first, second)}


def _bins(ours: FloatArray, theirs: FloatArray, crystal: Crystal) -> dict[str, Values]:  # noqa: ARG001
    """Per bin, and with the pairs that sit on the edge of a bin moved to where ours are."""
    shell = np.diff((0.1 * np.arange(101)) ** 3)
    first, second = ours * shell, theirs * shell
    moved, total = second.copy(), float(second.sum())
    for k in range(len(moved) - 1):
        step = moved[k] - first[k]
        if abs(step) > 1e-6 * total:
            moved[k] -= step
            moved[k + 1] += step
    return {"per bin": (ours, theirs), "edges moved": (first, moved)}


def _meredig(ours: FloatArray, theirs: FloatArray, crystal: Crystal) -> dict[str, Values]:
    """Later versions list 118 elements instead of 103, and other element tables for some."""
    theirs = np.delete(theirs, np.s_[103:-17])
    other = {"Pm", "Eu", "Tb", "Yb", "Ne", "Zn", "Mo", "Lu", "Po", "Rn"} & set(crystal.symbols)
    return {"other element table" if other else "same element table": (ours, theirs)}


def _cfid(ours: FloatArray, theirs: FloatArray, crystal: Crystal) -> dict[str, Values]:
    """Block by block; the angles where nearest images of the library's supercell are enough."""
    from screening.descriptors import cfid

    lattice = crystal.lattice_angstrom
    first, second = (np.delete(side[:820], np.s_[438:442]) for side in (ours, theirs))
    parts = {
        "chemistry and charge": (first, second),
        "cell": (ours[438:442], theirs[438:442]),
        "radial": (ours[820:920], theirs[820:920]),
        "neighbours": (ours[1457:], theirs[1457:]),
    }
    cells = [int(10.0 / np.abs(row).max()) + 1 for row in lattice]
    inverse = np.linalg.inv(lattice * np.array(cells)[:, None])
    half = 0.5 / np.linalg.norm(inverse, axis=0).max()
    bonding = cfid._bonding_cutoff(crystal, cfid._neighbours(crystal))
    near = "nearest images" if bonding < half else "supercell too small"
    parts[f"angles in bonds, {near}"] = (ours[920:1098], theirs[920:1098])
    parts[f"angles in second shell, {near}"] = (ours[1099:1277], theirs[1099:1277])
    # where a site is bonded to its own image, the order in the supercell decides
    own = cfid._neighbours(crystal).within(bonding)
    single = "own image bonded" if (own.site == own.neighbour).any() else near
    parts[f"dihedrals, {single}"] = (ours[1278:1457], theirs[1278:1457])
    return parts


def _band_center(structure: Any) -> list[float]:
    """-prod X^x with pymatgen's electronegativities; later matminer takes Mulliken's."""
    amounts = structure.composition.fractional_composition.element_composition
    return [-float(np.prod([element.X**share for element, share in amounts.items()]))]


def _powder(structure: Any) -> Any:
    """Smear the library's pattern; a strongest line at 99.99999999999999 counts as 100."""
    from matminer.featurizers.structure import XRDPowderPattern

    featurizer = XRDPowderPattern(pattern_length=451)
    calculate = featurizer.xrd_calc.get_pattern

    def nudged(structure: Any, **options: Any) -> Any:
        pattern = calculate(structure, **options)
        pattern.y = np.array(pattern.y) + 1e-6
        return pattern

    featurizer.xrd_calc.get_pattern = nudged
    return featurizer.featurize(structure)


def _cfid_reference(structure: Any) -> Any:
    """JARVIS descriptors of the cell as given: oblique cells are not sheared."""
    from matminer.featurizers.structure import JarvisCFID, composite

    featurizer = JarvisCFID()
    # three atoms in a line span no plane: there the library counts the angles of rounding errors
    plain = SimpleNamespace(**vars(math))
    plain.atan2 = lambda y, x: 0.0 if math.hypot(y, x) < 1e-6 else math.atan2(y, x)
    composite.math = plain
    if not np.allclose(
        featurizer._clean_structure(structure).lattice.matrix, structure.lattice.matrix
    ):
        raise ValueError("the library takes an oblique or long cell for one with vacuum")
    return featurizer.featurize(structure)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep what a C++ program writes off the screen."""
    kept = os.dup(1)
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _zeo(crystal: Crystal) -> float:
    """Radius of the largest free sphere by Zeo++ with our ionic radii."""
    from pyzeo.netstorage import AtomNetwork

    rest = np.array([symbol != "Li" for symbol in crystal.symbols])
    radii = np.round(ionic_radii(crystal)[rest], 6)
    kinds = np.unique(radii).tolist()
    # that program places the first vector along x and the second in the plane of x and y
    _, upper = np.linalg.qr(crystal.lattice_angstrom.T)
    lattice = (upper * np.sign(np.diag(upper))[:, None]).T
    lines = ["Unit cell vectors:"]
    for axis, row in zip("abc", lattice.tolist(), strict=True):
        lines.append(f"v{axis}= {row[0]!r} {row[1]!r} {row[2]!r}")
    lines.append(str(int(rest.sum())))
    places = (crystal.fractional[rest] % 1.0) @ lattice
    for radius, (x, y, z) in zip(radii.tolist(), places.tolist(), strict=True):
        lines.append(f"{_STAND_INS[kinds.index(radius)]} {x:.10f} {y:.10f} {z:.10f}")
    with tempfile.TemporaryDirectory() as folder, _silence():
        cell, table, result = (Path(folder) / name for name in ("cell.v1", "radii", "result"))
        cell.write_text("\n".join(lines) + "\n", encoding="utf-8")
        listed = (f"{name} {radius:.6f}\n" for name, radius in zip(_STAND_INS, kinds, strict=False))
        table.write_text("".join(listed), encoding="utf-8")
        network = AtomNetwork.read_from_V1(str(cell), rad_flag=True, rad_file=str(table))
        network.calculate_free_sphere_parameters(str(result))
        return float(result.read_text(encoding="utf-8").split()[2]) / 2.0


def comparisons(mode: str) -> dict[str, Comparison]:
    """Name what each descriptor is compared with in a mode."""
    parts = {"cfid": _cfid, "meredig": _meredig, "rdf": _bins, "sine_coulomb": _eigenvalues}
    other = {"band_center": _band_center, "powder_pattern": _powder, "cfid": _cfid_reference}
    found = {
        name: Comparison(other.get(name, reference), parts.get(name, _whole))
        for name, reference in library().items()
        if name != "bond_fraction"
    }
    if mode != "structure":
        found["soap"] = Comparison(soap_of_library(mode), _channels(mode))
    return found


def _channels(mode: str) -> Callable[[FloatArray, FloatArray, Crystal], dict[str, Values]]:
    """Pick the channels with sulfur out of the library's."""
    from dscribe.descriptors import SOAP

    species = {"A": "S", "AM": "Li S", "CAN": "Al Mg S", "CAMN": "Al Li Mg S"}
    kinds = species[mode.removesuffix("40")].split()
    full = SOAP(species=kinds, r_cut=3, n_max=5, l_max=3, periodic=True, average="outer")

    def pick(ours: FloatArray, theirs: FloatArray, crystal: Crystal) -> dict[str, Values]:  # noqa: ARG001
        return {"all": (ours, np.concatenate([theirs[full.get_location(("S", x))] for x in kinds]))}

    return pick


def _for_library(simple: Crystal) -> Any:
    """Wrap the coordinates into 0 ... 1: at exactly 1.0 the library loses track of images."""
    structure = simple.to_pymatgen()
    wrapped = np.array(structure.frac_coords) % 1.0 % 1.0
    return type(structure)(structure.lattice, structure.species, wrapped)


def _bond_fraction(simple: Crystal, mode: str) -> Values:
    """Fractions by kind of bond, in the order of their names."""
    from matminer.featurizers.structure import BondFractions
    from pymatgen.analysis.local_env import CrystalNN

    made = descriptor("bond_fraction")
    assert isinstance(made, OpenDescriptor)
    ours = dict(made.terms(simple, mode))
    structure = _for_library(simple)
    theirs = BondFractions(CrystalNN(), bbv=0).fit([structure])
    labels = [label.removesuffix(" bond frac.") for label in theirs.feature_labels()]
    found = dict(zip(labels, theirs.featurize(structure), strict=True))
    names = sorted(set(ours) | set(found))
    return tuple(np.array([side.get(n, 0.0) for n in names]) for side in (ours, found))  # type: ignore[return-value]


def compare(name: str, mode: str, crystals: list[Crystal]) -> dict[str, Any]:
    """Compare one descriptor in one mode."""
    worst: dict[str, float] = {}
    count: Counter[str] = Counter()
    exact: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    begin = time.process_time()
    for simple, part, ours, theirs in _pairs(name, mode, crystals, failed):
        scale = max(float(np.abs(theirs).max()), 1e-12)
        difference = float(np.abs(ours - theirs).max()) / scale
        if difference > SAME and name in VORONOI and not _library_fills_space(simple):
            part = "where the library's Voronoi cells do not fill the crystal"
        worst[part] = max(worst.get(part, 0.0), difference)
        count[part] += 1
        exact[part] += difference < SAME
    return {
        "descriptor": name,
        "mode": mode,
        "structures": len(crystals),
        "parts": {
            part: {
                "structures": count[part],
                "largest": float(f"{worst[part]:.2g}"),
                "within_2e-5": exact[part],
            }
            for part in worst
        },
        "without": dict(failed),
        "cpu_s": round(time.process_time() - begin, 1),
    }


def _pairs(
    name: str, mode: str, crystals: list[Crystal], failed: Counter[str]
) -> Iterator[tuple[Crystal, str, FloatArray, FloatArray]]:
    simplifier = Simplifier(mode)
    # the library counts a dihedral for the end that comes first in the list of sites
    made = descriptor(name, faithful=True) if name == "cfid" else descriptor(name)
    known = {} if name in ("bond_fraction", "free_sphere") else comparisons(mode)
    for crystal in crystals:
        simple = simplifier.simplify(crystal)
        if name == "bond_fraction":
            yield simple, "all", *_bond_fraction(simple, mode)
            continue
        try:
            ours = made.compute(simple, mode).astype(np.float64)
        except ScreeningError as error:
            failed[f"ours: {getattr(error, 'code', 'failed')}"] += 1
            continue
        if name == "free_sphere":
            yield simple, "largest", ours[2:], np.array([_zeo(crystal)])
            continue
        comparison = known[name]
        try:
            theirs = np.array(comparison.reference(_for_library(simple)), dtype=np.float64)
        except Exception as error:  # the library raises many kinds
            failed[f"reference: {type(error).__name__}"] += 1
            continue
        if not np.isfinite(theirs).all():
            failed["reference: not a number"] += 1
            continue
        for part, (first, second) in comparison.parts(ours, theirs, simple).items():
            yield simple, part, first, second


def _library_fills_space(simple: Crystal) -> bool:
    """Whether the cells that pymatgen finds add up to the volume of the crystal."""
    from pymatgen.analysis.local_env import VoronoiNN

    structure = _for_library(simple)
    finder = VoronoiNN(weight="area")
    for cells in (
        finder.get_all_nn_info(structure),
        [finder.get_nn_info(structure, site) for site in range(len(structure))],
    ):
        volume = sum(face["poly_info"]["volume"] for cell in cells for face in cell)
        if abs(volume / structure.volume - 1.0) > 1e-6:
            return False
    return True


def real_crystals(wanted: int, sites: int) -> list[Crystal]:
    """Crystals of at most some sites, evenly over the table."""
    data = Path(os.environ["LABKIT_DATA"])
    table = read_materials_project_table(data / "structures/li_mp_structures.csv.gz")
    records = [record for record in table if record.n_sites <= sites]
    return [prepare(one).crystal for one in records[:: max(1, len(records) // wanted)][:wanted]]


def main() -> None:
    names = [*library(), "free_sphere", "soap"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=int, default=100)
    parser.add_argument("--sites", type=int, default=60, help="largest structure")
    parser.add_argument("--sites-slow", type=int, default=6, help="where the library is slow")
    parser.add_argument("--descriptors", nargs="*", choices=names, default=names, metavar="NAME")
    parser.add_argument("--modes", nargs="*", choices=MODES, default=MODES, metavar="MODE")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    os.environ.setdefault("SPGLIB_WARNING", "OFF")
    lines = options.out.read_text(encoding="utf-8").splitlines() if options.out.exists() else []
    done = {(row["descriptor"], row["mode"]) for row in map(json.loads, lines)}
    chosen = {
        size: real_crystals(options.structures, size)
        for size in (options.sites, options.sites_slow)
    }
    for mode in options.modes:
        for name in options.descriptors:
            if (name, mode) in done or mode not in descriptor(name).modes:
                continue
            size = options.sites_slow if name in SLOW else options.sites
            row = compare(name, mode, chosen[size])
            with options.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print(row, flush=True)


if __name__ == "__main__":
    main()
