"""Settings of one lab, read from ``lab.toml`` in the lab folder."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labkit.errors import SettingsError

__all__ = [
    "LAB_TOML_TEMPLATE",
    "PLAUSIBLE_TEMPERATURE_K",
    "LabSettings",
    "SlurmSettings",
    "database_url",
    "default_lab_folder",
    "read_settings",
]

PLAUSIBLE_TEMPERATURE_K = (-150.0 + 273.15, 400.0 + 273.15)
"""Sample temperatures that a file name is believed, where the lab does not say."""

LAB_TOML_TEMPLATE = """\
# Defaults of this lab. Every value may be left out; a command line option wins over it.

[lab]
# name = "See group"
# time_zone = "Europe/Berlin"      # zone of the instrument computer's clock

[instrument]
# name = "Biologic VSP-300"

[cell]
# electrode = "Au"                 # material of the blocking electrodes
# pressure_MPa = 100
# temperature_se_K = 1.0           # standard error of the sample temperature
# temperature_range_C = [-150, 400]          # a temperature in a file name outside it is not taken

[labels]
# reviewer = "your name"           # who signs accept and reject when --by is not given

[xrd]
# gsas2 = "/opt/gsas2main"         # GSAS-II that is installed outside labkit's Python

[slurm]
# jobs for '--dask slurm'
# queue = "normal"
# account = "my-project"
# cores = 8                        # of one job
# memory = "16GB"
# walltime = "04:00:00"
# jobs = 4
# prologue = ["module load python"]          # lines of shell before the worker starts
# directives = ["--constraint=cpu"]          # more lines of #SBATCH
"""

_KNOWN: dict[str, dict[str, type | tuple[type, ...]]] = {
    "lab": {"name": str, "time_zone": str},
    "instrument": {"name": str},
    "cell": {
        "electrode": str,
        "pressure_MPa": (int, float),
        "temperature_se_K": (int, float),
        "temperature_range_C": list,
    },
    "labels": {"reviewer": str},
    "xrd": {"gsas2": str},
    "slurm": {
        "queue": str,
        "account": str,
        "cores": int,
        "memory": str,
        "walltime": str,
        "jobs": int,
        "prologue": list,
        "directives": list,
    },
}


@dataclass(frozen=True)
class SlurmSettings:
    """What one job of a SLURM queue is given.

    Attributes
    ----------
    queue, account : str or None
        The queue's own defaults where absent.
    cores : int
        Cores of one job; each runs one worker.
    memory, walltime : str
        Of one job, as SLURM writes them.
    jobs : int
        How many jobs to submit.
    prologue : tuple of str
        Lines of shell that prepare the environment.
    directives : tuple of str
        More options of ``sbatch``.
    """

    queue: str | None = None
    account: str | None = None
    cores: int = 4
    memory: str = "8GB"
    walltime: str = "04:00:00"
    jobs: int = 2
    prologue: tuple[str, ...] = ()
    directives: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabSettings:
    """Defaults that a lab writes down once.

    Attributes
    ----------
    lab_name, time_zone, instrument, electrode, reviewer : str or None
        Text defaults; ``time_zone`` is an IANA name.
    pressure_MPa : float or None
        Stack pressure during a measurement.
    temperature_se_K : float
        Standard error of the sample temperature, 1 K where the lab does not say.
    temperature_range_K : tuple of float
        Lowest and highest sample temperature that a file name is believed.
    gsas2 : Path or None
        Where GSAS-II is installed, for ``--engine gsas``.
    slurm : SlurmSettings
        Jobs of a cluster.
    """

    lab_name: str | None = None
    time_zone: str | None = None
    instrument: str | None = None
    electrode: str | None = None
    pressure_MPa: float | None = None
    temperature_se_K: float = 1.0
    temperature_range_K: tuple[float, float] = PLAUSIBLE_TEMPERATURE_K
    reviewer: str | None = None
    gsas2: Path | None = None
    slurm: SlurmSettings = SlurmSettings()
    source: Path | None = field(default=None, compare=False)


def default_lab_folder() -> Path:
    """Return the lab folder in force: ``LABKIT_HOME``, else ``./lab``."""
    return Path(os.environ.get("LABKIT_HOME") or "lab")


def database_url() -> str | None:
    """Return ``LABKIT_DATABASE_URL``, or None when the lab keeps its own SQLite file."""
    return os.environ.get("LABKIT_DATABASE_URL") or None


def read_settings(path: Path) -> LabSettings:
    """Read ``lab.toml``.

    Parameters
    ----------
    path : Path
        The file; a missing one gives the defaults.

    Raises
    ------
    SettingsError
        When the file is not TOML, names something unknown, or a value has the wrong type.
    """
    if not path.exists():
        return LabSettings()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not readable as TOML ({error}); mend that line") from None
    for section, values in document.items():
        _check_section(path, section, values)
    cell = document.get("cell", {})
    gsas2 = document.get("xrd", {}).get("gsas2")
    settings = LabSettings(
        lab_name=document.get("lab", {}).get("name"),
        time_zone=document.get("lab", {}).get("time_zone"),
        instrument=document.get("instrument", {}).get("name"),
        electrode=cell.get("electrode"),
        pressure_MPa=cell.get("pressure_MPa"),
        temperature_se_K=float(cell.get("temperature_se_K", 1.0)),
        temperature_range_K=_temperature_range_K(path, cell.get("temperature_range_C")),
        reviewer=document.get("labels", {}).get("reviewer"),
        gsas2=None if gsas2 is None else path.parent / Path(gsas2).expanduser(),
        slurm=_slurm_settings(path, document.get("slurm", {})),
        source=path,
    )
    if settings.temperature_se_K < 0:
        raise SettingsError(f"{path}: [cell] temperature_se_K must not be negative")
    _check_zone(path, settings.time_zone)
    return settings


def _temperature_range_K(path: Path, celsius: list[Any] | None) -> tuple[float, float]:
    if celsius is None:
        return PLAUSIBLE_TEMPERATURE_K
    numbers = [
        float(value)
        for value in celsius
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if len(celsius) != 2 or len(numbers) != 2 or not -273.15 < numbers[0] < numbers[1]:
        raise SettingsError(
            f"{path}: [cell] temperature_range_C must be the lowest and the highest temperature, "
            "such as [-150, 400]"
        )
    return numbers[0] + 273.15, numbers[1] + 273.15


def _slurm_settings(path: Path, values: dict[str, Any]) -> SlurmSettings:
    lines: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    for name, value in lines.items():
        if isinstance(value, tuple) and not all(isinstance(line, str) for line in value):
            raise SettingsError(f"{path}: [slurm] {name} must be a list of texts")
        if isinstance(value, int) and value < 1:
            raise SettingsError(f"{path}: [slurm] {name} = {value} must be at least 1")
    return SlurmSettings(**lines)


def _check_section(path: Path, section: str, values: Any) -> None:
    known = _KNOWN.get(section)
    if known is None or not isinstance(values, dict):
        raise SettingsError(f"{path}: unknown section [{section}]; known are {', '.join(_KNOWN)}")
    for name, value in values.items():
        if name not in known:
            raise SettingsError(
                f"{path}: [{section}] has no setting {name!r}; known are {', '.join(known)}"
            )
        if isinstance(value, bool) or not isinstance(value, known[name]):
            raise SettingsError(f"{path}: [{section}] {name} = {value!r} has the wrong type")


def _check_zone(path: Path, zone: str | None) -> None:
    if zone is None:
        return
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise SettingsError(
            f"{path}: [lab] time_zone = {zone!r} is not an IANA zone such as 'Europe/Berlin'"
        ) from None
