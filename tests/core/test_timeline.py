from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.facts import incoming, outgoing
from tui_xmpp.core.model import Delivery, Failure
from tui_xmpp.core.timeline import Timeline


def keys(timeline: Timeline) -> list[str]:
    return [message.key for message in timeline.messages]


def test_a_late_message_takes_its_place_by_time() -> None:
    timeline = Timeline()
    for key, minute in (("a", 0), ("c", 2), ("b", 1)):
        assert timeline.insert(incoming(key, minute=minute))
    assert keys(timeline) == ["a", "b", "c"]


def test_the_same_message_twice_is_one_row() -> None:
    timeline = Timeline()
    assert timeline.insert(incoming("a"))
    assert not timeline.insert(incoming("a"))
    assert keys(timeline) == ["a"]


def test_the_first_of_the_window_stays_in_it_where_the_archive_puts_it_earlier() -> None:
    """A server may stamp what it stores a moment before it delivers it."""
    for others in ([], [incoming("b", minute=5)]):
        timeline = Timeline()
        timeline.put_page([incoming("a", minute=2), *others], is_latest=True, is_start=False)
        timeline.merge([incoming("a", minute=0), incoming("between", minute=1), incoming("older", minute=-1)])
        assert keys(timeline) == ["a", "between", *(message.key for message in others)]
        assert timeline.has_older


def test_messages_of_one_moment_keep_the_order_they_came_in() -> None:
    timeline = Timeline()
    for key in "zyx":
        timeline.insert(incoming(key))
    assert keys(timeline) == ["z", "y", "x"]


def test_the_window_is_bounded_and_says_that_older_rows_exist() -> None:
    timeline = Timeline(limit=100)
    for number in range(1000):
        timeline.insert(incoming(str(number), minute=number))
    assert len(timeline) <= 110
    assert timeline.has_older
    assert keys(timeline)[-1] == "999"
    assert "0" not in timeline


def test_the_latest_page_starts_anew_but_keeps_what_came_meanwhile() -> None:
    timeline = Timeline()
    timeline.insert(incoming("live", minute=10))
    timeline.put_page([incoming("a", minute=1), incoming("b", minute=2)], is_latest=True, is_start=False)
    assert keys(timeline) == ["a", "b", "live"]
    assert timeline.has_older


def test_older_pages_go_before_and_push_the_newest_out_of_a_full_window() -> None:
    timeline = Timeline(limit=4)
    timeline.put_page([incoming(k, minute=i) for i, k in enumerate("efgh")], is_latest=True, is_start=False)
    timeline.put_page([incoming(k, minute=i - 9) for i, k in enumerate("abcd")], is_latest=False, is_start=True)
    assert keys(timeline) == ["a", "b", "c", "d"]
    assert timeline.has_newer
    assert not timeline.has_older
    # A live message is left to the archive until the newest are shown again.
    assert timeline.insert(incoming("i", minute=99))
    assert "i" not in timeline


@pytest.mark.parametrize(
    ("current", "new", "may"),
    [
        (Delivery.QUEUED, Delivery.SENT, True),
        (Delivery.SENT, Delivery.QUEUED, True),
        (Delivery.SENT, Delivery.FAILED, True),
        (Delivery.ACKNOWLEDGED, Delivery.FAILED, True),
        (Delivery.DISPLAYED, Delivery.DELIVERED, False),
        (Delivery.DELIVERED, Delivery.FAILED, False),
        (Delivery.FAILED, Delivery.QUEUED, True),
        (Delivery.FAILED, Delivery.DELIVERED, True),
        (Delivery.ACKNOWLEDGED, Delivery.SENT, False),
        (Delivery.RECEIVED, Delivery.SENT, False),
    ],
)
def test_delivery_is_a_ladder(current: Delivery, new: Delivery, may: bool) -> None:
    timeline = Timeline()
    timeline.insert(outgoing("a", delivery=current))
    failure = Failure("item-not-found", "Nobody there.") if new is Delivery.FAILED else None
    assert timeline.change_delivery("a", new, failure) is may
    message = timeline.get("a")
    assert message is not None
    assert message.delivery is (new if may else current)


@given(st.permutations(range(12)), st.integers(0, 12))
def test_any_order_of_arrival_gives_one_order(order: list[int], split: int) -> None:
    messages = [incoming(str(number), minute=number) for number in range(12)]
    timeline = Timeline()
    for number in order[:split]:
        timeline.insert(messages[number])
    timeline.put_page(messages[3:9], is_latest=True, is_start=False)
    timeline.put_page(messages[:5], is_latest=False, is_start=True)
    for number in order[split:]:
        timeline.insert(messages[number])
    assert len(set(keys(timeline))) == len(keys(timeline))
    assert keys(timeline) == sorted(keys(timeline), key=int)
