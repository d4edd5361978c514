"""All representations of real structures: failures, time, and the plain library loop beside it.

Run with the public data sets at hand (LABKIT_DATA), and with matminer for the comparison::

    python benchmarks/screening_descriptors.py --structures 1000 --sample 6 --out result.json

Structures are every labelled one and others spread over the table. CPU time is that of this
process; what several descriptors share is counted for the first of them. The library loop runs on a
sample, and our own time is taken on the same sample without any cache.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gzip
import json
import os
import resource
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from screening.crystal import Crystal
from screening.descriptors import descriptor, descriptor_names
from screening.featurize import featurize_all, prepare_structures
from screening.prepare import PreparedCrystal, StructureSource, pack_crystal
from screening.representations import Representation, describe_batch
from screening.simplify import Simplifier
from screening.structures import read_materials_project_table, read_obelix_archive

NAMES = [name for name in descriptor_names() if not name.startswith("control_")]
Featurize = Callable[[Any], Any]


def structures(wanted: int) -> list[StructureSource]:
    """Every labelled structure, and others spread evenly over the table."""
    data = Path(os.environ["LABKIT_DATA"])
    with gzip.open(data / "bvse/li_pool_labels.csv.gz", "rt", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        labelled = {row["material_id"] for row in rows if row["conductivity_S_cm"]}
    table = list(read_materials_project_table(data / "structures/li_mp_structures.csv.gz"))
    obelix = read_obelix_archive(data / "obelix/all_cifs.zip", data / "obelix/all.csv")
    chosen: list[StructureSource] = [*obelix]
    chosen += [record for record in table if record.material_id in labelled]
    others = [record for record in table if record.material_id not in labelled]
    missing = max(0, wanted - len(chosen))
    step = max(1, len(others) // max(1, missing))
    return chosen + list(others[::step][:missing])


def library() -> dict[str, Featurize]:
    """Featurizers of matminer and DScribe with the settings of the published analysis."""
    from matminer.featurizers import composition, structure
    from pymatgen.analysis.local_env import CrystalNN

    numbers = ["minimum", "maximum", "range"]
    ordering = structure.ChemicalOrdering(shells=(1, 2, 3), weight="area")
    electronegativity = composition.ElectronegativityDiff(stats=[*numbers, "mean", "std_dev"])
    states = composition.OxidationStates(stats=[*numbers, "std_dev"])
    heterogeneity = structure.StructuralHeterogeneity(
        weight="area", stats=(*numbers, "mean", "avg_dev")
    )
    sine = structure.SineCoulombMatrix(flatten=True)
    sine._max_eigs = 500
    center = composition.BandCenter()
    meredig = composition.Meredig()
    orbital = composition.ValenceOrbital(orbitals=("s", "p", "d", "f"), props=("avg", "frac"))

    def bonds(crystal: Any) -> Any:
        return structure.BondFractions(CrystalNN(), bbv=0).fit([crystal]).featurize(crystal)

    return {
        "band_center": lambda s: center.featurize(s.composition),
        "bond_fraction": bonds,
        "cfid": structure.JarvisCFID().featurize,
        "chemical_ordering": ordering.featurize,
        "density": structure.DensityFeatures().featurize,
        "electronegativity_difference": lambda s: electronegativity.featurize(s.composition),
        "ewald_energy": structure.EwaldEnergy(accuracy=4, per_atom=False).featurize,
        "global_instability": structure.GlobalInstabilityIndex(r_cut=20).featurize,
        "maximum_packing_efficiency": structure.MaximumPackingEfficiency().featurize,
        "meredig": lambda s: meredig.featurize(s.composition),
        "orbital_field_matrix": structure.OrbitalFieldMatrix(
            period_tag=True, flatten=True
        ).featurize,
        "oxidation_states": lambda s: states.featurize(s.composition),
        "powder_pattern": structure.XRDPowderPattern(pattern_length=451).featurize,
        "rdf": structure.RadialDistributionFunction(cutoff=10, bin_size=0.1).featurize,
        "sine_coulomb": sine.featurize,
        "structural_complexity": structure.StructuralComplexity(symprec=0.1).featurize,
        "structural_heterogeneity": heterogeneity.featurize,
        "valence_orbitals": lambda s: orbital.featurize(s.composition),
    }


def soap_of_library(mode: str) -> Featurize:
    """SOAP of all pairs of species in a mode, as DScribe gives it."""
    from dscribe.descriptors import SOAP
    from pymatgen.io.ase import AseAtomsAdaptor

    species = {"A": "S", "AM": "Li S", "CAN": "Al Mg S", "CAMN": "Al Li Mg S"}
    soap = SOAP(
        species=species[mode.removesuffix("40")].split(),
        r_cut=3,
        n_max=5,
        l_max=3,
        periodic=True,
        average="outer",
    )
    return lambda structure: soap.create(AseAtomsAdaptor.get_atoms(structure))


def all_representations(names: list[str]) -> list[Representation]:
    """Every mode of some descriptors."""
    made = [descriptor(name) for name in names]
    return [Representation(one, mode) for one in made for mode in one.modes]


@contextlib.contextmanager
def clocks() -> Iterator[Counter[tuple[str, str]]]:
    """CPU seconds of each representation that is computed meanwhile."""
    plain, spent = Representation.describe, Counter[tuple[str, str]]()

    def timed(self: Representation, simple: Crystal) -> bytes | tuple[str, str]:
        begin = time.process_time()
        result = plain(self, simple)
        spent[self.descriptor.name, self.computed] += time.process_time() - begin
        return result

    Representation.describe = timed  # type: ignore[method-assign]
    try:
        yield spent
    finally:
        Representation.describe = plain  # type: ignore[method-assign]


def describe(sources: list[StructureSource], names: list[str], cache: Path) -> dict[str, Any]:
    """Compute every representation; return time and failures."""
    begin, cpu = time.perf_counter(), time.process_time()
    prepared = prepare_structures(sources, cache)
    charges = prepared.charge_methods()
    prepared_s = time.process_time() - cpu

    def progress(done: int, total: int) -> None:
        wall, spent = time.perf_counter() - begin, time.process_time() - cpu
        print(f"{done} of {total}: CPU {spent:.0f} s, wall {wall:.0f} s", flush=True)

    wanted = all_representations(names)
    with clocks() as spent:
        pairs = [(one.descriptor, one.mode) for one in wanted]
        tables = featurize_all(sources, pairs, cache, progress=progress)
    cpu_s = time.process_time() - cpu
    failures: Counter[str] = Counter()
    rows = []
    for one, table in zip(wanted, tables, strict=True):
        failures.update(table.failure_counts())
        twin = one.computed != one.mode
        rows.append(
            {
                "descriptor": table.descriptor,
                "mode": table.mode,
                "rows": len(table.ids),
                "columns": int(table.values.shape[1]),
                "cpu_s": 0.0 if twin else round(spent[table.descriptor, one.computed], 2),
                "same_as": one.computed if twin else None,
                "failures": table.failure_counts(),
            }
        )
    return {
        "structures": len(sources),
        "representations": len(rows),
        "computed": len({one.folder for one in wanted}),
        "wall_s": round(time.perf_counter() - begin, 1),
        "cpu_s": round(cpu_s, 1),
        "prepare_cpu_s": round(prepared_s, 1),
        "peak_memory_MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "charges": charges,
        "failures": dict(failures),
        "rows": rows,
    }


def _ours(names: list[str], prepared: list[PreparedCrystal]) -> dict[str, float]:
    """CPU seconds of each descriptor over all its modes."""
    wanted = list({one.folder: one for one in all_representations(names)}.values())
    records = [pack_crystal(one) for one in prepared]
    with clocks() as spent:
        begin = time.process_time()
        describe_batch((wanted, [(k, record) for record in records for k in range(len(wanted))]))
        total = time.process_time() - begin
    found = {name: sum(s for (one, _), s in spent.items() if one == name) for name in names}
    return {**found, "reading and simplifying": total - sum(found.values())}


def _theirs(name: str, crystals: list[Crystal], limit_s: float) -> float:
    """CPU seconds of the library over all modes; stops counting at the limit."""
    references = library()
    total = 0.0
    for mode in descriptor(name).modes:
        reference = soap_of_library(mode) if name == "soap" else references[name]
        simplifier = Simplifier(mode)
        for crystal in crystals:
            simple = simplifier.simplify(crystal).to_pymatgen()
            begin = time.process_time()
            # the library raises many kinds; the time counts all the same
            with contextlib.suppress(Exception):
                reference(simple)
            total += time.process_time() - begin
            if total > limit_s:
                return total
    return total


def compare(
    sources: list[StructureSource], cache: Path, sample: int, sites: int, limit_s: float
) -> Any:
    """Time ours and the library's on the same structures, none larger than `sites`.

    The library takes minutes for one large structure, so leaving them out favours it.
    """
    prepared = [p for p in prepare_structures(sources, cache) if p.crystal.n_sites <= sites]
    random = np.random.default_rng(0)
    at = random.choice(len(prepared), size=sample, replace=False)
    chosen = [prepared[row] for row in at]
    crystals = [one.crystal for one in chosen]
    names = [name for name in NAMES if name == "soap" or name in library()]
    # element tables and imports are loaded before the clock starts
    _ours(names, [p for p in prepared if p.crystal.n_sites <= 8][:2])
    ours = _ours(names, chosen)
    rows = {}
    for name in names:
        theirs = _theirs(name, crystals, limit_s)
        rows[name] = {
            "ours_s": round(ours[name], 3),
            "library_s": round(theirs, 2),
            "stopped": theirs > limit_s,
            "ratio": round(theirs / max(ours[name], 1e-9), 1),
        }
        print(name, rows[name], flush=True)
    ours_s, theirs_s = sum(ours.values()), sum(row["library_s"] for row in rows.values())
    return {
        "sites": [crystal.n_sites for crystal in crystals],
        "descriptors": rows,
        "ours_s": round(ours_s, 2),
        "library_s": round(theirs_s, 1),
        "ratio": round(theirs_s / ours_s, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=6, help="structures for the library loop")
    parser.add_argument("--sites", type=int, default=40, help="largest structure of the sample")
    parser.add_argument("--limit", type=float, default=300.0, help="CPU seconds per descriptor")
    parser.add_argument("--descriptors", nargs="*", choices=NAMES, metavar="NAME")
    parser.add_argument("--only-compare", action="store_true")
    parser.add_argument("--cache", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    os.environ.setdefault("SPGLIB_WARNING", "OFF")
    sources = structures(options.structures)
    with tempfile.TemporaryDirectory() as scratch:
        cache = options.cache or Path(scratch)
        result = {}
        if options.sample:
            result["comparison"] = compare(
                sources, cache, options.sample, options.sites, options.limit
            )
        if not options.only_compare:
            result["all"] = describe(sources, options.descriptors or NAMES, cache)
    if options.out:
        options.out.write_text(json.dumps(result, indent=1), encoding="utf-8")
    result.setdefault("all", {})
    print(json.dumps({key: value for key, value in result["all"].items() if key != "rows"}))


if __name__ == "__main__":
    main()
