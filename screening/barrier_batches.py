"""Migration barriers of many prepared crystals, batch by batch on any worker."""

from __future__ import annotations

from screening.bvse import migration_barriers
from screening.bvse_parameters import BvseParameters
from screening.prepare import failure_of, unpack_crystal

__all__ = ["BarrierBatch", "barriers_of_batch"]

BarrierBatch = tuple[str, float | None, bool, BvseParameters, list[bytes]]
"""Ion, spacing of the grid in angstrom, whether as published, parameters, packed crystals."""


def barriers_of_batch(job: BarrierBatch) -> list[bytes | tuple[str, str]]:
    """Compute the barriers of a batch.

    Returns
    -------
    list
        Per crystal the JSON of `MigrationBarriers.to_dict`, or code and message of a failure.
    """
    import orjson

    ion, spacing_angstrom, faithful, parameters, crystals = job
    out: list[bytes | tuple[str, str]] = []
    for packed in crystals:
        crystal = unpack_crystal(packed).crystal
        try:
            found = migration_barriers(
                crystal,
                ion,
                spacing_angstrom=spacing_angstrom,
                parameters=parameters,
                faithful=faithful,
            )
            out.append(orjson.dumps(found.to_dict()))
        except Exception as error:  # one bad structure must not stop a batch
            out.append(failure_of(error, crystal.material_id))
    return out
