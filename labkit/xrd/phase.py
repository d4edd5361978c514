"""A crystalline phase from a CIF: its reflections, its free cell parameters, its intensities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.errors import PhaseFileError

__all__ = ["Cell", "Phase", "Reflections", "cell_volume", "phase_from_cif_text", "read_phase"]

FloatArray: TypeAlias = NDArray[np.float64]
Cell: TypeAlias = tuple[float, float, float, float, float, float]
"""a, b, c in angstrom, alpha, beta, gamma in degrees."""

_METRIC = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
_DEFAULT_U = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Reflections:
    """Reflections of one phase, one row per distinct d spacing that symmetry allows.

    Attributes
    ----------
    hkl : ndarray of int, shape (n, 3)
        One representative each.
    metric : ndarray, shape (n, k)
        1/d^2 = metric @ free parameters.
    multiplicity : ndarray, shape (n,)
    intensity : ndarray, shape (n,), or None
        Sum of multiplicity |F|^2 (electrons squared per cell), without Lorentz-polarisation;
        None where the CIF holds no atoms.
    """

    hkl: NDArray[np.int64]
    metric: FloatArray
    multiplicity: FloatArray
    intensity: FloatArray | None


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """One phase.

    Attributes
    ----------
    name : str
    cell : Cell
    space_group : str
        Hermann-Mauguin symbol with its setting.
    atoms : ndarray, shape (m, 6), or None
        Every atom of the cell: x, y, z, occupancy, U_iso (A^2), index into `elements`.
    elements : tuple of str
    formula : str or None
        As the CIF writes it.
    z : int or None
        Formula units per cell.
    basis : ndarray, shape (6, k)
        Free parameters to reciprocal metric tensor (11, 22, 33, 23, 13, 12).
    cif_text : str
        The CIF it was read from, for engines that read it themselves.
    """

    name: str
    cell: Cell
    space_group: str
    atoms: FloatArray | None
    elements: tuple[str, ...]
    formula: str | None
    z: int | None
    basis: FloatArray
    cif_text: str
    _spacegroup: Any

    def free_parameters(self, cell: Cell | None = None) -> FloatArray:
        """Return the free parameters of the reciprocal metric tensor of `cell`, shape (k,)."""
        tensor = reciprocal_metric(self.cell if cell is None else cell)
        return np.asarray(np.linalg.lstsq(self.basis, tensor)[0])

    def cell_of(self, free: FloatArray) -> Cell:
        """Return the cell that `free` parameters (k,) stand for."""
        return cell_of_metric(self.basis @ free)

    def with_cell(self, cell: Cell) -> Phase:
        """Return the phase with another cell, as its symmetry allows."""
        return replace(self, cell=self.cell_of(self.free_parameters(cell)))

    def reflections(self, d_min: float, d_max: float, energy_eV: float | None) -> Reflections:
        """Return what may diffract between two d spacings in angstrom.

        Reflections that symmetry makes coincide (as hkl and khl in 6/m) are one row. `energy_eV`
        is that of the photons, for the anomalous scattering; None leaves it out.
        """
        import gemmi

        cell = gemmi.UnitCell(*self.cell)
        unique = gemmi.make_miller_array(cell, self._spacegroup, d_min, d_max)
        hkl = np.asarray(unique, dtype=np.int64)
        multiplicity = self._multiplicity(hkl)
        products = np.stack(
            [hkl[:, i] * hkl[:, j] * (1 if i == j else 2) for i, j in _METRIC], axis=1
        )
        metric = products @ self.basis
        squared = None if self.atoms is None else multiplicity * self._f_squared(hkl, energy_eV)
        _, first, group = np.unique(
            np.round(metric, 9), axis=0, return_index=True, return_inverse=True
        )
        group, size = group.reshape(-1), first.size

        def summed(values: FloatArray) -> FloatArray:
            total: FloatArray = np.bincount(group, values, size).astype(np.float64)
            return total

        merged = Reflections(
            hkl[first],
            metric[first],
            summed(multiplicity),
            None if squared is None else summed(squared),
        )
        by_d = np.argsort(merged.metric @ self.free_parameters(), kind="stable")
        intensity = merged.intensity
        return Reflections(
            merged.hkl[by_d],
            merged.metric[by_d],
            merged.multiplicity[by_d],
            None if intensity is None else intensity[by_d],
        )

    def n_reflections(self, d_min: float, d_max: float) -> float:
        """Return about how many different reflections lie between two d spacings.

        From the volume of reciprocal space, so that a cell far too large is noticed before its
        reflections are listed.
        """
        operations = self._spacegroup.operations()
        laue = len(operations.sym_ops) * (1 if operations.is_centrosymmetric() else 2)
        shell = 4 / 3 * math.pi * (d_min**-3 - d_max**-3) * cell_volume(self.cell)
        return float(shell / (laue * len(operations.cen_ops)))

    def _multiplicity(self, hkl: NDArray[np.int64]) -> FloatArray:
        rotations = np.array(
            [np.array(op.rot) // op.DEN for op in self._spacegroup.operations().sym_ops]
        )
        both = np.concatenate([rotations, -rotations])
        stars = np.einsum("ni,oij->noj", hkl, both)
        codes = (stars[..., 0] * 2003 + stars[..., 1]) * 2003 + stars[..., 2]
        codes.sort(axis=1)
        return np.asarray(1.0 + (np.diff(codes, axis=1) != 0).sum(axis=1))

    def _f_squared(self, hkl: NDArray[np.int64], energy_eV: float | None) -> FloatArray:
        import gemmi

        assert self.atoms is not None
        tensor = reciprocal_metric(self.cell)
        full = _full(tensor)
        s2 = np.einsum("ni,ij,nj->n", hkl, full, hkl) / 4  # (sin theta / lambda)^2
        factors = np.empty((len(self.elements), hkl.shape[0]), dtype=complex)
        for row, symbol in enumerate(self.elements):
            element = gemmi.Element(symbol)
            coefficients = element.it92
            values = coefficients.c + np.exp(
                -s2[:, None] * np.asarray(coefficients.b)[None]
            ) @ np.asarray(coefficients.a)
            anomalous = 0j
            if energy_eV is not None and element.atomic_number > 2:
                real, imaginary = gemmi.cromer_liberman(element.atomic_number, energy_eV)
                anomalous = complex(real, imaginary)
            factors[row] = values + anomalous
        position, occupancy, u_iso, kind = (
            self.atoms[:, :3],
            self.atoms[:, 3],
            self.atoms[:, 4],
            self.atoms[:, 5].astype(int),
        )
        phase = np.exp(2j * np.pi * (hkl @ position.T))
        damping = np.exp(-8 * np.pi**2 * s2[:, None] * u_iso[None])
        amplitude = (factors[kind].T * damping * occupancy[None] * phase).sum(axis=1)
        return np.asarray(np.abs(amplitude) ** 2)

    @property
    def mass_per_cell(self) -> float | None:
        """Mass of the cell's content in g/mol, None without atoms."""
        if self.atoms is None:
            return None
        import gemmi

        weights = np.array([gemmi.Element(symbol).weight for symbol in self.elements])
        return float(weights[self.atoms[:, 5].astype(int)] @ self.atoms[:, 3])


