"""A simulated substitution series on disk: patterns, phases, sheet and truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labkit.errors import UsageError
from labkit.workflows.simulated_files import refuse_existing
from labkit.xrd.simulate import (
    SERIES_HOST_CIF,
    SERIES_IMPURITY_CIF,
    simulate_substitution_series,
)

__all__ = ["write_substitution_series"]


def write_substitution_series(
    folder: Path,
    *,
    seed: int,
    limit: float,
    compositions: Sequence[float] = (0.0, 0.025, 0.05, 0.075),
    strain_percent: float = 0.05,
    displacement_deg: float = 0.03,
    impurity_per_excess: float = 4.0,
    preferred_orientation: tuple[tuple[int, int, int], float] | None = None,
    peak_counts: float = 20000.0,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write Li(3-x)B(1-x)Si(x)S3-like patterns.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    seed : int
        The same seed gives the same bytes.
    limit : float
        Solubility limit in x.
    compositions, strain_percent, displacement_deg, impurity_per_excess, preferred_orientation, \
    peak_counts
        See `labkit.xrd.simulate.simulate_substitution_series`.
    overwrite : bool
        Replace files of these names.

    Returns
    -------
    dict
        ``files``, ``table`` (file, x, sample), ``cifs`` and ``truth``.

    Raises
    ------
    UsageError
        When the folder cannot be written, or a file of one of these names exists.
    """
    members = simulate_substitution_series(
        compositions,
        seed=seed,
        limit=limit,
        strain_percent=strain_percent,
        displacement_deg=displacement_deg,
        impurity_per_excess=impurity_per_excess,
        preferred_orientation=preferred_orientation,
        peak_counts=peak_counts,
    )
    table, truth_path = folder / "series.csv", folder / "diffraction-truth.json"
    cifs = {"Li3BS3.cif": SERIES_HOST_CIF, "Li2S.cif": SERIES_IMPURITY_CIF}
    patterns = [folder / f"{member.name}.xy" for member in members]
    others = [table, truth_path, *(folder / name for name in cifs)]
    refuse_existing([*patterns, *others], overwrite=overwrite)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}") from None
    sheet, truth = ["file,x,sample"], []
    for path, member in zip(patterns, members, strict=True):
        rows = zip(
            member.pattern.two_theta_deg.tolist(),
            member.pattern.intensity_counts.tolist(),
            strict=True,
        )
        path.write_text("".join(f"{t:.4f} {int(c)}\n" for t, c in rows), encoding="utf-8")
        sheet.append(f"{path.name},{member.x:g},{member.name}")
        truth.append(
            {"sample": member.name, "x": member.x, "cell": list(member.true_cell),
             "impurity_share": member.impurity_share, "displacement_deg": member.displacement_deg}
        )  # fmt: skip
    table.write_text("\n".join(sheet) + "\n", encoding="utf-8")
    for name, text in cifs.items():
        (folder / name).write_text(text, encoding="utf-8")
    truth_path.write_text(
        json.dumps(
            {
                "limit": limit,
                "seed": seed,
                "strain_percent": strain_percent,
                "preferred_orientation": preferred_orientation,
                "peak_counts": peak_counts,
                "samples": truth,
            },
            indent=1,
        ),
        encoding="utf-8",
    )
    return {
        "files": [str(path) for path in patterns],
        "table": str(table),
        "cifs": [str(folder / name) for name in cifs],
        "truth": str(truth_path),
    }
