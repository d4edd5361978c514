"""Simulated powder patterns with a known truth: one pattern, or a substitution series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from instruments.records import DiffractionPattern
from labkit.xrd.errors import XrdError
from labkit.xrd.model import Model
from labkit.xrd.phase import Phase, phase_from_cif_text
from labkit.xrd.radiation import Radiation, parse_wavelength

__all__ = [
    "SERIES_HOST_CIF",
    "SERIES_IMPURITY_CIF",
    "SeriesMember",
    "cif_of",
    "simulate_pattern",
    "simulate_substitution_series",
]


def cif_of(
    name: str,
    cell: Sequence[float],
    space_group: str,
    atoms: Sequence[tuple[str, float, float, float]],
    *,
    z: int | None = None,
) -> str:
    """Write a small CIF; `atoms` are (element, x, y, z) of the asymmetric unit."""
    tags = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = [f"data_{name}"]
    lines += [f"_cell_{tag} {value:.6f}" for tag, value in zip(tags, cell, strict=True)]
    lines.append(f"_symmetry_space_group_name_H-M '{space_group}'")
    if z is not None:
        lines.append(f"_cell_formula_units_Z {z}")
    lines += ["loop_", "_atom_site_label", "_atom_site_type_symbol"]
    lines += [f"_atom_site_fract_{axis}" for axis in "xyz"]
    lines += [
        f"{element}{number} {element} {x:.5f} {y:.5f} {z_:.5f}"
        for number, (element, x, y, z_) in enumerate(atoms, start=1)
    ]
    return "\n".join(lines) + "\n"


# An invented thioborate: the space group and the size of the cell are those of the family, the
# coordinates are plain numbers that give a pattern of its kind.
SERIES_HOST_CIF = cif_of(
    "Li3BS3",
    (8.144, 10.190, 6.161, 90, 90, 90),
    "P n m a",
    [
        ("B", 0.37, 0.25, 0.25),
        ("S", 0.20, 0.25, 0.06),
        ("S", 0.45, 0.09, 0.34),
        ("Li", 0.29, 0.07, 0.72),
        ("Li", 0.02, 0.25, 0.76),
    ],
    z=4,
)
SERIES_IMPURITY_CIF = cif_of(
    "Li2S", (5.71, 5.71, 5.71, 90, 90, 90), "F m -3 m", [("S", 0, 0, 0), ("Li", 0.25, 0.25, 0.25)]
)
"""Antifluorite, textbook coordinates."""


@dataclass(frozen=True, slots=True, eq=False)
class SeriesMember:
    """One simulated sample: its composition, its true cell and its pattern."""

    name: str
    x: float
    true_cell: tuple[float, ...]
    impurity_share: float
    displacement_deg: float
    pattern: DiffractionPattern


def simulate_pattern(
    phases: Sequence[tuple[Phase, float]],
    *,
    seed: int,
    two_theta: tuple[float, float, float] = (10.0, 70.0, 0.02),
    radiation: Radiation | None = None,
    peak_counts: float = 20000.0,
    background_counts: float = 300.0,
    halo_counts: float = 0.0,
    displacement_deg: float = 0.0,
    zero_deg: float = 0.0,
    axial: float = 0.0,
    strain_percent: float = 0.0,
    size_angstrom: float = 1500.0,
    preferred_orientation: tuple[tuple[int, int, int], float] | None = None,
    noise: bool = True,
) -> DiffractionPattern:
    """Simulate a pattern with counting noise.

    Parameters
    ----------
    phases : sequence of (Phase, share)
        Share of the Bragg intensity of each.
    two_theta : (first, last, step)
        Degrees.
    peak_counts, background_counts, halo_counts
        Height of the strongest peak, of the background at low angle, of a broad amorphous hump.
    displacement_deg, zero_deg
        Shifts ``displacement cos(theta)`` and constant.
    axial : float
        Divergence that makes peaks lean to low angles, 0.001 to 0.002 for a laboratory
        diffractometer.
    strain_percent, size_angstrom
        Lorentzian widths: 4 strain tan(theta), and Scherrer with K = 0.9.
    preferred_orientation : ((h, k, l), r), optional
        March-Dollase coefficient of the first phase, r < 1 for plates (Dollase, J. Appl. Cryst.
        19 (1986) 267), averaged over the equivalents by the angle of the representative.
    noise : bool
        Poisson noise; otherwise the expectation.

    Raises
    ------
    XrdError
        When a phase has no atoms.
    """
    lines = radiation or parse_wavelength("Cu")
    first, last, step = two_theta
    angle = np.linspace(first, last, round((last - first) / step) + 1)
    model = Model(angle, [p for p, _ in phases], lines, ["free"] * len(phases), background_terms=1)
    values = np.zeros(len(model.names))
    for name, value in (
        ("zero", zero_deg),
        ("displacement", displacement_deg),
        ("axial", axial),
        ("U", 0.004),
        ("V", -0.003),
        ("W", 0.004),
    ):
        values[model.index[name]] = value
    intensity = np.zeros(model.n_reflections)
    for number, (phase, share) in enumerate(phases):
        if phase.atoms is None:
            raise XrdError(f"{phase.name}: the CIF holds no atoms; a simulation needs them")
        values[model.metric_of(number)] = phase.free_parameters()
        size = math.degrees(0.9 * lines.wavelength_angstrom / size_angstrom)
        values[model.index[f"X {number}"]] = size
        values[model.index[f"Y {number}"]] = math.degrees(4 * strain_percent / 100)
        computed = model.structure_intensity(values, number)
        if preferred_orientation is not None and number == 0:
            computed = computed * _march_dollase(phase, model, *preferred_orientation)
        intensity[model.spans[number]] = share * computed / computed.sum()
    bragg = model.evaluate(values, intensity).total
    bragg *= peak_counts / bragg.max()
    smooth = background_counts * (0.5 + np.exp(-(angle - first) / 25))
    expected = bragg + smooth + halo_counts * np.exp(-(((angle - 24) / 6) ** 2))
    counts = np.random.default_rng(seed).poisson(expected).astype(float) if noise else expected
    return DiffractionPattern(
        two_theta_deg=np.round(angle, 6),
        intensity_counts=counts,
        wavelength_angstrom=lines.lines,
        anode="Cu" if radiation is None else None,
    )


def _march_dollase(
    phase: Phase, model: Model, axis: tuple[int, int, int], r: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    from labkit.xrd.phase import reciprocal_metric

    g11, g22, g33, g23, g13, g12 = reciprocal_metric(phase.cell)
    metric = np.array([[g11, g12, g13], [g12, g22, g23], [g13, g23, g33]])
    hkl = model.reflections[0].hkl.astype(float)
    direction = np.array(axis, dtype=float)
    along = hkl @ metric @ direction
    norms = np.einsum("ni,ij,nj->n", hkl, metric, hkl) * (direction @ metric @ direction)
    cosine2 = np.clip(along**2 / norms, 0.0, 1.0)
    weight: np.ndarray[tuple[int], np.dtype[np.float64]] = (
        r**2 * cosine2 + (1 - cosine2) / r
    ) ** -1.5
    return weight


def simulate_substitution_series(
    compositions: Sequence[float] = (0.0, 0.025, 0.05, 0.075),
    *,
    seed: int,
    limit: float = 0.055,
    slopes_angstrom: tuple[float, float, float] = (0.32, 0.38, 0.24),
    impurity_per_excess: float = 4.0,
    displacement_deg: float = 0.03,
    strain_percent: float = 0.05,
    preferred_orientation: tuple[tuple[int, int, int], float] | None = None,
    peak_counts: float = 20000.0,
) -> list[SeriesMember]:
    """Simulate Li(3-x)B(1-x)Si(x)S3-like samples: a linear lattice up to `limit`, then impurity.

    Parameters
    ----------
    limit : float
        Composition above which the lattice stays and the excess becomes Li2S.
    slopes_angstrom : tuple of float
        Change of a, b, c per unit x.
    impurity_per_excess : float
        Share of the Bragg intensity in the impurity per unit x beyond the limit.
    displacement_deg, strain_percent
        Standard deviation of the displacement over the samples; strain of each.
    preferred_orientation, peak_counts
        Of every sample; see `simulate_pattern`.
    """
    rng = np.random.default_rng(seed)
    host = phase_from_cif_text(SERIES_HOST_CIF, name="Li3BS3")
    impurity = phase_from_cif_text(SERIES_IMPURITY_CIF, name="Li2S")
    members = []
    for x in compositions:
        dissolved = min(x, limit)
        edges = [host.cell[i] + slope * dissolved for i, slope in enumerate(slopes_angstrom)]
        share = min(0.9, max(0.0, (x - limit) * impurity_per_excess))
        phase = host.with_cell((edges[0], edges[1], edges[2], *host.cell[3:]))
        own_seed = int(rng.integers(2**31))
        shift = float(displacement_deg * rng.standard_normal())
        pattern = simulate_pattern(
            [(phase, 1 - share), *([(impurity, share)] if share else [])],
            seed=own_seed,
            displacement_deg=shift,
            strain_percent=strain_percent,
            preferred_orientation=preferred_orientation,
            peak_counts=peak_counts,
        )
        name = f"Li3BS3-Si{100 * x:g}".replace(".", "p")
        members.append(SeriesMember(name, x, phase.cell, share, shift, pattern))
    return members
