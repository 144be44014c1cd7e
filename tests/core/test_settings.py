from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_xmpp.core.declaration import Setting, UnfitValueError
from tui_xmpp.core.settings import TABLES, NotificationSettings, UiSettings, hours_between, settings_of

EVERY = [setting for table in ("accounts", *TABLES) for setting in settings_of(table)]


TYPED = st.text() | st.from_regex(r"-?\d{1,40}|\d?\d:\d\d-\d?\d:\d\d|%[a-zA-Z]|(on|OFF)")
WRITTEN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())


@settings(max_examples=300)
@given(st.sampled_from(EVERY), TYPED)
def test_whatever_is_typed_is_a_value_or_a_sentence(setting: Setting, typed: str) -> None:
    with suppress(UnfitValueError):
        value = setting.parse(typed)
        assert value is None or setting.form.read(value) == value


@settings(max_examples=300)
@given(st.sampled_from(EVERY), WRITTEN)
def test_whatever_stands_in_the_file_is_a_value_or_a_sentence(setting: Setting, value: object) -> None:
    with suppress(UnfitValueError):
        assert setting.form.read(value) == value


@pytest.mark.parametrize("setting", EVERY, ids=lambda setting: str(setting.name))
def test_what_holds_where_nothing_is_set_is_a_value_of_the_setting(setting: Setting) -> None:
    assert setting.parse(setting.form.show(setting.default)) == setting.default


def test_quiet_hours_may_go_over_midnight() -> None:
    night, noon = NotificationSettings(quiet_hours="22:00-07:00"), NotificationSettings(quiet_hours="12:00-13:30")
    assert [night.is_quiet_at(hour, 0) for hour in (21, 22, 23, 0, 6, 7)] == [False, True, True, True, True, False]
    assert [noon.is_quiet_at(*at) for at in ((11, 59), (12, 0), (13, 29), (13, 30))] == [False, True, True, False]
    assert not NotificationSettings().is_quiet_at(3, 0)


@pytest.mark.parametrize("wrong", ["22-7", "22:00", "25:00-07:00", "22:00-22:00", "22:00-07:60", "1:00-2:00-3:00", "-"])
def test_what_is_no_span_of_hours_is_refused(wrong: str) -> None:
    with pytest.raises(UnfitValueError, match="two times"):
        hours_between(wrong)


def test_seconds_are_added_to_the_times_where_they_are_not_there() -> None:
    assert UiSettings(shows_seconds=True).clock_format == "%H:%M:%S"
    assert UiSettings(shows_seconds=True, time_format="%I:%M %p").clock_format == "%I:%M:%S %p"
    assert UiSettings(shows_seconds=True, time_format="%H:%M:%S").clock_format == "%H:%M:%S"
    assert UiSettings(time_format="%H.%M").clock_format == "%H.%M"
