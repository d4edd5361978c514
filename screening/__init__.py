"""Structures, simplifications, descriptors, clusters, scores and ranked candidates.

Pure functions and estimators over arrays; labels come in as arguments.
"""
