"""Put the relaxed end points of a band into the input of neb.x; needs nothing but Python.

A copy of this file lies in every job folder and runs between pw.x and neb.x. The images keep their
detour: each is moved by the displacement of both ends, shared by its place in the band. With the
name of an end point as its argument it lets that relaxation go on from where a stop left it.
"""

from __future__ import annotations

import sys
from pathlib import Path

Positions = list[tuple[str, float, float, float]]


class EndPointError(Exception):
    """An end point is not relaxed, or does not belong to the band."""


def final_positions(output: str, name: str) -> Positions:
    """Return symbols and positions in angstrom that pw.x ended a relaxation with."""
    if "bfgs converged" not in output:
        raise EndPointError(
            f"{name}: the end point is not relaxed "
            f"({_why_not(output)}); submit again, or look into the file"
        )
    block = output.split("Begin final coordinates")[-1].split("End final coordinates")[0]
    found = read_images(block)
    if not found:
        raise EndPointError(f"{name}: holds no final positions in angstrom")
    return found[-1]


def _why_not(output: str) -> str:
    if "convergence NOT achieved" in output:
        return "its electrons did not converge"
    if "The maximum number of steps has been reached" in output:
        return "it ran out of steps"
    if "JOB DONE" not in output:
        return "the run was cut"
    return "pw.x does not say that it converged"


def read_images(neb_input: str) -> list[Positions]:
    """Return the images of an input of neb.x whose positions are in angstrom."""
    images: list[Positions] = []
    inside = False
    for line in neb_input.splitlines():
        words = line.split()
        if line.startswith("ATOMIC_POSITIONS"):
            images.append([])
            inside = True
        elif inside and len(words) >= 4:
            images[-1].append((words[0], float(words[1]), float(words[2]), float(words[3])))
        else:
            inside = False
    return images


def write_images(images: list[Positions]) -> str:
    """Write the block of positions of an input of neb.x."""
    lines = ["BEGIN_POSITIONS"]
    for number, image in enumerate(images):
        ends = {0: "FIRST_IMAGE", len(images) - 1: "LAST_IMAGE"}
        lines += [ends.get(number, "INTERMEDIATE_IMAGE"), "ATOMIC_POSITIONS angstrom"]
        lines += [f"{s:<3} {x:16.10f} {y:16.10f} {z:16.10f}" for s, x, y, z in image]
    return "\n".join([*lines, "END_POSITIONS", ""])


def going_on(pw_input: str, output: str) -> str:
    """Return the input of a relaxation with the last whole positions of its stopped run."""
    before, rest = pw_input.split("ATOMIC_POSITIONS", 1)
    started = read_images("ATOMIC_POSITIONS" + rest)[0]
    whole = [image for image in read_images(output) if len(image) == len(started)]
    lines = [f"{s:<3} {x:16.10f} {y:16.10f} {z:16.10f}" for s, x, y, z in [started, *whole][-1]]
    return before + "\n".join(["ATOMIC_POSITIONS angstrom", *lines, ""])


def with_relaxed_ends(neb_input: str, first: Positions, last: Positions) -> str:
    """Return the input with its images moved so that they join the relaxed ends."""
    images = read_images(neb_input)
    for name, end, image in (("first", first, images[0]), ("last", last, images[-1])):
        if [atom[0] for atom in end] != [atom[0] for atom in image]:
            raise EndPointError(f"the {name} end point holds other atoms than the band")
    at_first, at_last = _moves(images[0], first), _moves(images[-1], last)
    moved: list[Positions] = []
    for number, image in enumerate(images):
        share = number / (len(images) - 1)
        moved.append(
            [
                (
                    symbol,
                    x + (1.0 - share) * f[0] + share * g[0],
                    y + (1.0 - share) * f[1] + share * g[1],
                    z + (1.0 - share) * f[2] + share * g[2],
                )
                for (symbol, x, y, z), f, g in zip(image, at_first, at_last)
            ]
        )
    before, rest = neb_input.split("BEGIN_POSITIONS", 1)
    after = rest.split("END_POSITIONS\n", 1)[1]
    return before + write_images(moved) + after


def _moves(before: Positions, after: Positions) -> list[tuple[float, float, float]]:
    return [(b[1] - a[1], b[2] - a[2], b[3] - a[3]) for a, b in zip(before, after)]


def main(folder: Path, end: str | None = None) -> int:
    """Make ``neb.in`` of the relaxed ends, or let the relaxation of one end go on."""
    try:
        if end is not None:
            text = (folder / f"{end}.in").read_text(encoding="utf-8")
            stopped = (folder / f"{end}.out").read_text(encoding="utf-8")
            (folder / f"{end}.in").write_text(going_on(text, stopped), encoding="utf-8")
            return 0
        ends = [
            final_positions((folder / name).read_text(encoding="utf-8"), name)
            for name in ("first.out", "last.out")
        ]
        band = (folder / "band.in").read_text(encoding="utf-8")
        text = with_relaxed_ends(band, ends[0], ends[1])
        (folder / "neb.in").write_text(text, encoding="utf-8")
    except (OSError, EndPointError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent, *sys.argv[1:]))
