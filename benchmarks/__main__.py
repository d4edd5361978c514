"""Run the side-by-side suite.

``python -m benchmarks --size small``; see docs/benchmarks.md for what it says. Peers are optional
and best kept in an environment beside labkit's own::

    pip install -e . datalab-org-galvani yadg impedance matminer httpx
    python -m benchmarks --size full --write docs/benchmarks.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import shlex
import sys
from pathlib import Path

from benchmarks.suite import parts
from benchmarks.table import document, problems, write
from benchmarks.turns import SideResult, measure


def main(words: list[str] | None = None) -> int:
    """Measure, print the page or write it; 1 where labkit failed or results differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=("tiny", "small", "full"), default="small")
    parser.add_argument("--only", default="", help=f"some of {','.join(parts())}")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--write", type=Path, help="replace this file instead of printing")
    words = sys.argv[1:] if words is None else words
    options = parser.parse_args(words)
    known = parts()
    chosen = [name for name in options.only.split(",") if name] or list(known)
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(known)}")
    if options.repeat < 1:
        parser.error("--repeat: at least one run")
    command = shlex.join(["python", "-m", "benchmarks", *words])
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    data = Path(named).resolve() if (named := os.environ.get("LABKIT_DATA")) else None
    found: dict[str, list[SideResult]] = {}
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        found[name] = measure(name, known[name], options.size, options.repeat, data)
        page = document(found, known, command, options.repeat, day)
        if options.write is not None:  # after each part: a run that is stopped keeps what it has
            write(options.write, page)
    if options.write is None:
        print(page)
    said = problems(found, known)
    for line in said:
        print(line, file=sys.stderr)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
