"""GSAS-II is found where a lab has it, and its absence is said in one line."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from labkit.xrd.errors import EngineMissingError
from labkit.xrd.gsas_install import INSTALL_COMMAND, find_gsas


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABKIT_GSAS2", raising=False)


def package_in(folder: Path) -> Path:
    (folder / "GSASII").mkdir(parents=True)
    (folder / "GSASII" / "GSASIIscriptable.py").write_text("", encoding="utf-8")
    return folder


@pytest.mark.skipif(
    importlib.util.find_spec("GSASII") is not None, reason="GSAS-II is importable here"
)
def test_its_absence_names_the_command_that_installs_it() -> None:
    with pytest.raises(EngineMissingError) as caught:
        find_gsas()
    assert INSTALL_COMMAND in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_folder_of_the_package_and_the_package_itself_are_the_same(tmp_path: Path) -> None:
    folder = package_in(tmp_path / "clone")
    found = find_gsas(folder)
    assert found == find_gsas(folder / "GSASII")
    assert found.search == (str(folder),)
    assert found.python == Path(sys.executable)


def test_an_installation_is_run_by_its_own_python(tmp_path: Path) -> None:
    """A gsas2main folder: a clone inside a conda environment."""
    root = tmp_path / "gsas2main"
    (root / "conda-meta").mkdir(parents=True)
    (root / "bin").mkdir()
    (root / "bin" / "python").write_text("", encoding="utf-8")
    package_in(root / "GSAS-II")
    for named in (root, root / "GSAS-II", root / "GSAS-II" / "GSASII"):
        found = find_gsas(named)
        assert found.python == root / "bin" / "python"
        assert found.search == (str(root / "GSAS-II"),)


def test_an_environment_with_the_package_installed_is_found_by_its_root(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").write_text("", encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("", encoding="utf-8")
    packages = package_in(tmp_path / "lib" / "python3.12" / "site-packages")
    assert find_gsas(tmp_path) == find_gsas(packages)
    assert find_gsas(tmp_path).python == tmp_path / "bin" / "python"


def test_the_variable_wins_over_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_GSAS2", str(package_in(tmp_path / "one")))
    assert find_gsas(package_in(tmp_path / "two")).search == (str(tmp_path / "one"),)


@pytest.mark.parametrize(("name", "what"), [("empty", "holds no GSAS-II"), ("gone", "no folder")])
def test_a_path_that_is_not_gsas_is_told_with_who_named_it(
    tmp_path: Path, name: str, what: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EngineMissingError, match=what) as caught:
        find_gsas(tmp_path / name)
    assert "lab.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
