"""XEP-0444: what an emoji is, and what reactions come to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from emoji import EMOJI_DATA

from tests.support.facts import DARCY, ELIZABETH, incoming, outgoing
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Delivery, Direction, Message, OwnPresence, Reaction, Reactions, Version
from tui_xmpp.core.reactions import MOST_EMOJIS, added, emoji_of, emojis_by, emojis_of, names_of, reacted, toggled
from tui_xmpp.core.store import Store

WAVE, TURTLE = "👋", "🐢"
SAID = replace(outgoing("744f6e18-a57a-11e9-a656-4889e7820c76"), body="Hello, world!")


def reaction(key: str, *emojis: str, minute: float = 1, is_own: bool = False, to: str = SAID.key) -> Message:
    message = (outgoing if is_own else incoming)(key, minute=minute)
    return replace(message, body="", reaction=Reaction(to, emojis))


def test_uts_51_every_emoji_there_is_is_one_and_is_spelt_in_one_way() -> None:
    whole = {picture.replace("\ufe0f", ""): picture for picture, facts in EMOJI_DATA.items() if facts["status"] == 2}
    assert len(whole) > 3000
    wrong = [
        (picture, emoji_of(picture))
        for picture in EMOJI_DATA
        if (name := picture.replace("\ufe0f", "")) in whole and emoji_of(picture) != whole[name]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    ["", " ", "a", "1", "ok", "👋👋", "👋 🐢", "👋\u202e", "\u200d", "👋\u200d", "🇬", "🇬🇧🇩🇪", "👋\ufe0e", "👋\n🐢",
     "👋" + "\u200d👋" * 40, "<b>", "\x1b[31m", "❤\u0301", "👋🏻🏻", "-1"],
)  # fmt: skip
def test_x_444_01_what_is_no_single_emoji_is_no_reaction(text: str) -> None:
    assert emoji_of(text) is None
    assert emojis_of((text, TURTLE)) == (TURTLE,)


def test_x_444_01_duplicates_are_dropped_and_very_many_are_not_kept() -> None:
    assert emojis_of((WAVE, TURTLE, WAVE, " 👋 ")) == (WAVE, TURTLE)
    assert emojis_of(("❤", "❤\ufe0f")) == ("❤\ufe0f",)
    assert len(emojis_of(chr(0x1F400 + number) for number in range(40))) == MOST_EMOJIS


def test_x_444_01_the_last_set_of_each_side_counts_and_an_empty_one_takes_all_back() -> None:
    first, second = reaction("r1", WAVE), reaction("r2", WAVE, TURTLE, minute=2)
    now = reacted(SAID, [first, second, reaction("r3", WAVE, is_own=True)])
    assert emojis_by(now, Direction.INCOMING) == (WAVE, TURTLE)
    assert emojis_by(now, Direction.OUTGOING) == (WAVE,)
    assert reacted(now, [first, second, reaction("r3", WAVE, is_own=True)]) is now
    assert reacted(now, [first, second, reaction("r4", minute=3)]).reactions == ()


def test_x_444_what_was_refused_is_as_it_was_before() -> None:
    refused = replace(reaction("r2", TURTLE, minute=2, is_own=True), delivery=Delivery.FAILED)
    assert emojis_by(reacted(SAID, [reaction("r1", WAVE, is_own=True), refused]), Direction.OUTGOING) == (WAVE,)
    assert reacted(SAID, [refused]).reactions == ()


def test_x_444_a_reaction_may_name_a_correction_and_means_the_message() -> None:
    corrected = replace(SAID, versions=(Version(SAID.stamp, "a", SAID.key), Version(SAID.stamp, "b", "c1")))
    assert names_of(corrected) == {SAID.key, "c1"}
    assert names_of(replace(incoming("archive:1"), stanza_id="s", origin_id="o")) == {"s", "o"}


def test_choosing_an_emoji_again_takes_it_back() -> None:
    own = Reactions(Direction.OUTGOING, (WAVE,), SAID.stamp)
    theirs = Reactions(Direction.INCOMING, (TURTLE,), SAID.stamp)
    message = replace(SAID, reactions=(theirs, own))
    assert toggled(message, TURTLE) == (WAVE, TURTLE)
    assert toggled(message, WAVE) == ()
    assert emojis_by(added(message, reaction("r9", is_own=True)), Direction.INCOMING) == (TURTLE,)


def test_without_an_archive_the_store_shows_reactions_too_and_tells_no_news() -> None:
    store = Store()
    store.apply(e.AccountAdded(ELIZABETH, OwnPresence()))
    assert store.apply(e.MessageReacted(ELIZABETH, reaction("r0", WAVE))) == ()
    assert store.conversations() == ()
    store.apply(e.MessageQueued(ELIZABETH, SAID))
    store.apply(e.MessageReacted(ELIZABETH, reaction("r1", WAVE)))
    view = store.conversation(ELIZABETH, DARCY)
    assert [emojis_by(message, Direction.INCOMING) for message in view.messages] == [(WAVE,)]
    assert (view.unread, store.arrivals()) == (0, ())


def test_a_reaction_to_ours_leaves_the_unread_line_where_it_is() -> None:
    store = Store()
    store.apply(e.AccountAdded(ELIZABETH, OwnPresence()))
    store.apply(e.HistoryLoaded(ELIZABETH, DARCY, (SAID,), is_latest=True, is_start=True))
    store.apply(e.MessageReceived(ELIZABETH, incoming("a", minute=1)))
    store.apply(e.ConversationRead(ELIZABETH, DARCY))
    now = added(SAID, reaction("r1", WAVE, minute=2))
    store.apply(e.MessagesMerged(ELIZABETH, DARCY, (now,), 0, None))
    view = store.conversation(ELIZABETH, DARCY)
    assert (view.first_unread, view.messages[0].reactions) == ("a", now.reactions)
