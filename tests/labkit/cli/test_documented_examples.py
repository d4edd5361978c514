"""What the documents and ``--help`` print can be typed as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.labkit.cli.conftest import Command
from tests.labkit.cli.test_documentation import COMMANDS, ROOT, _parse, _typed

DOCUMENTS = ("README.md", "docs/commands.md", "docs/guide.md")
# what changes a record and is signed; the others only take a name where somebody gives one
SIGNED = re.compile(r" label (?!list|show|import|export|conflicts)|eis .*--(window|mask|unmask)")


def _documented(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return _typed("\n".join(re.findall(r"```\n(.*?)```", text, re.DOTALL)))


def _everything() -> list[str]:
    printed = [(command.epilog or "").removeprefix("Example: ") for command in COMMANDS.values()]
    documented = [line for name in DOCUMENTS for line in _documented(name)]
    return [line.partition(" #")[0].strip() for line in documented + printed]


@pytest.mark.parametrize("line", sorted({line for line in _everything() if SIGNED.search(line)}))
def test_what_is_signed_is_printed_with_a_name(line: str) -> None:
    _, given = _parse(shlex.split(line, comments=True)[1:])

    assert any(given.get(name) for name in ("actor", "set_by", "by"))


@pytest.mark.parametrize(
    "line", sorted({line for line in _everything() if " xrd refine " in line and ".xy" in line})
)
def test_a_plain_pattern_is_printed_with_its_wavelength(line: str) -> None:
    assert "--wavelength" in line or "--instrument" in line


def test_the_guide_runs_as_it_stands_up_to_the_label(
    shell: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later steps need the public structures, a learned potential, or a cluster."""
    monkeypatch.chdir(tmp_path)
    lines = _documented("docs/guide.md")
    last = next(k for k, line in enumerate(lines) if " label accept " in line)
    done = [line for line in lines[: last + 1] if " serve " not in line]
    assert len(done) >= 12
    fitted: dict[str, Any] = {}
    for line in done:
        words = shlex.split(line)[1:]
        if "propose" in words:  # the number that `arrhenius` printed
            words[words.index("A9")] = fitted["analysis"]
        if "arrhenius" in words:
            words.append("--json")
        outcome = shell(*words)
        assert outcome.code == 0, (line, outcome.err)
        if "arrhenius" in words:
            fitted = outcome.json
    # the numbers that the guide prints
    assert f"{fitted['ea_eV']:.3f} {fitted['ea_se_eV']:.3f}" == "0.330 0.006"
    assert f"{fitted['sigma25_S_per_cm']:.1e}" == "2.0e-05"
    assert {path.name for path in tmp_path.glob("*.png")} >= {"nyquist.png", "vegard.png"}
