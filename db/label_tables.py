"""The published label tables that labkit knows: what their columns hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelSource:
    """How one published table is read: its columns by what they hold."""

    name: str
    sub_path: str
    citation: str
    licence: str
    formula: str
    sigma: str
    header: tuple[str, ...] | None = None
    key: str | None = None
    space_group: str | None = None
    icsd: str | None = None
    material_id: str | None = None
    material_id_prefix: str | None = None
    doi: str | None = None
    temperature_C: str | None = None
    bulk: str | None = None
    total: str | None = None
    only_with: str | None = None
    bound_at_S_per_cm: float | None = None
    not_bounds: frozenset[str] = frozenset()


POOL = LabelSource(
    name="laskowski-pool-labels",
    sub_path="bvse/li_pool_labels.csv.gz",
    citation="F. A. L. Laskowski et al., Energy Environ. Sci. 2023, 16, 1264",
    licence="no licence file",
    formula="composition",
    sigma="conductivity_S_cm",
    key="icsd_id",
    icsd="icsd_id",
    material_id="material_id",
    only_with="conductivity_S_cm",
    # The authors wrote every bound ("<1E-10", "<1E-8") as this number; their label table prints
    # it as a measured value for two entries, named by their ICSD number.
    bound_at_S_per_cm=1e-10,
    not_bounds=frozenset({"280927", "65930"}),
)
SEMI_SUPERVISED = LabelSource(
    name="laskowski-semi-supervised-labels",
    sub_path="literature/Semi-supervised_labels.csv",
    citation="F. A. L. Laskowski et al., Energy Environ. Sci. 2023, 16, 1264",
    licence="no licence file",
    header=("formula", "sigma", "space group", "ICSD"),
    formula="formula",
    sigma="sigma",
    space_group="space group",
    icsd="ICSD",
)
OBELIX = LabelSource(
    name="obelix",
    sub_path="obelix/all.csv",
    citation="F. Therrien et al., OBELiX, arXiv:2502.14234 (2025)",
    licence="CC-BY-4.0",
    key="ID",
    # its structures are named after its entries
    material_id_prefix="obelix-",
    formula="Reduced Composition",
    sigma="Ionic conductivity (S cm-1)",
    total="IC (Total)",
    bulk="IC (Bulk)",
    space_group="Space group #",
    icsd="ICSD ID",
    doi="DOI",
)
LIVERPOOL = LabelSource(
    name="liverpool-ionics",
    sub_path="obelix/LiIonDatabase.csv",
    citation="C. J. Hargreaves et al., npj Comput. Mater. 2023, 9, 9",
    licence="CC-BY-4.0",
    key="ID",
    formula="composition",
    sigma="target",
    temperature_C="temperature",
    doi="source",
)
SOURCES = {source.name: source for source in (POOL, SEMI_SUPERVISED, OBELIX, LIVERPOOL)}
