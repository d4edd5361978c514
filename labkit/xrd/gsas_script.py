"""What the Python of GSAS-II runs: one refinement, described by ``job.json`` in a folder.

The program stands alone: it imports NumPy and GSAS-II, nothing of labkit, so that it runs in
whatever Python GSAS-II was installed into. It leaves the project (``labkit.gpx``), numbers
(``result.json``) and curves (``curves.npz``) in the folder.
"""

from __future__ import annotations

import importlib
import json
import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

CELL_KEYS = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
PROFILE = ("U", "V", "W", "X", "Y")


class Refinement:
    """A GSAS-II project that is refined in stages, each with more parameters."""

    def __init__(self, folder: Path, job: dict[str, Any]) -> None:
        scripting = importlib.import_module("GSASII.GSASIIscriptable")
        engine = importlib.import_module("GSASII.GSASIIstrMain")
        random.seed(0)  # GSAS-II starts free intensities at random
        self.job = job
        self.folder = folder
        self.refine_project = engine.Refine
        self.le_bail = engine.DoLeBail
        self.file = folder / "labkit.gpx"
        self.project = scripting.G2Project(newgpx=str(self.file))
        self.histograms = [self._add_histogram(number) for number in range(len(job["patterns"]))]
        self.phases = [self._add_phase(number) for number in range(len(job["phases"]))]
        self.free = job["intensities"] == "free"
        self.extracting = False
        self.mended = 0
        self.start_w = [
            float(histogram.data["Instrument Parameters"][0]["W"][1])
            for histogram in self.histograms
        ]
        self.finished = False
        self.r_wp = math.inf
        self.problem: str | None = None

    def _add_histogram(self, number: int) -> Any:
        pattern = self.job["patterns"][number]
        histogram = self.project.add_powder_histogram(
            str(self.folder / f"pattern{number}.xye"),
            str(self.folder / f"pattern{number}.instprm"),
            fmthint="xye",
        )
        sample = histogram.data["Sample Parameters"]
        if pattern["radiation"] == "x-ray":
            sample["Type"] = "Bragg-Brentano"
            for name in ("Shift", "Transparency", "SurfRoughA", "SurfRoughB"):
                sample.setdefault(name, [0.0, False])
        sample["Gonio. radius"] = pattern["radius_mm"]
        terms = pattern["background_terms"]
        level = float(np.median(histogram.getdata("background"))) or pattern["background_counts"]
        histogram.set_refinements(
            {
                "Background": {
                    "type": "chebyschev-1",
                    "no. coeffs": terms,
                    "refine": True,
                    "coeffs": [level, *([0.0] * (terms - 1))],
                }
            }
        )
        return histogram

    def _add_phase(self, number: int) -> Any:
        described = self.job["phases"][number]
        phase = self.project.add_phase(
            str(self.folder / f"phase{number}.cif"),
            phasename=described["name"],
            histograms=self.histograms,
            fmthint="CIF",
        )
        phase.data["General"]["Cell"][1:8] = [*described["cell"], described["volume"]]
        return phase

    def run(self) -> None:
        """Release parameters in the order in which they are known: sizes, places, shapes, atoms."""
        if self.free:
            self._start_le_bail()
        else:
            self._stage(3, 1e-2)
        # the widths seen are those of doublets at best: broad peaks find their places ...
        self._release_positions()
        self._stage(4, 1e-2)
        self._narrow()
        self._stage(4, 1e-3)
        # ... and released while much too broad, widths would jump below zero
        self._release({"Instrument Parameters": ["W"]})
        self._stage(4, 1e-2)
        self._release({"Instrument Parameters": ["X"]})
        self._stage(6, 3e-3)
        self._release({"Instrument Parameters": list(PROFILE)})
        self._release_atoms()
        self._stage(8, 1e-3)
        if any(pattern["axial"] for pattern in self.job["patterns"]):
            # alone it would run away while the widths are wrong
            for histogram, pattern in zip(self.histograms, self.job["patterns"]):
                if pattern["axial"]:
                    histogram.set_refinements({"Instrument Parameters": ["SH/L"]})
        self._to_the_end()

    def _to_the_end(self) -> None:
        """Repeat the last stage until it changes nothing; free intensities follow only slowly."""
        before, small = math.inf, 5e-3 if self.free else 5e-4
        for _ in range(4):
            self._stage(4 if self.free else self.job["max_cycles"], 1e-3 if self.free else 1e-4)
            now = self.r_wp
            if self.problem or (before - now < small * now and self.finished):
                break
            before = now

    def _narrow(self) -> None:
        """Take the widths that fit best, of some down to a sixth of those seen."""
        started = [self._widths(histogram) for histogram in self.histograms]
        results = []
        for factor in (1.0, 0.7, 0.5, 0.35, 0.25, 0.17):
            self._set_widths(started, factor)
            self._stage(1, 1e-3)
            results.append((self.r_wp, factor))
            if self.r_wp > 1.3 * min(results)[0]:
                break
        self._set_widths(started, min(results)[1])
        self.start_w = [self._widths(histogram)[0] for histogram in self.histograms]

    def _widths(self, histogram: Any) -> tuple[float, float]:
        instrument = histogram.data["Instrument Parameters"][0]
        return float(instrument["W"][1]), float(instrument["X"][1])

    def _set_widths(self, started: Sequence[tuple[float, float]], factor: float) -> None:
        for histogram, (w, x) in zip(self.histograms, started):
            instrument = histogram.data["Instrument Parameters"][0]
            instrument["W"][1], instrument["X"][1] = w * factor**2, x * factor

    def _mend_widths(self) -> None:
        """Start the Gaussian widths again where they ran below zero: GSAS-II cuts them off there.

        Where they are cut off they have no derivative, and could not come back.
        """
        for histogram, start in zip(self.histograms, self.start_w):
            instrument = histogram.data["Instrument Parameters"][0]
            tangent = np.tan(np.radians(np.array(histogram.getdata("x"), dtype=float) / 2))
            u, v, w = (float(instrument[name][1]) for name in ("U", "V", "W"))
            if np.min(u * tangent**2 + v * tangent + w) > 0.02 * start:
                continue
            self.mended += 1
            for name, value in (("U", 0.0), ("V", 0.0), ("W", start / 2)):
                instrument[name][1] = value

    def _release(self, what: dict[str, Sequence[str]]) -> None:
        for histogram in self.histograms:
            histogram.set_refinements(what)

    def _start_le_bail(self) -> None:
        """Take the intensities of the structures to start with, where there are atoms."""
        with_atoms = all(described["has_atoms"] for described in self.job["phases"])
        if with_atoms:
            self._stage(3, 1e-2)
        for phase in self.phases:
            for histogram in self.histograms:
                # set_HAP_refinements does not know this flag in every version
                phase.data["Histograms"][histogram.name]["LeBail"] = True
        self.extracting = with_atoms
        for histogram in self.histograms:
            histogram.clear_refinements({"Sample Parameters": ["Scale"]})
            if not with_atoms:
                x, y = histogram.getdata("x"), histogram.getdata("yobs")
                area = float(np.maximum(y - np.median(y), 0).sum() * np.median(np.diff(x)))
                histogram.data["Sample Parameters"]["Scale"][0] = max(area, 1.0)
        self._stage(0, 1e-3, new_le_bail=not with_atoms)
        self.extracting = True

    def _release_positions(self) -> None:
        for number, phase in enumerate(self.phases):
            phase.set_refinements({"Cell": True})
            if number and not self.free:
                phase.set_HAP_refinements({"Scale": True})
        for histogram, pattern in zip(self.histograms, self.job["patterns"]):
            if "displacement" in pattern["shifts"]:
                histogram.set_refinements({"Sample Parameters": ["Shift"]})
            if "zero" in pattern["shifts"]:
                histogram.set_refinements({"Instrument Parameters": ["Zero"]})
            if pattern["refine_wavelength"]:
                histogram.set_refinements({"Instrument Parameters": ["Lam"]})

    def _release_atoms(self) -> None:
        if self.free:
            return
        for number, phase in enumerate(self.phases):
            atoms = phase.atoms()
            flags = "XU" if self.job["atoms"] else "U"
            for atom in atoms:
                if atom.adp_flag == "I":
                    atom.refinement_flags = flags
            isotropic = [at for at, atom in enumerate(atoms) if atom.adp_flag == "I"]
            if not self.job["atoms"] and len(isotropic) > 1:
                self.project.add_EquivConstr([f"{number}::AUiso:{at}" for at in isotropic])

    def _stage(self, cycles: int, tolerance: float, *, new_le_bail: bool = False) -> None:
        """Refine; what a stage that failed did is undone, and said."""
        if self.problem:
            return
        controls = self.project.data["Controls"]["data"]
        controls["max cyc"] = cycles
        controls["min dM/M"] = tolerance
        self.project.index_ids()
        if self.extracting:
            self.le_bail(str(self.file), cycles=2 if cycles <= 1 else 4)
        before = self.file.read_bytes()
        outcome = self.refine_project(str(self.file), makeBack=False, newLeBail=new_le_bail)
        if outcome and not outcome[0]:
            self.problem = str(outcome[1].get("msg") or "no reason given").strip()
            self.file.write_bytes(before)
        self.project.reload()
        residuals = self.project.data["Covariance"]["data"].get("Rvals", {})
        self.finished = bool(residuals.get("converged"))
        if self.mended < 3:
            mended = self.mended
            self._mend_widths()
            self.finished &= self.mended == mended
        self.r_wp = float(residuals.get("Rwp") or math.inf)
        sys.stdout.write(f"stage: Rwp {residuals.get('Rwp')}\n")

    def collect(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        """Return the numbers, JSON-ready, and the curves by name."""
        covariance = self.project["Covariance"]["data"]
        residuals = covariance.get("Rvals", {})
        if not len(covariance.get("varyList", [])):
            raise RuntimeError(self.problem or "nothing was refined")
        esds = dict(zip(covariance["varyList"], covariance["sig"]))
        phases = []
        for phase in self.phases:
            cell, esd = phase.get_cell_and_esd()
            phases.append(
                {
                    "cell": [float(cell[key]) for key in CELL_KEYS],
                    # GSAS-II writes 0 where symmetry fixes a value or no error is known
                    "cell_esd": [positive(esd[key]) for key in CELL_KEYS],
                    "volume": float(cell["volume"]),
                    "volume_esd": positive(esd["volume"]),
                    "atoms": [
                        [atom.label, *(float(v) for v in atom.coordinates), positive(atom.uiso)]
                        for atom in phase.atoms()
                    ],
                }
            )
        patterns, curves = [], {}
        for number, histogram in enumerate(self.histograms):
            lists = histogram.reflections()
            low, high = histogram.data["Limits"][1]
            x = np.array(histogram.getdata("x"), dtype=float)
            curves[f"calculated{number}"] = np.array(histogram.getdata("ycalc"), dtype=float)
            curves[f"background{number}"] = np.array(histogram.getdata("background"), dtype=float)
            for at, phase in enumerate(self.phases):
                rows = lists[phase.name]["RefList"] if phase.name in lists else np.empty((0, 12))
                rows = np.array(rows, dtype=float)
                curves[f"reflections{number}_{at}"] = rows[:, 5] if rows.size else np.empty(0)
            instrument = histogram.data["Instrument Parameters"][0]
            sample = histogram.data["Sample Parameters"]
            values = {
                name: [float(instrument[name][1]), positive(esds.get(f":{number}:{name}"))]
                for name in (*PROFILE, "Zero", "SH/L", "Lam")
                if name in instrument
            }
            if "Shift" in sample:
                values["Shift"] = [
                    float(sample["Shift"][0]),
                    positive(esds.get(f":{number}:Shift")),
                ]
            patterns.append(
                {
                    "r_wp": float(histogram.residuals["wR"]) / 100,
                    "values": values,
                    "n_points": int(((x >= low) & (x <= high)).sum()),
                }
            )
        return {
            "phases": phases,
            "patterns": patterns,
            "mass_fractions": self._mass_fractions(),
            "r_wp": float(residuals["Rwp"]) / 100,
            "gof": float(residuals["GOF"]),
            "n_parameters": int(residuals["Nvars"]),
            "converged": self.finished and not self.problem,
            "problem": self.problem,
            "version": version(),
        }, curves

    def _mass_fractions(self) -> list[list[float | None]] | None:
        if self.free or len(self.phases) < 2:
            return None
        try:
            found = self.histograms[0].ComputeMassFracs()
        except Exception:
            return None
        return [
            [float(found[phase.name][0]), positive(found[phase.name][1])] for phase in self.phases
        ]


def positive(value: Any) -> float | None:
    """Return a number that stands for an error, None where it is none."""
    number = float(value) if value is not None else 0.0
    return number if math.isfinite(number) and number > 0 else None


def version() -> str:
    """Return the version of GSAS-II, as far as it tells."""
    path = importlib.import_module("GSASII.GSASIIpath")
    for name in ("GetVersionTag", "GetVersionNumber"):
        found = getattr(path, name, str)()
        if found:
            return str(found)
    return ""


def main(folder: Path) -> None:
    """Run the job of a folder; a failure is written down as one line."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    sys.path.extend(job["search"])
    try:
        importlib.import_module("GSASII.GSASIIscriptable")
    except ImportError as error:
        write(folder, {"missing": line_of(error)})
        return
    try:
        refinement = Refinement(folder, job)
        refinement.run()
        result, curves = refinement.collect()
        refinement.project.save()
    except Exception as error:
        write(folder, {"failed": line_of(error)})
        raise
    save: Any = np.savez
    save(folder / "curves.npz", **curves)
    write(folder, result)


def line_of(error: Exception) -> str:
    """Return an exception in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def write(folder: Path, result: dict[str, Any]) -> None:
    """Write ``result.json``."""
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
