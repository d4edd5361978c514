"""What a command prints: one JSON value with ``--json``, else a table or a few lines.

Results go to stdout; progress, messages and errors go to stderr.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

__all__ = [
    "Progress",
    "ProgressLines",
    "json_option",
    "print_error",
    "print_json",
    "print_table",
    "progress_bar",
]

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

    Where stderr is no terminal, as in a log file, a plain line is written every ten seconds, and
    none for work that takes less.
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
    if not console.is_terminal:
        yield ProgressLines(title).advance if show else _silent
        return
    with RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not show,
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance


def _silent(done: int, total: int) -> None:
    """Show nothing."""


class ProgressLines:
    """Progress as plain lines on stderr: how far it is now and then, and how long it may take.

    Parameters
    ----------
    title : str
        What is worked on.
    every_s : float
        Seconds between two lines, and before the first.
    clock : callable
        Seconds that only grow; for tests.
    """

    def __init__(
        self, title: str, *, every_s: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._title = title
        self._every_s = every_s
        self._clock = clock
        self._told_s = clock()
        self._step = (self._told_s, 0, 0)  # start of the present step, done then, total

    def advance(self, done: int, total: int) -> None:
        """Take note of (done, total); a total that changes, or less done, is a new step."""
        now = self._clock()
        started, first, of = self._step
        if total != of or done < first:
            # the first call often reports one finished batch: it started when we last heard
            started, first = (started, 0) if of == 0 else (now, done)
            self._step = (started, first, total)
        if now - self._told_s < self._every_s:
            return
        self._told_s = now
        click.echo(f"labkit: {self._title}: {done} of {total}{self._left(now, done)}", err=True)

    def _left(self, now: float, done: int) -> str:
        started, first, total = self._step
        if done <= first or done >= total:
            return ""
        left_s = (now - started) / (done - first) * (total - done)
        return f", about {_duration(left_s)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