def reciprocal_metric(cell: Cell) -> FloatArray:
    """Return the reciprocal metric tensor (11, 22, 33, 23, 13, 12) in 1/A^2."""
    lengths = np.array(cell[:3])
    cosines = np.cos(np.radians(cell[3:]))
    metric = np.diag(lengths**2)
    for (i, j), cosine in zip(((1, 2), (0, 2), (0, 1)), cosines, strict=True):
        metric[i, j] = metric[j, i] = lengths[i] * lengths[j] * cosine
    inverse = np.linalg.inv(metric)
    return np.array([inverse[i, j] for i, j in _METRIC])


def cell_of_metric(tensor: FloatArray) -> Cell:
    """Return the direct cell of a reciprocal metric tensor, the inverse of `reciprocal_metric`."""
    metric = np.linalg.inv(_full(tensor))
    lengths = np.sqrt(np.diag(metric))
    angles = [
        math.degrees(math.acos(metric[i, j] / (lengths[i] * lengths[j])))
        for i, j in ((1, 2), (0, 2), (0, 1))
    ]
    a, b, c = (float(v) for v in lengths)
    return (a, b, c, angles[0], angles[1], angles[2])


def cell_volume(cell: Cell) -> float:
    """Return the volume of a cell in A^3."""
    return float(1 / math.sqrt(np.linalg.det(_full(reciprocal_metric(cell)))))


def _full(tensor: FloatArray) -> FloatArray:
    full = np.empty((3, 3))
    for value, (i, j) in zip(tensor, _METRIC, strict=True):
        full[i, j] = full[j, i] = value
    return full


def read_phase(path: Path) -> Phase:
    """Read the first structure of a CIF.

    Raises
    ------
    PhaseFileError
        When the file is no CIF, has no cell, or does not say its symmetry.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise PhaseFileError(f"{path}: no such file; check the name") from None
    except OSError as error:
        raise PhaseFileError(f"{path}: not readable: {error.strerror}") from None
    return phase_from_cif_text(text, str(path), name=path.stem)


def phase_from_cif_text(text: str, where: str = "CIF", *, name: str | None = None) -> Phase:
    """Read the first structure of a CIF's text; see `read_phase`."""
    import gemmi

    try:
        document = gemmi.cif.read_string(text)
        blocks = [b for b in document if b.find_value("_cell_length_a")]
        structure = gemmi.make_small_structure_from_block(blocks[0]) if blocks else None
    except (ValueError, RuntimeError) as error:
        line = str(error).splitlines()[0] if str(error) else "unreadable"
        raise PhaseFileError(f"{where}: not readable as a CIF: {line}") from None
    if structure is None:
        raise PhaseFileError(f"{where}: no unit cell in this CIF; a phase needs one")
    _check_one_cell(blocks, where)
    spacegroup = _spacegroup(structure, where)
    cell = structure.cell
    parameters: Cell = (cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma)
    if not (min(parameters[:3]) > 0.5 and 10 < min(parameters[3:]) <= max(parameters[3:]) < 170):
        raise PhaseFileError(f"{where}: the unit cell {parameters} is none; mend the CIF")
    structure.spacegroup = spacegroup
    structure.setup_cell_images()
    basis = _symmetry_basis(spacegroup)
    block = blocks[0]
    atoms, elements = _atoms(structure, where)
    phase = Phase(
        name=name or structure.name or "phase",
        cell=parameters,
        space_group=spacegroup.xhm(),
        atoms=atoms,
        elements=elements,
        formula=_text(block, "_chemical_formula_sum"),
        z=_whole_number(_text(block, "_cell_formula_units_Z")),
        basis=basis,
        cif_text=text,
        _spacegroup=spacegroup,
    )
    allowed = phase.cell_of(phase.free_parameters())
    if not np.allclose(allowed, parameters, rtol=2e-3):
        raise PhaseFileError(
            f"{where}: the cell {tuple(round(v, 4) for v in parameters)} does not fit the space "
            f"group {phase.space_group}; check the setting"
        )
    return replace(phase, cell=allowed)


