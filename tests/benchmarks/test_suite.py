"""The suite measures in processes of its own and writes a table; a peer may be absent or fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import table, turns
from benchmarks.__main__ import main
from benchmarks.suite import Case, Part, Setting, Side, parts
from benchmarks.turns import Measured, SideResult


def _cells(page: str, first: str) -> list[str]:
    line = next(line for line in page.splitlines() if line.startswith(f"| {first}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def _unused(setting: Setting) -> dict[str, Case]:
    raise AssertionError


def _part(tolerance: float | None = None) -> Part:
    sides = (Side("labkit", (), _unused), Side("peer", (), _unused))
    return Part("A thing", sides, "How it is compared.", tolerance)


def _measured(seconds: float, numbers: list[float] | None = None, amount: float | None = None):
    return Measured(amount, [seconds] * 5, [2 * seconds] * 5, numbers)


def _page(found: dict[str, list[SideResult]], part: Part | None = None) -> str:
    return table.document(
        found, {"thing": part or _part()}, "python -m benchmarks", 5, "2024-01-02"
    )


def test_a_tiny_run_compares_w_sigma_with_the_pandas_loop(tmp_path: Path) -> None:
    target = tmp_path / "benchmarks.md"
    words = ["--size", "tiny", "--only", "w-sigma", "--repeat", "2", "--write", str(target)]
    assert main(words) == 0
    page = target.read_text("utf-8")
    cells = _cells(page, "20 labels, 30 depths")
    assert len(cells) == 8
    assert cells[3].startswith("pandas loop (pandas ")
    assert float(cells[6].strip("*")) > 1.0
    assert cells[7] == "equal" or cells[7].startswith("within")
    assert "--only w-sigma" in page
    assert [path.name for path in tmp_path.iterdir()] == ["benchmarks.md"]


def test_an_absent_peer_is_a_row_with_its_reason() -> None:
    ours = SideResult("labkit", (), {"a case": _measured(0.002)})
    page = _page({"thing": [ours, SideResult("peer", (), absent="No module named 'peer'")]})
    assert _cells(page, "a case")[:4] == ["a case", "2 ms", "4 ms", "none"]
    assert "| peer | not installed: No module named 'peer' |" in page


def test_a_peer_that_fails_is_told_and_fails_nothing() -> None:
    ours = SideResult("labkit", (), {"a case": _measured(0.002)})
    peer = SideResult("peer", (), {"a case": Measured(failed="TypeError: a | b")})
    found = {"thing": [ours, peer]}
    assert "failed: TypeError: a / b" in _page(found)
    assert table.problems(found, {"thing": _part(1e-6)}) == []


def test_ours_failing_and_results_that_differ_fail_the_suite() -> None:
    ours = SideResult("labkit", (), {"a": _measured(1, [1.0]), "b": Measured(failed="broken")})
    peer = SideResult("peer", (), {"a": _measured(3, [1.1])})
    said = table.problems({"thing": [ours, peer]}, {"thing": _part(1e-6)})
    assert said == ["thing, a: differs from peer by 9.1e-02", "thing, b: labkit: broken"]
    assert table.problems({"thing": [ours, peer]}, {"thing": _part(None)}) == said[1:]


def test_the_ratio_is_that_of_processor_time() -> None:
    ours, peer = _measured(0.5), Measured(None, [4.0, 5.0, 6.0], [90.0, 90.0, 90.0])
    found = [SideResult("labkit", (), {"a": ours}), SideResult("peer", (), {"a": peer})]
    assert _cells(_page({"thing": found}), "a")[4:7] == ["5 s", "90 s", "**10**"]


def test_growth_finds_the_exponent() -> None:
    cases = {str(n): _measured(1e-6 * n**2, amount=n) for n in (100, 200, 400)}
    fitted = table.growth(SideResult("labkit", (), cases))
    assert fitted is not None
    assert fitted[0] == pytest.approx(2.0)
    assert fitted[1] == pytest.approx(0.0, abs=1e-6)
    del cases["100"]
    assert table.growth(SideResult("labkit", (), cases)) is None


def test_results_of_another_shape_never_agree() -> None:
    assert turns.largest_difference([1.0], [1.0, 2.0]) == np.inf
    assert turns.largest_difference([1.0, 3.0], [1.0, 4.0]) == 0.25
    assert turns.largest_difference(None, [1.0]) is None


def test_labkit_is_the_first_side_of_every_part() -> None:
    assert all(part.sides[0].name == "labkit" for part in parts().values())


def test_the_machine_is_named_without_host_or_path() -> None:
    import platform

    page = _page({"thing": [SideResult("labkit", (), {"a": _measured(1)})]})
    assert platform.python_version() in page
    assert platform.node() not in page or len(platform.node()) < 4
