"""Bands of many hops, each a task of its own for any worker."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from screening import neb
from screening.crystal import Crystal
from screening.neb_hops import Hop
from screening.prepare import failure_of

__all__ = ["BandTask", "bands_of_batch"]


@dataclass(frozen=True, slots=True, eq=False)
class BandTask:
    """One band to be computed.

    Attributes
    ----------
    crystal : Crystal
    hop : Hop
    engine : str
        As `screening.neb.calculator_factory` knows it.
    n_images : int
    least_width_angstrom, force_eV_per_angstrom : float
    folder : Path or None
        Where the band is kept while it is relaxed. A worker that does not see the folder above
        (no shared disk) keeps nothing.
    """

    crystal: Crystal
    hop: Hop
    engine: str
    n_images: int
    least_width_angstrom: float
    force_eV_per_angstrom: float
    folder: Path | None

    @property
    def key(self) -> str:
        """Name everything that determines the result."""
        settings = (
            self.crystal.content_hash,
            (self.hop.start, self.hop.end, self.hop.cells),
            neb.engine_version(self.engine),
            self.n_images,
            self.least_width_angstrom,
            self.force_eV_per_angstrom,
        )
        digest = hashlib.sha256(f"band-1\n{self.engine}\n{settings!r}\n".encode())
        digest.update(self.hop.path_fractional.astype("<f8").tobytes())
        return digest.hexdigest()[:32]


def bands_of_batch(
    job: tuple[neb.Progress | None, list[BandTask]],
) -> list[bytes | tuple[str, str]]:
    """Relax the bands of a batch.

    Returns
    -------
    list
        Per band the JSON of `NebResult.to_dict`, or code and message of a failure.
    """
    import orjson

    progress, tasks = job
    out: list[bytes | tuple[str, str]] = []
    for task in tasks:
        seen = task.folder is not None and task.folder.parent.is_dir()
        try:
            result = neb.run_neb(
                task.crystal,
                task.hop,
                neb.calculator_factory(task.engine),
                folder=task.folder if seen else None,
                n_images=task.n_images,
                least_width_angstrom=task.least_width_angstrom,
                force_eV_per_angstrom=task.force_eV_per_angstrom,
                progress=progress,
            )
            out.append(orjson.dumps(result.to_dict()))
        except Exception as error:  # one band must not stop the others
            out.append(failure_of(error, task.crystal.material_id))
    return out
