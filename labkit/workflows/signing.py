"""Who signs a change: as given, else the reviewer that ``lab.toml`` names."""

from __future__ import annotations

from labkit.errors import UsageError
from labkit.workflows.lab import Lab

__all__ = ["OF_A_CORRECTION", "OF_A_FIT", "OF_LABELS", "signer_of"]

OF_LABELS = "labels are signed"
OF_A_FIT = "a fit changed by hand is kept with who changed it"
OF_A_CORRECTION = "a correction is kept with who made it"


def signer_of(lab: Lab, by: str | None, why: str) -> str:
    """Return the name under which a change is kept.

    Parameters
    ----------
    lab : Lab
    by : str, optional
        As given by the person.
    why : str
        Why a name is needed, such as `OF_LABELS`; the error begins with it.

    Raises
    ------
    UsageError
        When nobody is named.
    """
    name = (by or lab.settings.reviewer or "").strip()
    if not name:
        raise UsageError(f"{why}: give --by NAME, or write reviewer in lab.toml")
    return name
