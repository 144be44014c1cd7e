"""Days as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tui_xmpp.core.days import read_day

SATURDAY = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-20", (2026, 11, 20)),
        ("2026-11", (2026, 11, 1)),
        ("2025", (2025, 1, 1)),
        ("today", (2026, 11, 21)),
        ("Yesterday", (2026, 11, 20)),
        ("monday", (2026, 11, 16)),
        ("on Fri", (2026, 11, 20)),
        ("saturday", (2026, 11, 14)),
        ("this week", (2026, 11, 16)),
        ("last  week", (2026, 11, 9)),
        ("last month", (2026, 10, 1)),
        ("last year", (2025, 1, 1)),
        ("3 days ago", (2026, 11, 18)),
        ("a month ago", (2026, 10, 21)),
        ("21 november", (2026, 11, 21)),
        ("nov 22", (2025, 11, 22)),
        ("3. May 2024", (2024, 5, 3)),
        ("may 3, 2024", (2024, 5, 3)),
        ("december", (2025, 12, 1)),
    ],
)
def test_a_day_begins_at_midnight_here(text: str, day: tuple[int, int, int]) -> None:
    assert read_day(text, SATURDAY) == datetime(*day).astimezone()


def test_a_time_of_day_may_follow_or_stand_alone() -> None:
    assert read_day("yesterday 20:15", SATURDAY) == datetime(2026, 11, 20, 20, 15).astimezone()
    assert read_day("2026-11-20T09:30", SATURDAY) == datetime(2026, 11, 20, 9, 30).astimezone()
    assert read_day("monday at 7:05", SATURDAY) == datetime(2026, 11, 16, 7, 5).astimezone()
    assert read_day("14:30", SATURDAY) == datetime(2026, 11, 21, 14, 30).astimezone()


@pytest.mark.parametrize(
    "text",
    ["", "sometime", "99", "2026-13-01", "31 february", "29 feb 2026", "25:00", "99999 days ago", "3 may 4"],
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_day(text, SATURDAY) is None
