"""A band whose answer is known: the vacancy hop of copper with the effective medium theory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from screening.crystal import Crystal
from screening.errors import MissingLibraryError, ScreeningError
from screening.neb import calculator_factory, engine_version, run_neb
from screening.neb_hops import Hop


def _copper() -> Crystal:
    fractional = np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]])
    return Crystal(np.eye(3) * 3.59, fractional, ("Cu",) * 4)


def _hop() -> Hop:
    path = np.linspace([0.0, 0.0, 0.0], [0.5, 0.5, 0.0], 5)
    return Hop(0, 1, (0, 0, 0), 3.59 / np.sqrt(2.0), 0.0, path)


def _effective_medium() -> object:
    from ase.calculators.emt import EMT

    return EMT()


def test_the_vacancy_of_copper_hops_over_its_known_barrier(tmp_path: Path) -> None:
    told = []

    result = run_neb(
        _copper(),
        _hop(),
        _effective_medium,
        folder=tmp_path / "band",
        n_images=5,
        least_width_angstrom=7.0,
        force_eV_per_angstrom=0.05,
        progress=lambda stage, step, force: told.append((stage, step, force)),
    )

    assert result.converged
    # published for this potential 0.6 to 0.7 eV in large cells; measured for copper 0.7 eV
    assert 0.5 < result.barrier_eV < 0.9
    assert result.reverse_barrier_eV == pytest.approx(result.barrier_eV, abs=0.02)
    assert result.energy_eV == pytest.approx(result.energy_eV[::-1], abs=0.03)
    assert {stage for stage, _, _ in told} >= {"end point first", "end point last"}
    assert {file.name for file in (tmp_path / "band").iterdir()} == {
        "band.json",
        "first.xyz",
        "last.xyz",
        "band.xyz",
    }

    again = run_neb(
        _copper(),
        _hop(),
        _effective_medium,
        folder=tmp_path / "band",
        n_images=5,
        least_width_angstrom=7.0,
        force_eV_per_angstrom=0.05,
    )
    assert again.barrier_eV == pytest.approx(result.barrier_eV, abs=0.01)
    with pytest.raises(ScreeningError, match="holds another band"):
        run_neb(_copper(), _hop(), _effective_medium, folder=tmp_path / "band", n_images=7)


class _Counted:
    """Make effective-medium calculators that count their work, and stop it after a while."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.done = 0
        self.stop_after = stop_after

    def __call__(self) -> object:
        from ase.calculators.emt import EMT

        outer = self

        class Counting(EMT):
            def calculate(self, *words: object, **named: object) -> None:
                outer.done += 1
                if outer.done == outer.stop_after:
                    raise KeyboardInterrupt
                super().calculate(*words, **named)

        return Counting()


@pytest.mark.parametrize("stop_after", [12, 55])
def test_a_stopped_band_goes_on_where_it_was(tmp_path: Path, stop_after: int) -> None:
    settings = {"n_images": 5, "least_width_angstrom": 7.0, "force_eV_per_angstrom": 0.05}
    whole, stopped, rest = _Counted(), _Counted(stop_after), _Counted()
    expected = run_neb(_copper(), _hop(), whole, folder=tmp_path / "whole", **settings)

    with pytest.raises(KeyboardInterrupt):
        run_neb(_copper(), _hop(), stopped, folder=tmp_path / "band", **settings)
    again = run_neb(_copper(), _hop(), rest, folder=tmp_path / "band", **settings)

    assert again.barrier_eV == pytest.approx(expected.barrier_eV, abs=0.005)
    assert rest.done < whole.done
    assert not list((tmp_path / "band").glob(".*"))


def test_end_points_do_not_stay_on_a_ridge_that_symmetry_makes() -> None:
    from ase.calculators.calculator import Calculator

    class Corrugated(Calculator):
        """Every atom sits on top of a wave along z, where forces vanish."""

        implemented_properties = ("energy", "forces")

        def calculate(self, *words: object, **named: object) -> None:
            super().calculate(*words, **named)
            phase = 4.0 * np.pi * self.atoms.positions[:, 2] / 3.59
            forces = np.zeros((len(self.atoms), 3))
            forces[:, 2] = 0.1 * 4.0 * np.pi / 3.59 * np.sin(phase)
            self.results = {"energy": 0.1 * float(np.cos(phase).sum()), "forces": forces}

    result = run_neb(_copper(), _hop(), Corrugated, n_images=3, least_width_angstrom=7.0)

    assert result.total_energy_eV == pytest.approx(-0.1 * result.n_atoms, abs=0.05)


def test_each_image_is_computed_once_a_step(tmp_path: Path) -> None:
    steps: dict[str, int] = {}
    work = _Counted()

    run_neb(
        _copper(),
        _hop(),
        work,
        n_images=5,
        least_width_angstrom=7.0,
        force_eV_per_angstrom=0.05,
        progress=lambda stage, step, _: steps.update({stage: step}),
    )

    ends = sum(step + 1 for stage, step in steps.items() if stage.startswith("end point"))
    band = sum(step + 1 for stage, step in steps.items() if "band" in stage)
    assert work.done <= ends + 3 * band


def test_an_installed_engine_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    entry = EntryPoint("emt", "ase.calculators.emt:EMT", "labkit.calculators")
    monkeypatch.setattr(
        "screening.neb.entry_points",
        lambda group: [entry] if group == "labkit.calculators" else [],
    )

    make = calculator_factory("emt")

    assert type(make()).__name__ == "EMT"
    assert engine_version("emt") == "emt"
    with pytest.raises(MissingLibraryError, match="'orb'; known are chgnet, emt"):
        calculator_factory("orb")


def test_a_potential_that_is_not_installed_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr("screening.neb.import_module", absent)

    with pytest.raises(MissingLibraryError, match=r'pip install "\.\[neb\]"'):
        calculator_factory("chgnet")


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(MissingLibraryError, match="'orb'; known are chgnet"):
        calculator_factory("orb")


def test_a_band_needs_a_middle() -> None:
    with pytest.raises(ScreeningError, match="at least 3"):
        run_neb(_copper(), _hop(), _effective_medium, n_images=2)