def _check_one_cell(blocks: Sequence[Any], where: str) -> None:
    import gemmi

    if len(blocks) > 1:
        names = ", ".join(block.name for block in blocks[:5])
        raise PhaseFileError(
            f"{where}: holds {len(blocks)} structures ({names}); put the one you mean into a "
            "CIF of its own"
        )
    for edge in "abc":
        tag = f"_cell_length_{edge}"
        if math.isnan(gemmi.cif.as_number(blocks[0].find_value(tag) or "?")):
            raise PhaseFileError(f"{where}: the CIF gives no number for {tag}; mend it")


def _spacegroup(structure: Any, where: str) -> Any:
    import gemmi

    cell = structure.cell
    found = None
    if structure.spacegroup_hm:
        found = gemmi.find_spacegroup_by_name(structure.spacegroup_hm, cell.alpha, cell.gamma)
    operations = [gemmi.Op(text) for text in structure.symops]
    if operations:
        by_operations = gemmi.find_spacegroup_by_ops(gemmi.GroupOps(operations))
        found = by_operations or found
    if found is None and structure.spacegroup_hall:
        found = gemmi.find_spacegroup_by_ops(gemmi.symops_from_hall(structure.spacegroup_hall))
    if found is None and structure.spacegroup_number:
        found = gemmi.find_spacegroup_by_number(structure.spacegroup_number)
    if found is not None:
        return found
    if structure.spacegroup_hm or operations:
        raise PhaseFileError(
            f"{where}: the space group {structure.spacegroup_hm or 'of its operations'!r} is not "
            "known; write a standard symbol or the symmetry operations"
        )
    raise PhaseFileError(
        f"{where}: the CIF says no symmetry: add _symmetry_space_group_name_H-M or the list of "
        "symmetry operations (P 1 if there is none)"
    )


def _symmetry_basis(spacegroup: Any) -> FloatArray:
    """Return a basis of the reciprocal metric tensors that the point group leaves alone."""
    rotations = [np.array(op.rot) / op.DEN for op in spacegroup.operations().sym_ops]
    total = np.zeros((6, 6))
    for column in range(6):
        unit = _full(np.eye(6)[column])
        mean = np.mean([r @ unit @ r.T for r in rotations], axis=0)
        total[:, column] = [mean[i, j] for i, j in _METRIC]
    # the projector's columns span the invariant tensors; take independent ones in order
    chosen: list[FloatArray] = []
    for direction in total.T:
        if np.abs(direction).max() > 1e-9:
            trial = np.stack([*chosen, direction], axis=1)
            if np.linalg.matrix_rank(trial, tol=1e-9) == trial.shape[1]:
                chosen.append(direction / np.abs(direction).max())
    return np.stack(chosen, axis=1)


def _atoms(structure: Any, where: str) -> tuple[FloatArray | None, tuple[str, ...]]:
    rows, elements = [], []
    for site in structure.get_all_unit_cell_sites():
        symbol = site.element.name
        if site.element.atomic_number == 0:
            continue
        if not math.isfinite(site.fract.x + site.fract.y + site.fract.z + site.occ):
            raise PhaseFileError(
                f"{where}: the atom {site.label} has no coordinates or occupancy; mend the CIF or "
                "take the line out"
            )
        if symbol not in elements:
            elements.append(symbol)
        fract, occupancy = site.fract, site.occ
        u_iso = site.u_iso if 0 < site.u_iso < 1 else _mean_u(site)
        rows.append([fract.x, fract.y, fract.z, occupancy, u_iso, elements.index(symbol)])
    return (np.array(rows, dtype=float) if rows else None), tuple(elements)


def _mean_u(site: Any) -> float:
    mean = float(site.aniso.trace()) / 3 if site.aniso.nonzero() else 0.0
    return mean if 0 < mean < 1 else _DEFAULT_U


def _text(block: Any, tag: str) -> str | None:
    import gemmi

    value = block.find_value(tag)
    return gemmi.cif.as_string(value).strip() or None if value else None


def _whole_number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() and int(text) > 0 else None
