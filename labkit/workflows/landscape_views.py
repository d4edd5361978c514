"""Where a mobile ion can go in a structure, as a page draws it into the unit cell."""

from __future__ import annotations

from typing import Any

import numpy as np

import db.structures
from labkit.errors import UsageError
from labkit.workflows.lab import Lab
from labkit.workflows.landscape_figures import surfaces_at_barriers
from screening.crystal import load_cif_text

__all__ = ["view_landscape"]

# a surface is sent as text: enough points to see the necks, few enough to send
_POINTS = 40_000


def view_landscape(lab: Lab, material_id: str, ion: str = "Li") -> dict[str, Any]:
    """Return barriers, the isosurface just above each, and the path, for one structure.

    Returns
    -------
    dict
        ``barriers_eV`` in one to three dimensions; ``surfaces``, each with its ``name``,
        ``points_angstrom`` and ``triangles``; ``path_angstrom``, None where it leaves the cell,
        or an empty list where nothing connects.

    Raises
    ------
    UnknownStructureError
        When the lab has no structure of this id.
    UsageError
        When the ion's landscape belongs to a larger cell than the structure is drawn in.
    StructureError
        When the structure or the parameters do not allow it.
    """
    from labkit.plots.landscape import wrapped_path
    from screening.bvse import barriers_of, energy_landscape
    from screening.migration_path import migration_path
    from screening.percolation import percolate
    from screening.prepare import prepare

    with lab.database.reading() as session:
        stored = load_cif_text(db.structures.cif_text(session, material_id), material_id)
    crystal = prepare(stored, ion=ion).crystal
    if not np.allclose(crystal.lattice_angstrom, stored.lattice_angstrom, atol=1e-3):
        raise UsageError(
            f"{material_id} is ordered in a larger cell than it is drawn in here: "
            f"'labkit screen barrier {material_id} --figure landscape.html' draws that one"
        )
    landscape = energy_landscape(crystal, ion)
    percolation = percolate(landscape.energy_eV)
    found = barriers_of(landscape, percolation).to_dict()
    line: list[list[float] | None] = []
    if percolation.cycles:
        path = migration_path(landscape, percolation, len(percolation.cycles))
        points = wrapped_path(path.fractional) @ crystal.lattice_angstrom
        line = [None if np.isnan(p).any() else p.round(3).tolist() for p in points]
    return {
        "structure": material_id,
        "ion": ion,
        "barriers_eV": [found[f"barrier_{dimension}d_eV"] for dimension in (1, 2, 3)],
        "surfaces": [
            {
                "name": surface.name,
                "points_angstrom": surface.points_angstrom.round(3).tolist(),
                "triangles": surface.triangles.tolist(),
            }
            for surface in surfaces_at_barriers(landscape, found, most_points=_POINTS)
        ],
        "path_angstrom": line,
    }
