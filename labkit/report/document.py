"""Sections, tables and figures rendered into one HTML file."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from labkit.whole_files import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["Figure", "Mark", "ReportSection", "Table", "render_report", "write_report"]

# matplotlib keeps fonts and mathtext for the whole process; a server writes reports in threads
_DRAWING = threading.Lock()
_DPI = 170


@dataclass(frozen=True)
class Figure:
    """A picture with its caption.

    Attributes
    ----------
    caption : str
        One or two sentences; also the text for readers who cannot see the picture.
    base64 : str
        The drawing.
    media_type : str
        Of the drawing.
    wide : bool
        Whether it needs the whole width.
    """

    caption: str
    base64: str
    media_type: str = "image/svg+xml"
    wide: bool = False

    @classmethod
    def draw(
        cls,
        caption: str,
        draw: Callable[[Axes], object],
        *,
        size_inch: tuple[float, float] = (6.4, 4.4),
        picture: Literal["svg", "png"] = "svg",
        wide: bool = False,
    ) -> Figure:
        """Draw on fresh axes and keep the result.

        Parameters
        ----------
        caption : str
            Shown below the picture.
        draw : callable
            Gets the Axes and draws on it.
        size_inch : tuple of float
            Width and height.
        picture : {"svg", "png"}
            Thousands of points are smaller as pixels.
        wide : bool
            Give it the whole width.
        """
        return cls.draw_whole(
            caption,
            lambda figure: draw(figure.add_subplot()),
            size_inch=size_inch,
            picture=picture,
            wide=wide,
        )

    @classmethod
    def draw_whole(
        cls,
        caption: str,
        draw: Callable[[MatplotlibFigure], object],
        *,
        size_inch: tuple[float, float],
        picture: Literal["svg", "png"] = "svg",
        wide: bool = False,
    ) -> Figure:
        """Draw on a fresh figure with as many axes as needed; see `draw`."""
        from matplotlib.figure import Figure as MatplotlibFigure

        stream = io.BytesIO()
        with _DRAWING:
            figure = MatplotlibFigure(figsize=size_inch, layout="constrained")
            draw(figure)
            if picture == "svg":
                figure.savefig(stream, format="svg", metadata={"Date": None})
            else:
                figure.savefig(stream, format="png", dpi=_DPI)
        media_type = "image/svg+xml" if picture == "svg" else "image/png"
        return cls(caption, base64.b64encode(stream.getvalue()).decode("ascii"), media_type, wide)


@dataclass(frozen=True)
class Mark:
    """A cell that stands out: a verdict, a state, or something missing."""

    text: str
    kind: Literal["good", "warn", "bad", "plain"] = "plain"

    @classmethod
    def of(cls, word: str | None) -> Mark:
        """Return a verdict or the state of a label with the colour that it has everywhere."""
        kinds: dict[str | None, Literal["good", "warn", "bad"]] = {
            "accepted": "good",
            "review": "warn",
            "proposed": "warn",
            "rejected": "bad",
        }
        return cls(word or "no result", kinds.get(word, "plain"))


@dataclass(frozen=True)
class Table:
    """A table with its caption; cells are text, already rounded and with their units, or marks."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True)
class ReportSection:
    """One step of the work: what was done, what came out, the command that does it."""

    title: str
    paragraphs: Sequence[str] = ()
    commands: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[Figure] = field(default=())
    points: Sequence[str] = ()


def render_report(
    title: str,
    sections: Sequence[ReportSection],
    *,
    subtitle: str = "",
    footer: Sequence[str] = (),
) -> str:
    """Render sections to one HTML document with everything inside.

    Every text is escaped: a file name or comment from an instrument cannot become markup.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("labkit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["mark"] = lambda cell: isinstance(cell, Mark)
    context: dict[str, Any] = {
        "title": title,
        "subtitle": subtitle,
        "sections": sections,
        "footer": footer,
    }
    return environment.get_template("report.html").render(context)


def write_report(path: Path, html: str) -> Path:
    """Write the report whole or not at all, and return its path."""
    with whole_file(path) as part:
        part.write_text(html, encoding="utf-8")
        part.chmod(0o644)
    return path
