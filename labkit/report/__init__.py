"""A self-contained HTML report: figures inside, no network, opens anywhere."""

from labkit.report.document import (
    Figure,
    Mark,
    ReportSection,
    Table,
    render_report,
    write_report,
)

__all__ = ["Figure", "Mark", "ReportSection", "Table", "render_report", "write_report"]
