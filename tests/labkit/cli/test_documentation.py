"""Every command explains itself, stands in the reference, and ``--help`` answers at once."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from labkit.cli.app import app

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("pymatgen", "matplotlib", "scipy", "sqlmodel", "sqlalchemy", "numpy", "dscribe", "pandas")


def _commands(group: click.Group, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        path = (*words, name)
        if isinstance(command, click.Group):
            yield from _commands(command, path)
        else:
            yield " ".join(path), command


COMMANDS = dict(_commands(app, ()))


def _parse(words: list[str]) -> tuple[str, dict[str, object]]:
    """Parse the words after ``labkit`` without running the command."""
    command: click.Command = app
    context = click.Context(app, info_name="labkit")
    path: list[str] = []
    while isinstance(command, click.Group):
        _, words, _ = command.make_parser(context).parse_args(words)
        name, found, words = command.resolve_command(context, words)
        assert name is not None
        assert found is not None
        path.append(name)
        command = found
        if isinstance(command, click.Group):
            context = click.Context(command, info_name=name, parent=context)
    return " ".join(path), command.make_context(path[-1], words, parent=context).params


def _typed(text: str) -> list[str]:
    """Return the commands in a text of shell lines, without prompts and comments."""
    joined = text.replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip().startswith("labkit ")]


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_help_and_an_example_that_parses(path: str) -> None:
    command = COMMANDS[path]

    assert command.help
    assert len(command.help.split()) >= 3
    assert command.epilog is not None
    assert command.epilog.startswith("Example: labkit ")
    words = shlex.split(command.epilog.removeprefix("Example: "))
    parsed, _ = _parse(words[1:])
    assert parsed == path


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_that_needs_words_has_them(path: str) -> None:
    for parameter in COMMANDS[path].params:
        if isinstance(parameter, click.Option) and not isinstance(parameter.type, click.Choice):
            assert (
                parameter.help
                or parameter.show_default
                or parameter.required
                or (isinstance(parameter.type, click.IntRange))
            ), f"{path} {parameter.name}"


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_prints_json(path: str) -> None:
    options = {name for parameter in COMMANDS[path].params for name in parameter.opts}

    assert "--json" in options


def test_every_group_has_help() -> None:
    for name, command in app.commands.items():
        assert command.help, name


@pytest.mark.parametrize("path", COMMANDS)
def test_the_reference_names_every_command(path: str) -> None:
    reference = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")

    assert re.search(rf"^labkit (.* )?{path}( |$)", reference, re.MULTILINE)


@pytest.mark.parametrize("document", ["README.md", "docs/commands.md"])
def test_every_documented_command_parses(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```\n(.*?)```", text, re.DOTALL))
    typed = [line for line in _typed(blocks) if line != "labkit tour"]

    assert len(typed) > 10
    for line in typed:
        parsed, _ = _parse(shlex.split(line, comments=True)[1:])
        assert parsed in COMMANDS


def test_no_documented_pellet_is_named_like_a_record() -> None:
    from db.identifiers import looks_like_identifier

    texts = [
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/commands.md")
    ]
    texts += [command.epilog or "" for command in COMMANDS.values()]
    named = {
        match for text in texts for match in re.findall(r"(?:--pellet|pellet add) (\S+)", text)
    }

    assert named
    assert not [name for name in named if looks_like_identifier(name)]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from labkit.cli.app import _run\n"
        "for words in (['--help'], ['import', '--help'], ['label', 'accept', '--help']):\n"
        "    _run(words)\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    loaded = set(ast.literal_eval(done.stdout.strip().splitlines()[-1]))
    assert "click" in loaded
    assert not loaded & set(HEAVY)


def test_the_version_is_told() -> None:
    import labkit

    done = subprocess.run(
        [sys.executable, "-c", "from labkit.cli import main; main()", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert labkit.__version__ in done.stdout
