from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.features.xep0082_datetime import parse_datetime, parse_offset, write_datetime


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2002-09-10T23:41:07Z", datetime(2002, 9, 10, 23, 41, 7, tzinfo=UTC)),
        ("1989-07-20T21:56:15-05:00", datetime(1989, 7, 21, 2, 56, 15, tzinfo=UTC)),
        ("1989-07-21T02:56:15.1234567Z", datetime(1989, 7, 21, 2, 56, 15, 123456, tzinfo=UTC)),
        ("20020910T23:08:25", datetime(2002, 9, 10, 23, 8, 25, tzinfo=UTC)),
        (" 2002-09-10T23:41:07Z\n", datetime(2002, 9, 10, 23, 41, 7, tzinfo=UTC)),
    ],
)
def test_xep_0082_moments(text: str, moment: datetime) -> None:
    assert parse_datetime(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "1969-07-21T02:56:15Z",  # before there were computers to say it
        "2002-09-10",
        "2002-09-10T23:41:07",
        "2002-13-10T23:41:07Z",
        "2002-02-30T23:41:07Z",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "2002-09-10T24:00:00Z",
        "２００２-09-10T23:41:07Z",
        "2002-09-10T23:41:07." + "1" * 1000 + "Z",
    ],
)
def test_s_09_what_is_no_moment_of_ours(text: str) -> None:
    assert parse_datetime(text) is None


@given(st.text(alphabet="0123456789-+:.TZ ", max_size=40))
def test_s_09_no_text_raises(text: str) -> None:
    moment = parse_datetime(text)
    assert moment is None or moment.tzinfo is not None


@given(st.datetimes(datetime(1970, 1, 1), datetime(2998, 12, 31), timezones=st.just(UTC)))
def test_what_is_written_reads_back(moment: datetime) -> None:
    assert parse_datetime(write_datetime(moment)) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Z", UTC),
        ("+00:00", UTC),
        ("-06:00", timezone(-timedelta(hours=6))),
        ("+05:45", timezone(timedelta(hours=5, minutes=45))),
    ],
)
def test_xep_0082_offsets(text: str, zone: timezone) -> None:
    assert parse_offset(text) == zone


@pytest.mark.parametrize("text", ["", "z", "+24:00", "+1:00", "-06:60", "0600"])
def test_s_09_what_is_no_offset(text: str) -> None:
    assert parse_offset(text) is None
