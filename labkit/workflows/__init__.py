"""The work of the bench, step by step; the command line and the page both call these.

A function that needs two of the three lower packages lives here and nowhere else.
"""
