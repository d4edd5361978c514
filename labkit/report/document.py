"""Sections, tables and figures rendered into one HTML file."""

from __future__ import annotations

import base64
import io
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Figure", "ReportSection", "Table", "render_report", "write_report"]


@dataclass(frozen=True)
class Figure:
    """A picture with its caption.

    Attributes
    ----------
    caption : str
        One or two sentences; also the text for readers who cannot see the picture.
    svg_base64 : str
        The drawing.
    """

    caption: str
    svg_base64: str

    @classmethod
    def draw(
        cls,
        caption: str,
        draw: Callable[[Axes], object],
        *,
        size_inch: tuple[float, float] = (6.4, 4.4),
    ) -> Figure:
        """Draw on fresh axes and keep the result as SVG.

        Parameters
        ----------
        caption : str
            Shown below the picture.
        draw : callable
            Gets the Axes and draws on it.
        size_inch : tuple of float
            Width and height.
        """
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure as MatplotlibFigure

        figure = MatplotlibFigure(figsize=size_inch, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
        return cls(caption, base64.b64encode(stream.getvalue()).decode("ascii"))


@dataclass(frozen=True)
class Table:
    """A table with its caption; cells are text, already rounded and with their units."""

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


def render_report(
    title: str, sections: Sequence[ReportSection], *, footer: Sequence[str] = ()
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
    context: dict[str, Any] = {"title": title, "sections": sections, "footer": footer}
    return environment.get_template("report.html").render(context)


def write_report(path: Path, html: str) -> Path:
    """Write the report whole or not at all, and return its path."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".report-", suffix=".html")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(html)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path
