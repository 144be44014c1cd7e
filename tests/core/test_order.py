"""Which copies are one message (X-313-03), and where a page's messages stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.facts import JANE, incoming, outgoing
from tui_xmpp.core.order import CHANCE, TOLERANCE, arrange, is_copy, make_room, said_id

SHORT, RANDOM = "m1", "d41d8cd98f00b204"
ABOUT = TOLERANCE + timedelta(microseconds=1)


def test_an_id_is_taken_for_a_random_one_from_sixteen_characters_on() -> None:
    assert len(RANDOM) == CHANCE


@pytest.mark.parametrize(
    ("held", "copy", "is_one"),
    [
        # the archive's id says so, whatever else differs, and its lack says nothing
        ({"archive_id": "1"}, {"archive_id": "1", "body": "other words", "stanza_id": SHORT}, True),
        ({"archive_id": "1", "stanza_id": SHORT}, {"stanza_id": SHORT}, True),
        # the sender's id counts with the sender and the words
        ({"stanza_id": SHORT}, {"stanza_id": SHORT}, True),
        ({"stanza_id": SHORT}, {"origin_id": SHORT, "stanza_id": "changed by a server"}, True),
        ({"stanza_id": SHORT}, {"stanza_id": "m2"}, False),
        ({"stanza_id": SHORT}, {"stanza_id": SHORT, "body": "other words"}, False),
        ({"stanza_id": SHORT}, {"stanza_id": SHORT, "author": JANE}, False),
        # two ids of the archive are two messages, unless the sender's id is one that nobody uses again
        ({"archive_id": "1", "stanza_id": SHORT}, {"archive_id": "2", "stanza_id": SHORT}, False),
        ({"archive_id": "1", "stanza_id": RANDOM}, {"archive_id": "2", "stanza_id": RANDOM}, True),
        ({"archive_id": "1", "stanza_id": RANDOM[1:]}, {"archive_id": "2", "stanza_id": RANDOM[1:]}, False),
        ({"archive_id": "1", "stanza_id": RANDOM}, {"archive_id": "2", "stanza_id": RANDOM, "author": JANE}, False),
        ({"archive_id": "1"}, {"archive_id": "2"}, False),
        # an id that one of them lacks was never on the other
        ({"stanza_id": SHORT}, {}, False),
        ({}, {"stanza_id": SHORT}, False),
    ],
)
@pytest.mark.parametrize("is_late", [True, False])
def test_x_313_03_s_05_ids_tell_copies_from_messages(
    held: dict[str, Any], copy: dict[str, Any], is_one: bool, is_late: bool
) -> None:
    usual = {"stanza_id": None, **held}, {"stanza_id": None, **copy}
    one, other = (replace(incoming(key, body="words"), **fields) for key, fields in zip("ab", usual, strict=True))
    assert is_copy(other, one, is_late=is_late) is is_one
    assert is_copy(one, other, is_late=is_late) is is_one


@pytest.mark.parametrize(
    ("apart", "is_late", "is_held_delayed", "is_one"),
    [
        (TOLERANCE, True, False, True),
        (-TOLERANCE, True, False, True),
        (TOLERANCE, False, True, True),
        (TOLERANCE, False, False, False),
        (ABOUT, True, True, False),
        (-ABOUT, True, True, False),
    ],
)
def test_x_313_03_without_any_id_words_and_time_tell_a_late_copy(
    apart: timedelta, is_late: bool, is_held_delayed: bool, is_one: bool
) -> None:
    held = replace(incoming("a", body="words"), stanza_id=None, is_delayed=is_held_delayed)
    copy = replace(held, key="b", stamp=held.stamp + apart)
    assert is_copy(copy, held, is_late=is_late) is is_one


def test_s_05_what_we_said_is_no_copy_of_what_was_said_to_us() -> None:
    ours = replace(outgoing("mine", body="words"), author=None)
    theirs = replace(incoming("k", body="words"), author=None, stanza_id="mine")
    assert said_id(ours) == said_id(theirs) == "mine"
    assert not is_copy(theirs, ours, is_late=True)


@pytest.mark.parametrize(
    ("wanted", "held", "edge", "forward", "backward"),
    [
        ([1, 5, 9], [None, None, None], None, [1, 5, 9], [1, 5, 9]),
        ([5, 5, 5], [None, None, None], None, [5, 6, 7], [3, 4, 5]),
        ([9, 5, 1], [None, None, None], None, [9, 10, 11], [-1, 0, 1]),
        ([1, 5, 9], [None, None, None], 5, [6, 7, 9], [1, 3, 4]),
        ([1, 5, 9], [None, 7, None], None, [1, 7, 9], [1, 7, 9]),
        ([1, 5, 9], [4, 3, None], None, [4, 5, 9], [1, 3, 9]),
    ],
    ids=["apart", "together", "against-their-stamps", "at-a-neighbour", "one-held", "held-in-the-wrong-order"],
)
def test_x_313_03_a_pages_messages_stand_in_its_order_beyond_its_neighbour(
    wanted: list[int], held: list[int | None], edge: int | None, forward: list[int], backward: list[int]
) -> None:
    assert arrange(wanted, held, edge, is_forward=True) == forward
    assert arrange(wanted, held, edge, is_forward=False) == backward


def test_what_stands_in_the_way_of_a_page_moves_by_as_little_as_it_must() -> None:
    assert list(make_room(10, [(1, 10), (2, 11), (3, 13), (4, 13)], is_forward=True)) == [(1, 11), (2, 12)]
    assert list(make_room(10, [(1, 10), (2, 9), (3, 7)], is_forward=False)) == [(1, 9), (2, 8)]
    assert list(make_room(10, [(1, 11)], is_forward=True)) == []
