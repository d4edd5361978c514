"""The screening side of the suite: descriptors, Ward trees, W_sigma, barriers, re-ranking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import bvse_bvlain, screening_descriptors
from benchmarks.screening_tree import pool
from benchmarks.suite import OURS, Case, Cases, Part, Setting, Side
from screening.crystal import Crystal
from screening.prepare import PreparedCrystal, StructureSource, pack_crystal, prepare
from screening.prototypes import prototype_records

_MOST_SITES = 40
_DEPTH = 241


def _structures(setting: Setting, count: int) -> list[StructureSource]:
    """Return structures of few sites: public ones spread over the table, or prototypes."""
    if setting.size == "full" and setting.data is not None:
        from screening.structures import read_materials_project_table

        path = setting.data / "structures" / "li_mp_structures.csv.gz"
        few = [one for one in read_materials_project_table(path) if one.n_sites <= _MOST_SITES]
        return list(few[:: max(1, len(few) // count)][:count])
    records = sorted(prototype_records(), key=lambda one: (-one.n_sites, one.material_id))
    return list(records[:count])


def _prepared(setting: Setting) -> list[PreparedCrystal]:
    return [prepare(one) for one in _structures(setting, setting.of(1, 2, 10))]


def _descriptor_names(setting: Setting, peer: str) -> list[str]:
    if peer == "dscribe":
        return ["soap"]
    names = ["density", "powder_pattern", "rdf", "sine_coulomb"]
    more = ["bond_fraction", "ewald_energy"]
    return names[:1] if setting.size == "tiny" else names + setting.of([], [], more)


def _labkit_descriptors(setting: Setting) -> Cases:
    from screening.representations import describe_batch

    prepared = _prepared(setting)
    records = [pack_crystal(one) for one in prepared]
    cases: Cases = {}
    names = _descriptor_names(setting, "dscribe") + _descriptor_names(setting, "matminer")
    for name in names:
        every = screening_descriptors.all_representations([name])
        wanted = list({one.folder: one for one in every}.values())
        work = [(k, record) for record in records for k in range(len(wanted))]

        def run(wanted: Any = wanted, work: Any = work) -> Any:
            return describe_batch((wanted, work))

        cases[f"{name}, {len(records)} structures"] = Case(run)
    return cases


def _library_descriptors(setting: Setting, peer: str) -> Cases:
    from screening.descriptors import descriptor
    from screening.simplify import Simplifier

    crystals = [one.crystal for one in _prepared(setting)]
    references = screening_descriptors.library() if peer == "matminer" else {}
    cases: Cases = {}
    for name in _descriptor_names(setting, peer):
        work: list[tuple[Callable[[Any], Any], Any]] = []
        for mode in descriptor(name).modes:
            soap = peer == "dscribe"
            reference = screening_descriptors.soap_of_library(mode) if soap else references[name]
            simplifier = Simplifier(mode)
            work += [(reference, simplifier.simplify(one).to_pymatgen()) for one in crystals]
        cases[f"{name}, {len(crystals)} structures"] = Case(lambda work=work: _loop(work))
    return cases


def _loop(work: list[tuple[Callable[[Any], Any], Any]]) -> None:
    for reference, structure in work:
        try:
            reference(structure)
        except Exception:  # the library raises many kinds; the time counts all the same
            continue


DESCRIPTORS = Part(
    "Descriptors in all their modes",
    (
        Side(OURS, (), _labkit_descriptors),
        Side("dscribe", ("dscribe",), lambda setting: _library_descriptors(setting, "dscribe")),
        Side("matminer", ("matminer",), lambda setting: _library_descriptors(setting, "matminer")),
    ),
    "labkit reads, simplifies and describes; the libraries get simplified structures, in a plain "
    "loop. `benchmarks/screening_references.py` compares the values.",
)


def _labkit_describes(setting: Setting) -> Cases:
    from screening.representations import describe_batch

    wanted = screening_descriptors.all_representations(["soap"])
    wanted = list({one.folder: one for one in wanted}.values())
    counts = setting.of((1, 2, 3), (4, 8, 16), (25, 50, 100))
    records = [pack_crystal(prepare(one)) for one in _structures(setting, max(counts))]
    random = np.random.default_rng(3)
    mixed = [records[int(row)] for row in random.permutation(len(records))]
    cases: Cases = {}
    for count in counts:
        work = [(k, record) for record in mixed[:count] for k in range(len(wanted))]

        def run(work: Any = work) -> Any:
            return describe_batch((wanted, work))

        cases[f"{count} structures"] = Case(run, amount=count)
    return cases


DESCRIBING = Part(
    "Describing more structures",
    (Side(OURS, (), _labkit_describes),),
    "SOAP in all its modes, structures in random order; for the growth of the cost.",
)


def _ward_rows(setting: Setting) -> tuple[int, ...]:
    return setting.of((60, 120, 240), (500, 1000, 2000), (2500, 5000, 10_000))


def _ward(setting: Setting, link: Callable[[Any], Any], dtype: Any, heights: Any) -> Cases:
    matrix = pool(max(_ward_rows(setting))).astype(dtype)
    return {
        f"{rows:,} rows": Case(
            lambda part=matrix[:rows]: link(part), numbers=heights, amount=float(rows)
        )
        for rows in _ward_rows(setting)
    }


def _labkit_ward(setting: Setting) -> Cases:
    from screening.ward import ward_linkage

    return _ward(setting, ward_linkage, np.float32, lambda merges: merges[:, 2])


def _scipy_ward(setting: Setting) -> Cases:
    from scipy.cluster.hierarchy import linkage

    return _ward(
        setting, lambda rows: linkage(rows, "ward"), np.float64, lambda merges: merges[:, 2]
    )


def _sklearn_ward(setting: Setting) -> Cases:
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(n_clusters=None, distance_threshold=0, linkage="ward")
    return _ward(setting, model.fit, np.float64, lambda fitted: fitted.distances_)


WARD = Part(
    "Ward tree",
    (
        Side(OURS, (), _labkit_ward),
        Side("scipy", ("scipy",), _scipy_ward),
        Side("scikit-learn", ("scikit-learn",), _sklearn_ward),
    ),
    "The whole linkage of rows of 260 columns, distances included; heights are compared.",
    tolerance=1e-5,
)


def _labelled_tree(setting: Setting, rows: int) -> tuple[Any, npt.NDArray[np.int64], Any]:
    from screening.tree import WardTree

    tree = WardTree().fit(pool(rows), max_k=setting.of(30, 100, 300))
    random = np.random.default_rng(1)
    index = random.choice(rows, setting.of(20, 100, 394), replace=False)
    return tree, index, random.normal(-6.0, 3.0, index.size)


def _w_sigma_tree(setting: Setting) -> tuple[Any, npt.NDArray[np.int64], Any]:
    return _labelled_tree(setting, setting.of(300, 2000, 5000))


def _labkit_w_sigma(setting: Setting) -> Cases:
    from screening.variance import w_sigma_curve

    tree, index, values = _w_sigma_tree(setting)
    name = f"{index.size} labels, {tree.max_k} depths"
    return {
        name: Case(
            lambda: w_sigma_curve(tree.membership_, index, values, k_max=tree.max_k),
            numbers=lambda curve: curve,
        )
    }


def pandas_curve(clusters: npt.NDArray[Any], values: npt.NDArray[np.float64]) -> list[float]:
    """W at each depth by a plain loop over depths and clusters of a pandas frame.

    A label alone in its cluster keeps the deviation it had when it last had company.
    """
    import pandas as pd

    labels = pd.DataFrame({"log_sigma": values, "squared": 0.0})
    curve = []
    for depth in range(clusters.shape[1]):
        labels["cluster"] = clusters[:, depth]
        for cluster in labels["cluster"].unique():
            members = labels[labels["cluster"] == cluster]
            if len(members) > 1:
                deviation = members["log_sigma"] - members["log_sigma"].mean()
                labels.loc[members.index, "squared"] = deviation**2
        curve.append(float(labels["squared"].sum()))
    return curve


def _pandas_w_sigma(setting: Setting) -> Cases:
    import pandas as pd  # noqa: F401

    tree, index, values = _w_sigma_tree(setting)
    clusters = np.asarray(tree.membership_[index])
    name = f"{index.size} labels, {tree.max_k} depths"
    return {name: Case(lambda: pandas_curve(clusters, values), numbers=lambda curve: curve)}


W_SIGMA = Part(
    "W_sigma at all depths",
    (Side(OURS, (), _labkit_w_sigma), Side("pandas loop", ("pandas",), _pandas_w_sigma)),
    "Both get the cluster numbers; pandas loops over depths and clusters, the way the published "
    "analysis is described.",
    tolerance=1e-9,
)


def _charged(setting: Setting) -> list[Crystal]:
    """Return ionic structures that both have parameters for: integer charges, known ions."""
    from screening.charges import decorate
    from screening.errors import ScreeningError

    wanted = setting.of(1, 2, 20)
    found: list[Crystal] = []
    for source in _structures(setting, setting.of(1, 6, 60)):
        crystal = source.crystal()
        charges = decorate(crystal).charges
        if charges is None or not charges.any() or (charges != charges.round()).any():
            continue
        charged = crystal.with_charges(charges)
        try:
            bvse_bvlain.own(charged, bvse_bvlain.CUTOFF_ANGSTROM)
        except ScreeningError:  # an ion without published parameters, which bvlain lacks too
            continue
        found.append(charged)
        if len(found) == wanted:
            break
    return found


def _barriers(results: list[Any]) -> list[float]:
    return [float(found[2] if found[2] is not None else np.nan) for found in results]


def _labkit_bvse(setting: Setting) -> Cases:
    crystals = _charged(setting)
    cutoff = bvse_bvlain.CUTOFF_ANGSTROM
    return {
        f"{len(crystals)} structures, 0.2 angstrom": Case(
            lambda: [bvse_bvlain.own(one, cutoff)[0] for one in crystals], numbers=_barriers
        )
    }


def _bvlain_bvse(setting: Setting) -> Cases:
    import bvlain  # noqa: F401

    crystals = _charged(setting)
    return {
        f"{len(crystals)} structures, 0.2 angstrom": Case(
            lambda: [bvse_bvlain.energies_and_barriers(one)[1] for one in crystals],
            numbers=_barriers,
        )
    }


BVSE = Part(
    "Bond-valence site energies and barriers",
    (Side(OURS, (), _labkit_bvse), Side("bvlain", ("bvlain",), _bvlain_bvse)),
    "The same charges, step and cutoff of 10 angstrom. The 3-D barriers differ, because energies "
    "and search do; `benchmarks/bvse_bvlain.py` tells the two shares apart.",
)


def _rerank_rows(setting: Setting) -> tuple[int, ...]:
    return setting.of((100, 200, 300), (500, 1000, 2000), (5000, 10_000, 18_590))


def _rerank_name(rows: int) -> str:
    return f"a label more, {rows:,} structures"


def _labkit_rerank(setting: Setting) -> Cases:
    from screening.rank import Labels, rank
    from screening.rank_changes import compare_rankings

    cases: Cases = {}
    for rows in _rerank_rows(setting):
        tree, index, values = _labelled_tree(setting, rows)
        names = [f"L{k}" for k in range(index.size)]
        before = Labels.of(index[:-1], values[:-1], names[:-1])
        after = Labels.of(index, values, names)
        depth = min(_DEPTH, tree.max_k)
        earlier = rank(tree, before, depth=depth)

        def run(
            tree: Any = tree,
            before: Labels = before,
            after: Labels = after,
            depth: int = depth,
            earlier: Any = earlier,
        ) -> Any:
            later = rank(tree, after, depth=depth)
            return compare_rankings(earlier, later, before, after, tree=tree)

        cases[_rerank_name(rows)] = Case(run, amount=float(rows))
    return cases


def _clustered_again(setting: Setting) -> Cases:
    from sklearn.cluster import AgglomerativeClustering

    least = min(_rerank_rows(setting))
    matrix = pool(least).astype(np.float64)
    depth = min(_DEPTH, setting.of(30, 100, 300))
    model = AgglomerativeClustering(n_clusters=depth, linkage="ward")
    return {_rerank_name(least): Case(lambda: model.fit_predict(matrix))}


RERANK = Part(
    "Ranking again after a label",
    (
        Side(OURS, (), _labkit_rerank),
        Side("clustering again", ("scikit-learn",), _clustered_again),
    ),
    "labkit keeps the tree: it ranks all structures and says what moved because of the label. "
    "Without a kept tree one clusters again (here scikit-learn, at one depth, ranking left out).",
)
