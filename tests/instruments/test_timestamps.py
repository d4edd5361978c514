"""Moments and their doubts."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.timestamps import from_iso, from_ole_days, from_text


@pytest.mark.parametrize(
    ("text", "iso", "ambiguous"),
    [
        ("03/02/2021 16:17:59.000", "2021-03-02T16:17:59", True),
        ("03/03/2021 16:17:59.250", "2021-03-03T16:17:59.250", False),
        ("02-17-2022 08:00:00", "2022-02-17T08:00:00", False),
        ("17.02.2022 08:00:00", "2022-02-17T08:00:00", False),
        ("05.15.25", "2025-05-15", False),
        ("2021-03-02 16:17", "2021-03-02T16:17:00", False),
        ("12/16/2025 2:29:15 PM", "2025-12-16T14:29:15", False),
        ("1/31/2020 12:00:01 am", "2020-01-31T00:00:01", False),
        ("Aug. 8, 2012   16:20:04", "2012-08-08T16:20:04", False),
        ("2 March 2021", "2021-03-02", False),
    ],
)
def test_dates_as_instruments_write_them(text: str, iso: str, ambiguous: bool) -> None:
    moment = from_text(text)
    assert moment is not None
    assert (moment.iso, moment.zone, moment.ambiguous) == (iso, None, ambiguous)


@pytest.mark.parametrize(
    "text", ["", "xx/xx/xxxx xx:xx:xx", "DD/MM/YYYY", "13/13/2020", "1/2", "hi"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert from_text(text) is None


def test_the_documented_order_decides_the_value_and_the_doubt_stays() -> None:
    day_first = from_text("03/02/2021", month_first=False)
    assert day_first is not None
    assert (day_first.iso, day_first.ambiguous) == ("2021-02-03", True)


def test_zones_of_iso_are_kept() -> None:
    assert [m and m.zone for m in map(from_iso, (
        "2021-05-20T10:00:00Z", "2021-05-20T10:00:00+02:00", "2021-05-20T10:00:00", "never"
    ))] == ["UTC", "+02:00", None, None]  # fmt: skip


@given(st.datetimes(datetime(1995, 1, 1), datetime(2100, 1, 1)))
def test_ole_days_give_the_moment_to_the_millisecond(moment: datetime) -> None:
    stamp = from_ole_days((moment - datetime(1899, 12, 30)).total_seconds() / 86_400)
    assert stamp is not None
    assert abs((datetime.fromisoformat(stamp.iso) - moment).total_seconds()) <= 0.001


@pytest.mark.parametrize("days", [float("nan"), float("inf"), 0.0, -1.0, 1e300])
def test_other_numbers_are_no_moment(days: float) -> None:
    assert from_ole_days(days) is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader_of_dates(text: str) -> None:
    from_text(text)
