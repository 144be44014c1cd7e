"""Reactions on the screen: beneath their message, chosen by key, by name, by mouse and by command."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from rich.cells import cell_len
from textual.widgets import OptionList

from tests.support.scenes import DARCY, ELIZABETH, NOW
from tests.ui import test_render as drawing
from tests.ui.test_messages import TALK, among, said
from tests.ui.test_screen import app_of, cells, toasts
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Delivery, Direction, Failure, Message, ReactionRules, Reactions, Version
from tui_xmpp.ui.blocks import chips_of
from tui_xmpp.ui.linear import announcement
from tui_xmpp.ui.screens.message import MessageMenu
from tui_xmpp.ui.screens.reactions import ReactionScreen

THEIRS = Reactions(Direction.INCOMING, ("👍", "🎩"), NOW)
OURS = Reactions(Direction.OUTGOING, ("🎩", "🐢"), NOW + timedelta(minutes=1))
HEARTS = ("💘", "❤️", "💜")
UNDER = replace(TALK[0], reactions=(THEIRS, OURS))


def reacted(asked: list[c.Command]) -> list[c.React]:
    """Return the reactions asked for, and let these be all so far."""
    found = [command for command in asked if isinstance(command, c.React)]
    del asked[:]
    return found


def test_own_ones_are_in_brackets_and_what_both_chose_is_counted() -> None:
    assert [chip.text for chip in chips_of(UNDER)] == ["👍", "[🎩 2]", "[🐢]"]
    waiting = replace(UNDER, reactions=(THEIRS, replace(OURS, delivery=Delivery.QUEUED)))
    assert [chip.text for chip in chips_of(waiting)] == ["👍", "[🎩 2 …]", "[🐢 …]"]


@pytest.mark.parametrize("width", [20, 40, 60, 120])
def test_reactions_stand_beneath_the_text_in_as_few_rows_as_they_need(width: int) -> None:
    many = replace(THEIRS, emojis=tuple(chr(0x1F400 + number) for number in range(16)))
    shown = drawing.lines(drawing.message("Yes.", reactions=(many,)), width=width)
    beneath = shown[next(number for number, row in enumerate(shown) if row.endswith("Yes.")) + 1 :]
    assert "".join(beneath).split() == list(many.emojis)
    assert all(cell_len(row) <= width for row in beneath)
    assert len(beneath) == -(-16 // ((drawing.renderer(width).columns.body + 2) // 4))


def test_a_listener_hears_who_reacted_and_that_a_correction_waits() -> None:
    assert announcement(UNDER, "Darcy").endswith("ball-room.\nThey reacted 👍 🎩\nYou reacted 🎩 🐢")
    waiting = replace(TALK[2], versions=(Version(NOW, "a", "1"), Version(NOW, "What think you?", "2", Delivery.QUEUED)))
    assert "edited, not sent yet" in announcement(waiting, "elizabeth")


async def test_the_key_opens_a_chooser_and_a_name_finds_an_emoji() -> None:
    async with among("first") as (pilot, asked):
        await pilot.press("plus")
        assert isinstance(pilot.app.screen, ReactionScreen)
        await pilot.press(*"top_h", "enter")
        await pilot.pause()
        assert reacted(asked) == [c.React(ELIZABETH, DARCY, "first", ("🎩",))]
        await pilot.press("plus")
        options = pilot.app.screen.query_one(OptionList)
        assert str(options.get_option_at_index(0).prompt).split() == ["🎩", "top", "hat"], "used last, offered first"
        await pilot.press("down", "up", "down", "enter")
        await pilot.pause()
        assert reacted(asked) == [c.React(ELIZABETH, DARCY, "first", ("👍",))]


async def test_an_emoji_itself_can_be_typed_and_a_name_that_is_none_chooses_nothing() -> None:
    async with among("first") as (pilot, asked):
        await pilot.press("plus", *"quux", "enter")
        assert isinstance(pilot.app.screen, ReactionScreen)
        assert "No emoji is called that." in cells(pilot)
        await pilot.press("escape", "plus")
        await pilot.press("🐢", "enter")
        await pilot.pause()
        assert reacted(asked) == [c.React(ELIZABETH, DARCY, "first", ("🐢",))]


async def test_what_is_ours_is_marked_in_the_chooser_and_choosing_it_takes_it_back() -> None:
    async with among("first", (UNDER, *TALK[1:])) as (pilot, asked):
        await pilot.press("plus")
        options = pilot.app.screen.query_one(OptionList)
        first = [str(options.get_option_at_index(number).prompt).strip() for number in range(3)]
        assert [row.split()[0] for row in first] == ["👍", "[🎩]", "[🐢]"]
        assert "take back" in first[1]
        await pilot.click(options, offset=(3, 1))
        await pilot.pause()
        assert reacted(asked) == [c.React(ELIZABETH, DARCY, "first", ("🐢",))]


async def test_a_click_on_one_beneath_a_message_joins_in_or_takes_it_back() -> None:
    async with among("linked", (UNDER, *TALK[1:])) as (pilot, asked):
        log = app_of(pilot).main.conversation.log_lines
        row = next(y for y in range(log.size.height) if "👍" in log.render_line(y).text)
        text = log.render_line(row).text
        for emoji, wanted in (("👍", ("🎩", "🐢", "👍")), ("🐢", ("🎩",))):
            await pilot.click(log, offset=(cell_len(text[: text.index(emoji)]), row))
            await pilot.pause()
            assert reacted(asked) == [c.React(ELIZABETH, DARCY, "first", wanted)]


async def test_the_details_tell_who_reacted_and_when() -> None:
    async with among("first", (UNDER, *TALK[1:])) as (pilot, _):
        await pilot.press("i")
        await pilot.pause()
        shown = cells(pilot)
        for words in ("👍 🎩", "🎩 🐢", f"{DARCY}, ", f"{ELIZABETH}, "):
            assert words in shown


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20), (40, 12)])
async def test_the_chooser_fits_every_terminal(size: tuple[int, int]) -> None:
    async with among("first", size=size) as (pilot, _):
        await pilot.press("plus")
        await pilot.pause()
        assert "thumbs up" in cells(pilot)
        assert "an emoji, or its name" in cells(pilot)
        region = pilot.app.screen.query_one(OptionList).region
        assert region.bottom <= size[1]
        assert region.right <= size[0]
        await pilot.press(*["down"] * 9)
        await pilot.pause()
        assert "thinking face" in cells(pilot)


async def test_the_command_reacts_to_what_the_other_said_last() -> None:
    async with among("lost") as (pilot, asked):
        main = app_of(pilot).main
        for typed, emoji in ((":tada:", "🎉"), ("top hat", "🎩"), ("🐢", "🐢")):
            assert main.run_text(ELIZABETH, DARCY, f"/react {typed}")
            await pilot.pause()
            assert reacted(asked) == [c.React(ELIZABETH, DARCY, "linked", (emoji,))]
        assert not main.run_text(ELIZABETH, DARCY, "/react :quux:")
        await pilot.pause()
        assert "no emoji called :quux:" in toasts(pilot)[-1]
        offers = [offer.label for offer in main.complete("/react :tad", 11)]
        assert offers[0].startswith("🎉")
        assert main.complete("/react :tad", 11)[0].replacement == "/react 🎉"


async def test_where_nothing_can_be_reacted_to_the_verb_is_not_offered() -> None:
    nameless = replace(said("first", "No id"), stanza_id=None)
    failed = replace(said("told", "To all", minutes=1), direction=Direction.OUTGOING, delivery=Delivery.FAILED)
    async with among("told", (nameless, failed)) as (pilot, asked):
        for _ in range(2):
            await pilot.press("plus", "m")
            await pilot.pause()
            assert isinstance(pilot.app.screen, MessageMenu)
            assert "react" not in [verb.id for verb in pilot.app.screen.verbs]
            await pilot.press("escape", "k")
        assert not app_of(pilot).main.run_text(ELIZABETH, DARCY, "/react :tada:")
        assert asked == []


@pytest.mark.parametrize(
    ("rules", "typed", "wanted", "told"),
    [
        (ReactionRules(HEARTS, 1), ":purple_heart:", ("💜",), ""),
        (ReactionRules(HEARTS), ":tada:", None, "Fitzwilliam Darcy's program takes only these: 💘 ❤️ 💜"),
        (ReactionRules(most=2), ":tada:", None, "at most 2 of you"),
        (ReactionRules(most=2), "🎩", ("🐢",), ""),
        (ReactionRules(()), ":tada:", None, "takes no reactions"),
        (ReactionRules(()), "🎩", ("🐢",), ""),
    ],
)
async def test_x_444_2_2_only_what_the_other_side_takes_is_sent(
    rules: ReactionRules, typed: str, wanted: tuple[str, ...] | None, told: str
) -> None:
    theirs = said("here", "Here.", minutes=9)
    async with among("here", (*TALK, replace(theirs, reactions=(OURS,)))) as (pilot, asked):
        app_of(pilot).desk.client.publish([e.ReactionRulesRead(ELIZABETH, DARCY, rules)])
        assert app_of(pilot).main.run_text(ELIZABETH, DARCY, f"/react {typed}")
        await pilot.pause()
        assert reacted(asked) == ([] if wanted is None else [c.React(ELIZABETH, DARCY, "here", wanted)])
        assert told in "".join(toasts(pilot))


async def test_x_444_2_2_the_chooser_offers_only_what_the_other_side_takes() -> None:
    async with among("first") as (pilot, asked):
        client = app_of(pilot).desk.client
        await pilot.press("plus")
        assert asked == [c.ReadReactionRules(ELIZABETH, DARCY)]
        client.publish([e.ReactionRulesRead(ELIZABETH, DARCY, ReactionRules(HEARTS))])
        await pilot.press("escape", "plus")
        await pilot.pause()
        options = pilot.app.screen.query_one(OptionList)
        rows = [str(options.get_option_at_index(number).prompt).split()[0] for number in range(options.option_count)]
        assert tuple(rows) == HEARTS
        await pilot.press(*"tada")
        await pilot.pause()
        assert "None that is taken here is called that." in cells(pilot)


FAILED = replace(
    TALK[2],
    body="What think you of books?",
    versions=(
        Version(NOW, "What think you?", "s1"),
        Version(NOW, "What think you of books?", "c1", Delivery.FAILED, Failure("gone", "They are gone.")),
    ),
)


def corrected(message: Message) -> tuple[Message, ...]:
    return (*TALK[:2], message, TALK[3])


async def test_a_correction_that_failed_says_so_and_is_sent_again_or_given_up() -> None:
    async with among("mine", corrected(FAILED)) as (pilot, asked):
        shown = cells(pilot)
        assert "edited, not delivered" in shown
        assert "They are gone." in shown
        await pilot.press("enter")
        assert asked == [c.ResendMessage(ELIZABETH, DARCY, "c1")]
        await pilot.press("delete")
        await pilot.pause()
        assert "Discard this correction?" in cells(pilot)
        await pilot.press("y")
        await pilot.pause()
        assert asked[-1] == c.DiscardMessage(ELIZABETH, DARCY, "c1")


async def test_a_correction_that_failed_goes_out_again_though_its_words_stay_as_they_are() -> None:
    async with among("mine", corrected(FAILED)) as (pilot, asked):
        await pilot.press("e", "enter")
        await pilot.pause()
        assert c.CorrectMessage(ELIZABETH, DARCY, "mine", FAILED.body) in asked


async def test_a_correction_that_waits_says_so_and_no_more_once_it_is_gone() -> None:
    waiting = replace(FAILED, versions=(FAILED.versions[0], replace(FAILED.versions[1], delivery=Delivery.QUEUED)))
    async with among("mine", corrected(waiting)) as (pilot, _):
        assert "edited, not sent yet" in cells(pilot)
        settled = replace(FAILED, versions=(FAILED.versions[0], replace(FAILED.versions[1], delivery=None)))
        app_of(pilot).desk.client.publish([e.MessagesMerged(ELIZABETH, DARCY, (settled,), 0, None)])
        await pilot.pause()
        assert "edited, not sent yet" not in cells(pilot)
        assert "edited" in cells(pilot)
