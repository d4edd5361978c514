"""The whole job in one go, on real files where they are at hand, else on simulated ones."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from db.errors import DataUnavailableError
from db.measurements import latest_analysis
from db.rankings import get_ranking
from db.sources import data_path
from db.tables import Label, Pellet
from labkit.errors import LabkitError
from labkit.wording import conductivity_of, resistance_of, with_errors
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.demonstration import add_demonstration_labels
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab, open_lab
from labkit.workflows.labelling import decide_label, propose_label, show_label
from labkit.workflows.pellets import add_pellet
from labkit.workflows.published_labels import import_published, matched_in_words
from labkit.workflows.ranking import rank_candidates
from labkit.workflows.reporting import write_lab_report
from labkit.workflows.setting_up import initialise
from labkit.workflows.structure_pool import MATERIALS_PROJECT, OBELIX, PROTOTYPES, add_structures
from labkit.workflows.temperature_series import fit_series

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["run_tour"]

REVIEWER = "tour"
_LPSCL = "eis/biologic/hybrid-drt/PEIS_LPSCl_IonBlocking_-25C.mpr"
_SERIES = "eis/temperature_series/eisfitpython/s04147-{}deg.txt"
_SERIES_CELSIUS = range(140, 201, 10)
_MOVES_PRINTED = 5

Say = Callable[[str], None]
ProgressBar = Callable[[str], Any]


@dataclass(frozen=True)
class _Samples:
    """What is measured on the tour: files, the pellets they belong to, and a note on each."""

    single: tuple[Path, ...]
    single_pellet: dict[str, str]
    single_structure: str
    series: tuple[Path, ...]
    series_pellet: dict[str, str]
    notes: tuple[str, ...]


class _Guide:
    """Prints each step with the command a user would type, and its time."""

    def __init__(self, folder: Path, say: Say, progress_bar: ProgressBar) -> None:
        self.folder = folder
        self.say = say
        self.progress_bar = progress_bar
        self.steps: list[dict[str, Any]] = []

    @contextmanager
    def step(self, *words: str) -> Iterator[Callable[[int, int], None]]:
        """Run one step under a progress bar."""
        command = shlex.join(["labkit", "--lab", str(self.folder), *words])
        self.say(f"$ {command}")
        started = time.perf_counter()
        with self.progress_bar(words[0]) as progress:
            yield progress
        seconds = time.perf_counter() - started
        self.steps.append({"command": command, "seconds": round(seconds, 3)})

    def tell(self, line: str) -> None:
        """Print a result of the step."""
        self.say(f"  {line}")


def run_tour(
    folder: Path, *, n_structures: int | None, say: Say, progress_bar: ProgressBar
) -> dict[str, Any]:
    """Do the whole job in a lab folder; a second tour in the same folder reuses what is there.

    Parameters
    ----------
    folder : Path
        New, empty, or a lab of an earlier tour.
    n_structures : int or None
        About how many Materials Project structures; None for all.
    say : callable
        Gets each line to show.
    progress_bar : callable
        Given a title, returns a context manager that yields a progress callback.

    Returns
    -------
    dict
        The steps with their seconds, the main numbers, and the path of the report.
    """
    guide = _Guide(folder, say, progress_bar)
    with guide.step("init"):
        setup = initialise(folder)
    guide.tell(
        f"{setup['literature_rows']} literature rows, {setup['literature_bounds']} of them bounds"
        if setup["literature_rows"]
        else "the literature set is not at hand; 'labkit init' loads it once it is"
    )
    lab = open_lab(folder)
    samples = _samples(lab)
    for note in samples.notes:
        guide.tell(note)
    measured = _measure(guide, lab, samples)
    pool_notes = _fill_pool(guide, lab, n_structures, samples.single_structure)
    with guide.step("rank") as progress:
        before = rank_candidates(lab, progress=progress)
    guide.tell(
        f"{before['candidates']} candidates, ranked by {before['labels']} labels on "
        f"{before['labelled_structures']} of them"
    )
    is_new, label = _label(guide, lab, measured["measurement"], samples.single_structure)
    since = before["ranking"] if is_new else _ranking_before(lab, before["ranking"])
    with guide.step("rank", "--since", since) as progress:
        after = rank_candidates(lab, since=since, progress=progress)
    guide.tell(after["summary"])
    for note in after["notes"]:
        guide.tell(note)
    for move in after["moved"][:_MOVES_PRINTED]:
        guide.tell(move["sentence"])
    with guide.step("report"):
        report = write_lab_report(lab, notes=(*samples.notes, *pool_notes))
    say(f"report: {report}")
    return {
        "report": str(report),
        "lab": str(folder),
        "simulated": bool(samples.notes and samples.notes[0].startswith("the public data sets")),
        "seconds": round(sum(step["seconds"] for step in guide.steps), 3),
        "steps": guide.steps,
        "literature_rows": setup["literature_rows"],
        **measured,
        "label": label,
        "ranking": after["ranking"],
        "candidates": after["candidates"],
        "moved": after["moved"],
        "summary": after["summary"],
    }


def _ranking_before(lab: Lab, ranking: str) -> str:
    """Return the ranking before one: on a second tour that is the one without the label."""
    with lab.database.reading() as session:
        previous = get_ranking(session, ranking).previous_ranking_id
    return ranking if previous is None else f"R{previous}"


def _samples(lab: Lab) -> _Samples:
    try:
        return _real_samples()
    except DataUnavailableError:
        return _simulated_samples(lab)


def _real_samples() -> _Samples:
    return _Samples(
        single=(data_path(_LPSCL),),
        single_pellet={
            "name": "LPSCl",
            "formula": "Li6PS5Cl",
            "thickness": "0.81mm+-0.01mm",
            "diameter": "6.35mm+-0.02mm",
            "electrode": "stainless steel",
            "comment": "the file does not state the geometry: nominal values",
        },
        single_structure="mp-985592",
        series=tuple(data_path(_SERIES.format(celsius)) for celsius in _SERIES_CELSIUS),
        series_pellet={
            "name": "s04147",
            "formula": "unknown",
            "thickness": "0.21cm+-0.001cm",
            "diameter": "0.8cm+-0.001cm",
            "comment": "published with its geometry; the source names the sample by number only",
        },
        notes=("the Li6PS5Cl file does not state its geometry: 0.81 mm x 6.35 mm are nominal",),
    )


def _simulated_samples(lab: Lab) -> _Samples:
    from labkit.workflows.simulating import simulate_temperature_series

    folder = lab.folder / "simulated"
    single = simulate_temperature_series(
        folder, count=1, seed=3, sigma25_S_per_cm=1e-3, ea_eV=0.30, name="Li3N", overwrite=True
    )
    series = simulate_temperature_series(
        folder / "series",
        count=7,
        seed=5,
        sigma25_S_per_cm=1e-7,
        ea_eV=0.40,
        name="LBS",
        overwrite=True,
    )
    geometry = {"thickness": "0.80mm+-0.01mm", "diameter": "6.35mm+-0.02mm"}
    return _Samples(
        single=tuple(Path(path) for path in single["files"]),
        single_pellet={"name": "LN", "formula": "Li3N", **geometry},
        single_structure="prototype-Li3N-lithium-nitride",
        series=tuple(Path(path) for path in series["files"]),
        series_pellet={"name": "LBS", "formula": "Li3BS3", **geometry},
        notes=(
            "the public data sets are not at hand: simulated files, small set of structures; "
            "'labkit tour' in a new lab fetches them over a network or takes them from the "
            "folder that LABKIT_DATA names",
        ),
    )


def _measure(guide: _Guide, lab: Lab, samples: _Samples) -> dict[str, Any]:
    """Import the single file and the series, and fit Arrhenius."""
    _add_pellet_once(guide, lab, samples.single_pellet)
    single = _import(guide, lab, samples.single_pellet["name"], samples.single)
    sweep = single["files"][0]["sweeps"][0]
    guide.tell(
        f"{sweep['measurement']}: R = "
        + resistance_of(sweep)
        + ", sigma = "
        + conductivity_of(sweep)
        + f", {sweep['verdict']}"
    )
    _add_pellet_once(guide, lab, samples.series_pellet)
    name = samples.series_pellet["name"]
    imported = _import(guide, lab, name, samples.series)
    guide.tell(imported["summary"])
    with guide.step("arrhenius", name):
        fit = fit_series(lab, name, include_review=False)
    guide.tell(
        f"Ea = {with_errors(fit['ea_eV'], fit['ea_se_eV'])} eV, sigma(25 °C) = "
        + conductivity_of(fit, "sigma25_")
        + (" (extrapolated)" if fit["sigma25_extrapolated"] else "")
    )
    return {
        "measurement": sweep["measurement"],
        "resistance_ohm": sweep["resistance_ohm"],
        "ea_eV": fit["ea_eV"],
        "sigma25_S_per_cm": fit["sigma25_S_per_cm"],
    }


def _add_pellet_once(guide: _Guide, lab: Lab, pellet: dict[str, str]) -> None:
    words = ["pellet", "add", pellet["name"]]
    for option in ("formula", "thickness", "diameter"):
        words += [f"--{option}", pellet[option]]
    with guide.step(*words), lab.database.reading() as session:
        known = session.exec(select(Pellet.id).where(Pellet.name == pellet["name"])).first()
    if known is None:
        add_pellet(lab, **pellet)
    else:
        guide.tell("there already")


def _import(guide: _Guide, lab: Lab, pellet: str, files: tuple[Path, ...]) -> dict[str, Any]:
    with guide.step("import", "--pellet", pellet, *map(str, files)) as progress:
        report = import_paths(lab, files, pellet=pellet, progress=progress)
    if report["refused"]:
        raise LabkitError(report["refused"][0]["error"])
    return report


def _fill_pool(guide: _Guide, lab: Lab, n_structures: int | None, measured: str) -> tuple[str, ...]:
    """Add the structures and the published labels that are at hand."""
    notes: list[str] = []
    limit = () if n_structures is None else ("--limit", str(n_structures), "--also", measured)
    added = [
        _add_source(guide, lab, source, options, n_structures, (measured,), notes)
        for source, options in ((MATERIALS_PROJECT, limit), (OBELIX, ()))
    ]
    if not any(added):
        _add_source(guide, lab, PROTOTYPES, (), None, (), notes)
        add_demonstration_labels(lab, REVIEWER)
    for source, needed in (("paper", added[0]), ("obelix", added[1])):
        if not needed:
            continue
        with guide.step("label", "import", source):
            counts = import_published(lab, source, actor=REVIEWER)
        guide.tell(f"{counts['labels']} labels, {matched_in_words(counts)}")
    return tuple(notes)


def _add_source(
    guide: _Guide,
    lab: Lab,
    source: str,
    options: tuple[str, ...],
    limit: int | None,
    also: tuple[str, ...],
    notes: list[str],
) -> bool:
    try:
        with guide.step("structures", "add", source, *options) as progress:
            result = add_structures(lab, [source], limit=limit, also=also, progress=progress)
    except DataUnavailableError:
        notes.append(f"{source} is not at hand and was left out")
        guide.tell(notes[-1])
        return False
    counts = result["sources"][0]
    guide.tell(f"{counts['added']} added, {counts['known']} known, {result['total']} in the lab")
    return True


def _label(
    guide: _Guide, lab: Lab, measurement: str, structure: str
) -> tuple[bool, dict[str, Any]]:
    """Propose the measured conductivity as a label and accept it, unless an earlier tour did."""
    with lab.database.reading() as session:
        analysis = latest_analysis(session, TAIL, measurement_id=int(measurement[1:]))
        assert analysis is not None
        known = session.exec(
            select(Label).where(
                Label.analysis_id == analysis.id, col(Label.state).in_(("proposed", "accepted"))
            )
        ).first()
    if known is not None and known.state == "accepted":
        guide.tell(f"L{known.id} is accepted already")
        return False, show_label(lab, f"L{known.id}")
    if known is not None:
        proposed = show_label(lab, f"L{known.id}")
    else:
        with guide.step(
            "label", "propose", measurement, "--structure", structure, "--by", REVIEWER
        ):
            proposed = propose_label(lab, measurement, structure_ids=[structure], actor=REVIEWER)
    guide.tell(f"{proposed['label']}: {conductivity_of(proposed)}, proposed")
    reason = "the tail is long and straight; both estimators agree"
    words = ("label", "accept", proposed["label"], "--by", REVIEWER, "--reason", reason)
    with guide.step(*words):
        accepted = decide_label(lab, proposed["label"], "accept", reason=reason, actor=REVIEWER)
    return True, show_label(lab, accepted["label"])
