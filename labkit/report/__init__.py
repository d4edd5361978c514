"""A self-contained HTML report: figures inside, no network, opens anywhere."""

from labkit.report.document import Figure, ReportSection, Table, render_report, write_report

__all__ = ["Figure", "ReportSection", "Table", "render_report", "write_report"]
