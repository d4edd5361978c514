"""A few conductivities as printed in papers, so that a tour without any data set can rank.

They are typed from the papers cited with each and belong to structures that labkit builds itself
(see :mod:`screening.prototypes`), or to none.
"""

from __future__ import annotations

from sqlmodel import select

import db.labels
from db.label_content import LabelFields
from db.matching import match_labels
from db.tables import Label
from labkit.workflows.lab import Lab

__all__ = ["add_demonstration_labels"]

_LASKOWSKI = "F. A. L. Laskowski et al., Energy Environ. Sci. 2023, 16, 1264"

_PRINTED: tuple[LabelFields, ...] = (
    {
        "formula": "LiI",
        "material_id": "prototype-LiI-rocksalt",
        "sigma_S_per_cm": 1e-7,
        "citation": "C. C. Liang, J. Electrochem. Soc. 1973, 120, 1289",
    },
    {
        "formula": "Li3OCl",
        "material_id": "prototype-Li3OCl-antiperovskite",
        "sigma_S_per_cm": 8.5e-4,
        "citation": "Y. Zhao, L. L. Daemen, J. Am. Chem. Soc. 2012, 134, 15042",
    },
    {
        "formula": "Li3BS3",
        "sigma_S_per_cm": 7.2e-7,
        "sigma_random_S_per_cm": 3.0e-7,
        "n_replicates": 3,
        "ea_eV": 0.400,
        "ea_se_eV": 0.047,
        "ea_convention": "ln(sigma T)",
        "citation": _LASKOWSKI,
    },
    {
        "formula": "Li2.95B0.95Si0.05S3",
        "sigma_S_per_cm": 1.82e-5,
        "sigma_random_S_per_cm": 2.1e-6,
        "n_replicates": 3,
        "ea_eV": 0.333,
        "ea_se_eV": 0.047,
        "ea_convention": "ln(sigma T)",
        "citation": _LASKOWSKI,
    },
)


def add_demonstration_labels(lab: Lab, actor: str) -> int:
    """Add the printed values as accepted labels; a second call adds nothing.

    Returns
    -------
    int
        Number of labels added.
    """
    with lab.database.session() as session:
        known = set(session.exec(select(Label.citation)).all())
        new: list[LabelFields] = [
            {
                **fields,
                "source_kind": "literature",
                "temperature_K": 298.15,
                "contribution": "total",
                "method": "AC",
            }
            for fields in _PRINTED
            if fields["citation"] not in known
        ]
        added = db.labels.propose_many(
            session,
            new,
            by=actor,
            reason="typed from the paper",
            accepted_by=actor,
            acceptance_reason="as printed in the paper cited",
        )
        match_labels(session)
    return len(added)
