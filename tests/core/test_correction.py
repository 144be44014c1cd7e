"""XEP-0308: which message a correction is of, and what that then reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.facts import DARCY, ELIZABETH, incoming, outgoing
from tui_xmpp.core import events as e
from tui_xmpp.core.correction import MOST_VERSIONS, corrected, is_corrected_by
from tui_xmpp.core.model import Delivery, Direction, Message, MessageKind, OwnPresence
from tui_xmpp.core.store import Store

BAD = replace(incoming("bad1", body="what light through yonder airlock breaks?"), stanza_id="bad1")


def correction(body: str, key: str = "good1", *, minute: float = 1, of: str = "bad1") -> Message:
    return replace(incoming(key, body=body, minute=minute), replaces=of)


def test_x_308_01_a_correction_is_of_the_message_it_names_by_the_same_author() -> None:
    assert is_corrected_by(BAD, correction("window"))
    assert not is_corrected_by(BAD, correction("window", of="bad2"))
    assert not is_corrected_by(BAD, incoming("another"))


def test_a_correction_that_names_the_one_before_corrects_the_same_message() -> None:
    """Profanity 0.13 names its own latest text."""
    once = corrected(BAD, correction("wndow", "good1"))
    again = correction("window", "good2", of="good1")
    assert is_corrected_by(once, again)
    assert corrected(once, again).body == "window"
    assert not is_corrected_by(once, replace(again, direction=Direction.OUTGOING))


@pytest.mark.parametrize(
    "other",
    [
        replace(outgoing("mine"), stanza_id="bad1"),
        replace(BAD, kind=MessageKind.NORMAL),
        replace(BAD, replaces="bad0"),
    ],
    ids=["of-the-other-side", "of-another-type", "a-correction-itself"],
)
def test_s_11_nobody_corrects_what_is_not_theirs(other: Message) -> None:
    assert not is_corrected_by(other, correction("window"))


def test_x_308_the_new_text_is_shown_and_all_are_kept_in_order() -> None:
    now = corrected(corrected(BAD, correction("third", "g2", minute=5)), correction("second", "g1", minute=3))
    assert now.body == "third"
    assert [(version.body, version.id) for version in now.versions] == [
        (BAD.body, "bad1"),
        ("second", "g1"),
        ("third", "g2"),
    ]
    assert (now.key, now.stamp, now.place) == (BAD.key, BAD.stamp, BAD.place)
    assert now.first_body == BAD.body


def test_what_the_archive_rounds_down_to_the_second_is_still_the_later_text() -> None:
    once = corrected(BAD, correction("second", "g1", minute=1.01))
    assert corrected(once, correction("third", "g2", minute=1)).body == "third"


def test_a_correction_that_comes_twice_or_says_nothing_new_changes_nothing() -> None:
    once = corrected(BAD, correction("window"))
    assert corrected(once, correction("window")) is once
    assert corrected(once, correction("window", "g2", minute=9)) is once
    twice = corrected(once, correction("door", "g3", minute=10))
    assert corrected(twice, correction("window")) is twice


def test_a_correction_replaces_all_that_the_message_held() -> None:
    whole = replace(BAD, bodies=(("en", "a"), ("de", "b")), files=(("https://a.example/x.jpg", ""),), subject="old")
    now = corrected(whole, replace(correction("window"), subject="new"))
    assert (now.bodies, now.files, now.subject) == ((), (), "new")


def test_s_53_of_very_many_corrections_the_first_text_and_the_latest_are_kept() -> None:
    message = BAD
    for number in range(100):
        message = corrected(message, correction(f"text {number}", f"g{number}", minute=number))
    assert len(message.versions) == MOST_VERSIONS
    assert (message.first_body, message.body) == (BAD.body, "text 99")


def test_without_an_archive_the_store_corrects_what_it_shows() -> None:
    store = Store()
    store.apply(e.AccountAdded(ELIZABETH, OwnPresence()))
    store.apply(e.MessageReceived(ELIZABETH, BAD))
    store.apply(e.MessageCorrected(ELIZABETH, correction("window")))
    view = store.conversation(ELIZABETH, DARCY)
    assert [message.body for message in view.messages] == ["window"]
    assert view.unread == 1
    store.apply(e.MessageCorrected(ELIZABETH, correction("of nothing", "g9", of="unknown")))
    assert [message.body for message in store.conversation(ELIZABETH, DARCY).messages] == ["window", "of nothing"]


def test_the_delivery_of_a_corrected_message_stays_what_it_was() -> None:
    sent = replace(outgoing("mine"), delivery=Delivery.DELIVERED, origin_id="mine", stamp=BAD.stamp)
    again = replace(outgoing("new"), replaces="mine", body="window", stamp=BAD.stamp + timedelta(minutes=1))
    assert is_corrected_by(sent, again)
    assert corrected(sent, again).delivery is Delivery.DELIVERED
