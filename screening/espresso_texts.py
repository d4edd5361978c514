"""The words of a job folder: the script that runs it, and the README that explains it."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["job_script", "readme"]

_SCRIPT = """\
# Both end points, then the band. Submit it again after a stop: what is finished is kept.
# The programs and how they are started can be set from outside, for example
#   RUN="mpirun -np 32" PW=/opt/qe/bin/pw.x NEB=/opt/qe/bin/neb.x ./job.sh
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:-$(dirname "$0")}"
RUN="${RUN-@RUN@}"
PW="${PW:-pw.x}"
NEB="${NEB:-neb.x}"
PYTHON="${PYTHON:-python3}"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

aside() { [ ! -s "$1.out" ] || mv "$1.out" "$1.$(date +%Y%m%d-%H%M%S).out"; }
stopped() { echo "$1 did not finish: look into $2, then start again" >&2; exit 1; }

for end in first last; do
    if ! grep -qs "bfgs converged" "$end.out"; then
        if [ -s "$end.out" ]; then
            "$PYTHON" relaxed_ends.py "$end"  # go on from the last positions
            aside "$end"
        fi
        $RUN "$PW" -inp "$end.in" > "$end.out" || stopped pw.x "$end.out"
    fi
done

if ! grep -qs "convergence achieved" neb.out; then
    if [ -s band.path ]; then
        steps=$(($(sed -n 2p band.path) + @STEPS@))
        sed -i.before -e "s/'from_scratch'/'restart'/" \\
            -e "s/nstep_path .*/nstep_path       = $steps/" neb.in
    else
        "$PYTHON" relaxed_ends.py             # first.out, last.out and band.in make neb.in
    fi
    aside neb
    $RUN "$NEB" -inp neb.in > neb.out || stopped neb.x neb.out
fi
"""


def job_script(job: dict[str, Any]) -> str:
    """Return the job script, for bash, with or without lines for SLURM."""
    settings = job["settings"]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", job["title"]).strip("-")[:40] or "band"
    slurm = (
        f"#SBATCH --job-name={name}\n#SBATCH --nodes=1\n#SBATCH --ntasks={settings['tasks']}\n"
        "#SBATCH --cpus-per-task=1\n#SBATCH --time=24:00:00\n"
        "# a partition or an account, where your cluster wants one:\n"
        "##SBATCH --partition=...\n##SBATCH --account=...\n"
        "# load the modules of Quantum ESPRESSO here\n"
    )
    run = "srun" if settings["slurm"] else f"mpirun -np {settings['tasks']}"
    script = _SCRIPT.replace("@RUN@", run).replace("@STEPS@", str(settings["max_steps"]))
    return "#!/bin/bash\n" + (slurm if settings["slurm"] else "") + script


def readme(job: dict[str, Any]) -> str:
    """Return what to do with the folder, and what was chosen and why."""
    settings, kpoints = job["settings"], " x ".join(map(str, job["kpoints"]))
    rows = [
        f"| {element} | {entry['file']} | {entry['kind']}, {entry['functional']} "
        f"| {_cutoff(entry['wfc_cutoff_Ry'])} | {_cutoff(entry['rho_cutoff_Ry'])} |"
        for element, entry in job["pseudopotentials"].items()
    ]
    start = "sbatch job.sh" if settings["slurm"] else "./job.sh"
    chosen = "given" if settings["wfc_cutoff_Ry"] else "the largest recommended below"
    spin = (
        "\nSpin is switched on, with ferromagnetic starting moments of half the valence: check the "
        "moments, and add Hubbard terms to the inputs if you use them.\n"
        if job["spin"]
        else ""
    )
    return f"""\
# {job["title"]}

The barrier of one hop into a vacancy with Quantum ESPRESSO: {job["atoms"]} atoms, \
{job["electrons"]:g} electrons,
{job["images"]} images with both end points.

1. Copy this folder to the machine that computes.
2. `{start}`. It relaxes both end points (pw.x), joins the relaxed ends (`relaxed_ends.py`, any
   Python 3) and runs the band (neb.x). After a stop start it again: what is finished is kept.
   `RUN`, `PW` and `NEB` in the environment set how programs are started.
3. Copy it back and read the result: `labkit screen neb-read FOLDER --plot band.png`

What was chosen, to be checked before much time is spent:

- cut-offs {job["ecutwfc_Ry"]:g} Ry for wave functions and {job["ecutrho_Ry"]:g} Ry for the \
density ({chosen});
- k-points {kpoints}, Gaussian smearing of {settings["degauss_Ry"]:g} Ry;
- charge of the cell {settings["charge"]:+d}: 0 takes a neutral atom out, -1 takes a Li+ ion out \
and
  leaves its electron, against a uniform background;
- forces of at most {settings["force_eV_per_angstrom"]:g} eV/angstrom on the band;
- the cell is kept as given: relax it with the same functional first if it was not.
{spin}
| element | pseudopotential | kind | cut-off (Ry) | density (Ry) |
|---|---|---|---|---|
{chr(10).join(rows)}

Files: `first.in`, `last.in` (end points), `band.in` (band between the ends as they stand), \
`neb.in`
(made from it once the ends are relaxed), `job.json` (where this came from).
"""


def _cutoff(value: float | None) -> str:
    return "none" if value is None else f"{value:.0f}"
