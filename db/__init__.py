"""The curated database: tables, migrations, the label set and its history.

This package knows no physics and no file format.
"""
