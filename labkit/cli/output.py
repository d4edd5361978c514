"""What a command prints: one JSON value with ``--json``, else a table or a few lines.

Results go to stdout; progress, messages and errors go to stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

__all__ = ["Progress", "json_option", "print_error", "print_json", "print_table", "progress_bar"]

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON value and nothing else on stdout."
)

Progress = Callable[[int, int], None]
"""Called with (done, total) as a long step goes on."""


def print_json(value: Any) -> None:
    """Print one JSON value on stdout; NaN and infinities become null."""
    import orjson

    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY, default=str)
    sys.stdout.write(text.decode() + "\n")


def print_error(line: str) -> None:
    """Print one line on stderr, marked as coming from labkit."""
    click.echo(f"labkit: {line}", err=True)


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None
) -> None:
    """Print a table on stdout; cells are shown as given, never read as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console = Console(file=sys.stdout, width=140)
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    whole = _kept_whole(columns, cells, console.width)
    table = Table(title=title, title_justify="left", header_style="bold", show_edge=False)
    for k, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=k in whole)
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)


_NARROWEST = 8


def _kept_whole(columns: Sequence[str], cells: list[list[str]], width: int) -> set[int]:
    """Return the columns of numbers with errors, where the screen has room not to break them."""
    whole = {
        k for k in range(len(columns)) if any(" ± " in row[k] or " × 10" in row[k] for row in cells)
    }
    needed = sum(max(len(columns[k]), *(len(row[k]) for row in cells)) for k in whole)
    others = len(columns) - len(whole)
    return whole if needed + _NARROWEST * others + 3 * len(columns) <= width else set()


@contextmanager
def progress_bar(title: str, *, show: bool = True) -> Iterator[Progress]:
    """Show a progress bar with the time left on stderr while the block runs.

    Nothing is drawn when stderr is not a terminal, so that logs stay readable.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as RichProgress

    console = Console(stderr=True)
    with RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not (show and console.is_terminal),
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance
