"""A raw instrument file in, a typed record out.

This package knows file formats. It knows nothing of samples, databases or physics.
"""
