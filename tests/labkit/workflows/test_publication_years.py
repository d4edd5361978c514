"""Years in DOIs, against the printed years of well-known papers."""

from __future__ import annotations

import pytest

from labkit.workflows.publication_years import publication_year


@pytest.mark.parametrize(
    ("doi", "year"),
    [
        ("10.1016/j.ssi.2010.06.003", 2010),
        ("10.1016/0167-2738(87)90119-6", 1987),
        ("10.1016/s0167-2738(00)00277-0", 2000),
        ("10.1006/jssc.1995.1140", 1995),
        ("10.1002/anie.200701144", 2007),  # Li7La3Zr2O12, Murugan et al.
        ("10.1002/1521-3765(20020118)8:2<349::aid-chem349>3.0.co;2-5", 2002),
        ("10.1007/s11581-006-0011-9", 2006),
        ("10.1038/s41467-019-09430-4", 2019),
        ("10.1107/s0567740877009443", 1977),
        ("10.1134/s002016851103006x", 2011),
        ("10.1039/C3DT52917G", 2013),
        ("10.1039/a807007e", 1998),
        ("10.1039/d2ee03499a", 2022),  # Laskowski et al.
        ("10.1021/acs.chemmater.5b00940", 2015),
        ("10.1021/jacs.0c10735", 2020),
        ("10.1021/ic030208w", 2003),
        ("10.1021/cm970078n", 1997),
        ("10.1021/cm901452z", 2009),
        ("10.1021/cm703677q", 2007),
        ("10.1021/ja407393y", 2013),
        ("https://doi.org/10.1016/j.jssc.2016.08.006", 2016),
        ("10.1039/c4ta05231e|10.1016/j.ssi.2007.05.020", 2007),
    ],
)
def test_the_year_is_read(doi: str, year: int) -> None:
    assert publication_year(doi) == year


@pytest.mark.parametrize(
    "doi", [None, "", "10.1038/nmat3066", "10.1149/1.2086597", "10.1063/1.2357843", "nonsense"]
)
def test_a_doi_without_a_year_tells_none(doi: str | None) -> None:
    assert publication_year(doi) is None
