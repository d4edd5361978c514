"""The command line: a thin click layer over :mod:`labkit.workflows`.

Nothing heavy is imported until a command runs, so that ``labkit --help`` answers at once.
"""

from labkit.cli.app import app, main

__all__ = ["app", "main"]
