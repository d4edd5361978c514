"""The bench in the browser: a JSON API under ``/api`` and the pages on it.

Every route is a thin call of :mod:`labkit.workflows`, the same that the command line makes.
FastAPI is imported when the application is made, not before.
"""
