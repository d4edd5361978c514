"""Phonon densities of states as features of a crystal, and the clusters they make."""
