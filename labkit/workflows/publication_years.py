"""The year that publishers write into a DOI.

Most publishers of this field number manuscripts by year, so a DOI tells the year in which a paper
was submitted or published, which differ by one at most. Those that number by volume or at random
tell nothing, and None is returned rather than a guess.
"""

from __future__ import annotations

import re

__all__ = ["publication_year"]

_FOUR_DIGITS = (
    # 10.1016/j.ssi.2010.06.003, 10.1006/jssc.1995.1140, 10.1111/j.1551-2916.2005.00060.x
    re.compile(r"\.((?:19|20)\d\d)\.\d"),
    # 10.1002/adfm.200400044, 10.1002/chin.199345017: year and running number
    re.compile(r"^10\.1002/[a-z]+\.((?:19|20)\d\d)\d{5}$"),
    # 10.1002/1521-3765(20020118)8:2<349::..., 10.1140/epjst/e2008-00753-4
    re.compile(r"\(((?:19|20)\d\d)\d{4}\)|/e((?:19|20)\d\d)-"),
)
_TWO_DIGITS = (
    # 10.1016/0167-2738(87)90119-6, 10.1016/s0167-2738(00)00277-0
    re.compile(r"^10\.1016/s?[\dx-]+\((\d\d)\)"),
    # 10.1007/s11581-006-0011-9, 10.1038/s41467-019-12345-6: three digits of the year
    re.compile(r"^10\.\d+/s\d{5}-[09](\d\d)-"),
    # 10.1107/s0567740877009443: after the eight signs of the journal's ISSN
    re.compile(r"^10\.\d+/s\d{7}[\dx](\d\d)\d{5}[\dx]$"),
)
# 10.1039/c4ta05231e: the letter is the decade, a for the 1990s
_ROYAL_SOCIETY = re.compile(r"^10\.1039/([a-d])(\d)")
_DECADES = {"a": 1990, "b": 2000, "c": 2010, "d": 2020}
# 10.1021/acs.chemmater.5b00940 (2015), 10.1021/jacs.0c10735 (2020)
_AMERICAN_NEW = re.compile(r"^10\.1021/[a-z.]+?\.?(\d)([bc])\d{5}$")
# 10.1021/ic030208w (2003), 10.1021/cm970078n (1997), 10.1021/cm703677q (2007)
_AMERICAN_OLD = re.compile(r"^10\.1021/[a-z]{2}(\d)(\d)\d{4}[\da-z]$")
# with one digit: 7 for 2007 ... 9 for 2009, then 1 for 2010 ... 5 for 2014
_AMERICAN_DIGIT = {7: 2007, 8: 2008, 9: 2009, 1: 2010, 2: 2011, 3: 2012, 4: 2013, 5: 2014}


def publication_year(doi: str | None) -> int | None:
    """Return the year a DOI tells, the earliest of several, or None.

    Parameters
    ----------
    doi : str or None
        One DOI, or several separated by ``|``; a resolver's address before it is ignored.
    """
    if not doi:
        return None
    years = [year for one in doi.split("|") if (year := _year_of(one)) is not None]
    return min(years, default=None)


def _year_of(doi: str) -> int | None:
    text = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:)\s*", "", doi.strip().lower())
    for pattern in _FOUR_DIGITS:
        if found := pattern.search(text):
            return int(next(group for group in found.groups() if group))
    for pattern in _TWO_DIGITS:
        if found := pattern.search(text):
            short = int(found[1])
            return short + (1900 if short >= 60 else 2000)
    if found := _ROYAL_SOCIETY.match(text):
        return _DECADES[found[1]] + int(found[2])
    if found := _AMERICAN_NEW.match(text):
        return (2010 if found[2] == "b" else 2020) + int(found[1])
    if found := _AMERICAN_OLD.match(text):
        return _american_year(int(found[1]), int(found[2]))
    return None


def _american_year(first: int, second: int) -> int | None:
    if first == 0:
        return 2000 + second
    if first == 9 and second >= 5:
        return 1990 + second
    return _AMERICAN_DIGIT.get(first)
