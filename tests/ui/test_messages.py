"""The verbs about one message, by keys and by mouse, through the whole screen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from textual.pilot import Pilot

from tests.support.scenes import DARCY, ELIZABETH, JANE, NOW, RecordingEngine, netherfield
from tests.ui.test_screen import app_of, cells, running, toasts
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Delivery, Direction, Failure, Message, Reply, Version
from tui_xmpp.ui.messages import links_of, quote
from tui_xmpp.ui.screens.message import LinkScreen, MessageMenu, SourceScreen, xml_of

FAILURE = Failure("item-not-found", "This account does not exist.")


def said(key: str, body: str, *, delivery: Delivery = Delivery.RECEIVED, minutes: float = 0) -> Message:
    direction = Direction.INCOMING if delivery is Delivery.RECEIVED else Direction.OUTGOING
    stamp = NOW + timedelta(minutes=minutes)
    failure = FAILURE if delivery is Delivery.FAILED else None
    author = DARCY.with_resource("library") if direction is Direction.INCOMING else ELIZABETH
    return Message(
        key, ELIZABETH, DARCY, direction, stamp, body, author=author, delivery=delivery, failure=failure, stanza_id="s1"
    )


TALK = (
    said("first", "I cannot talk of books in a ball-room."),
    said("linked", "See https://pemberley.lit/a and https://pemberley.lit/b", minutes=1),
    said("mine", "What think you?", delivery=Delivery.DELIVERED, minutes=2),
    said("lost", "Lost words", delivery=Delivery.FAILED, minutes=3),
)


@asynccontextmanager
async def among(
    key: str, messages: Sequence[Message] = TALK, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], list[c.Command]]]:
    """Show Darcy's chat with the cursor on a message; give the commands asked for from then on."""
    scene = netherfield()
    async with running(scene, *size) as pilot:
        app_of(pilot).main.open_chat(ELIZABETH, DARCY)
        scene.publish(e.HistoryLoaded(ELIZABETH, DARCY, tuple(messages), is_latest=True, is_start=True))
        await pilot.pause()
        await pilot.press("up")
        log = app_of(pilot).main.conversation.log_lines
        while log.cursor != key:
            await pilot.press("k")
        del scene.engine.commands[:]
        yield pilot, scene.engine.commands


def test_a_quotation_leaves_out_what_was_only_quoted_and_ends_after_some_lines() -> None:
    assert quote("Yes\nand no") == "> Yes\n> and no\n"
    assert quote("> Did you?\n\nI did.") == "> I did.\n"
    assert quote("> only this") == "> > only this\n"
    assert quote("\n".join(map(str, range(20)))).splitlines()[-2:] == ["> 11", "> …"]


async def test_reply_quotes_above_what_is_written_and_a_second_one_takes_the_place_of_the_first() -> None:
    async with among("first") as (pilot, _):
        composer = app_of(pilot).main.conversation.composer
        await pilot.press("r")
        assert composer.has_focus
        await pilot.press("N", "o")
        assert composer.text == "> I cannot talk of books in a ball-room.\nNo"
        await pilot.press("ctrl+up", "k", "r")
        assert composer.text == "> What think you?\nNo"


async def test_a_reply_names_the_message_it_quotes_unless_the_quotation_is_changed() -> None:
    async with among("first") as (pilot, asked):
        quotation = "> I cannot talk of books in a ball-room.\n"
        await pilot.press("r", "N", "o", "enter")
        await pilot.pause()
        reply = Reply("s1", DARCY.with_resource("library"), len(quotation))
        assert c.SendMessage(ELIZABETH, DARCY, f"{quotation}No", reply=reply) in asked
        await pilot.press("ctrl+up", "g", "r", "backspace", "N", "o", "enter")
        await pilot.pause()
        assert c.SendMessage(ELIZABETH, DARCY, f"{quotation.rstrip()}No") in asked


async def test_copy_takes_the_message_and_copy_link_its_link() -> None:
    messages = (said("one", "Read https://pemberley.lit/x, please"),)
    async with among("one", messages) as (pilot, _):
        await pilot.press("y")
        assert pilot.app.clipboard == "Read https://pemberley.lit/x, please"
        await pilot.press("l")
        assert pilot.app.clipboard == "https://pemberley.lit/x"
        assert toasts(pilot)[-1] == "Copied https://pemberley.lit/x"


async def test_of_several_links_one_is_chosen() -> None:
    async with among("linked") as (pilot, _):
        await pilot.press("o")
        await pilot.pause()
        assert isinstance(pilot.app.screen, LinkScreen)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert pilot.app.clipboard == "https://pemberley.lit/b"
        assert app_of(pilot).main.conversation.log_lines.cursor == "linked"


async def test_a_failed_message_is_sent_again_or_discarded_after_a_question() -> None:
    async with among("lost") as (pilot, asked):
        await pilot.press("enter")
        assert asked == [c.ResendMessage(ELIZABETH, DARCY, "lost")]
        await pilot.press("delete")
        await pilot.pause()
        assert "Lost words" in cells(pilot)
        await pilot.press("n")
        assert asked == [c.ResendMessage(ELIZABETH, DARCY, "lost")]
        await pilot.press("delete")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert asked[1:] == [c.DiscardMessage(ELIZABETH, DARCY, "lost")]


async def test_a_failed_message_is_written_anew_and_the_draft_waits() -> None:
    async with among("lost") as (pilot, asked):
        composer = app_of(pilot).main.conversation.composer
        composer.replace_text("a draft")
        await pilot.press("e")
        assert composer.text == "Lost words"
        assert "editing" in str(composer.border_title)
        await pilot.press("escape")
        assert composer.text == "a draft"
        await pilot.press("ctrl+up", "e", "!", "enter")
        await pilot.pause()
        assert composer.text == "a draft"
        wanted = [command for command in asked if isinstance(command, c.DiscardMessage | c.SendMessage)]
        assert wanted == [
            c.DiscardMessage(ELIZABETH, DARCY, "lost"),
            c.SendMessage(ELIZABETH, DARCY, "Lost words!"),
        ]


async def test_a_long_message_is_opened_and_folded_by_keys_and_by_a_click_on_its_words() -> None:
    long = said("long", "\n".join(f"line {number}" for number in range(60)))
    async with among("long", (said("first", "Listen"), long)) as (pilot, _):
        log = app_of(pilot).main.conversation.log_lines
        assert "line 59" not in cells(pilot)
        await pilot.press("enter")
        await pilot.press("end")
        assert "line 59" in cells(pilot)
        await pilot.press("z")
        assert "line 59" not in cells(pilot)
        row = next(y for y in range(log.size.height) if "Enter opens" in log.render_line(y).text)
        await pilot.click(log, offset=(log.render_line(row).text.index("Enter"), row))
        await pilot.press("end")
        assert "line 59" in cells(pilot)


async def test_a_click_on_the_hint_below_a_failed_message_edits_it() -> None:
    async with among("first") as (pilot, _):
        log = app_of(pilot).main.conversation.log_lines
        row = next(y for y in range(log.size.height) if "E edit" in log.render_line(y).text)
        await pilot.click(log, offset=(log.render_line(row).text.index("edit"), row))
        assert app_of(pilot).main.conversation.composer.text == "Lost words"


async def test_what_was_said_is_corrected_and_what_could_not_be_sent_comes_back() -> None:
    async with among("mine") as (pilot, asked):
        main = app_of(pilot).main
        await pilot.press("e", "backspace", "!", "enter")
        await pilot.pause()
        assert asked == [c.CorrectMessage(ELIZABETH, DARCY, "mine", "What think you!")]
        assert main.conversation.composer.text == ""
        await pilot.press("ctrl+up", "k", "e", "enter")
        assert len(asked) == 1, "nothing was changed"


async def test_a_correction_that_fails_comes_back_to_where_one_writes() -> None:
    async with among("mine") as (pilot, _):
        engine = app_of(pilot).client._engine
        assert isinstance(engine, RecordingEngine)
        engine.failure = "You are not connected."
        await pilot.press("e", "!", "enter")
        await pilot.pause()
        assert toasts(pilot)[-1] == "You are not connected."
        composer = app_of(pilot).main.conversation.composer
        assert composer.text == "What think you?!"
        assert "editing" in str(composer.border_title)


async def test_an_edited_message_says_so_and_its_details_tell_what_it_read_before() -> None:
    first, second = Version(NOW, "What think you of cards?", "mine"), Version(NOW, "What think you of books?", "new")
    edited = replace(TALK[2], body=second.body, versions=(first, second))
    async with among("mine", (edited,)) as (pilot, _):
        log = app_of(pilot).main.conversation.log_lines
        assert any("What think you of books?  edited" in log.render_line(y).text for y in range(log.size.height))
        await pilot.press("i")
        await pilot.pause()
        assert "What think you of cards?" in cells(pilot)


async def test_unread_from_here_stays_while_it_is_looked_at() -> None:
    async with among("first") as (pilot, asked):
        await pilot.press("u")
        assert asked == [c.MarkUnread(ELIZABETH, DARCY, "first")]
        app_of(pilot).client.publish([e.MessagesMerged(ELIZABETH, DARCY, (), 2, "first")])
        await pilot.pause()
        assert "2 unread" in cells(pilot)
        assert not [command for command in asked if isinstance(command, c.MarkRead)]


async def test_source_shows_the_message_as_xml() -> None:
    async with among("first") as (pilot, _):
        await pilot.press("x")
        await pilot.pause()
        assert isinstance(pilot.app.screen, SourceScreen)
        assert "<body>I cannot talk of books in a ball-room.</body>" in cells(pilot)
        await pilot.press("c")
        assert pilot.app.clipboard == xml_of(TALK[0])


def test_the_source_can_hold_nothing_that_breaks_out_of_it() -> None:
    shown = xml_of(said("k", "</body>\x1b[2J<x/>"))
    assert "\x1b" not in shown
    assert "&lt;/body&gt;" in shown


@pytest.mark.parametrize("size", [(120, 40), (60, 20), (40, 12)])
async def test_the_menu_stands_whole_beside_the_message_and_offers_what_suits_it(size: tuple[int, int]) -> None:
    async with among("linked", size=size) as (pilot, _):
        await pilot.press("m")
        await pilot.pause()
        menu = pilot.app.screen
        assert isinstance(menu, MessageMenu)
        titles = [verb.title for verb in menu.verbs]
        assert titles == ["Reply", "React", "Copy", "Open link", "Copy link", "Unread from here", "Details", "Source"]
        region = menu.children[0].region
        assert menu.region.contains_region(region)
        assert f" {titles[0]} " in cells(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert app_of(pilot).main.conversation.log_lines.cursor == "linked"


async def test_the_menu_is_worked_by_arrows_by_letters_and_by_mouse() -> None:
    async with among("first") as (pilot, _):
        composer = app_of(pilot).main.conversation.composer
        await pilot.press("m", "j", "j", "enter")
        await pilot.pause()
        assert pilot.app.clipboard == TALK[0].body
        await pilot.press("m", "r")
        await pilot.pause()
        assert composer.text.startswith("> I cannot")
        log = app_of(pilot).main.conversation.log_lines
        row = next(y for y in range(log.size.height) if "Lost words" in log.render_line(y).text)
        await pilot.click(log, offset=(40, row), button=3)
        await pilot.pause()
        menu = pilot.app.screen
        assert isinstance(menu, MessageMenu)
        assert [verb.id for verb in menu.verbs][:3] == ["resend", "reply", "edit-message"]
        await pilot.click(menu.children[0], offset=(3, 2))
        await pilot.pause()
        assert composer.text == "Lost words"


async def test_a_click_beside_the_menu_closes_it() -> None:
    async with among("first") as (pilot, _):
        await pilot.press("m")
        await pilot.pause()
        await pilot.click(offset=(1, 1))
        await pilot.pause()
        assert not isinstance(pilot.app.screen, MessageMenu)


async def test_the_key_bar_follows_the_cursor_and_its_words_can_be_clicked() -> None:
    async with among("lost") as (pilot, asked):
        bar = app_of(pilot).main.key_bar
        assert "Send again" in bar.render_line(0).text
        column = bar.render_line(0).text.index("Send again")
        await pilot.click(bar, offset=(column, 0))
        assert asked == [c.ResendMessage(ELIZABETH, DARCY, "lost")]
        await pilot.press("k")
        assert "Send again" not in bar.render_line(0).text
        assert "Reply" in bar.render_line(0).text


async def test_the_palette_offers_the_verbs_of_the_message() -> None:
    async with among("first") as (pilot, _):
        await pilot.press("ctrl+p", *"source")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, SourceScreen)


LETTER = said("letter", "\n".join(f"line {number}" for number in range(60)))


async def test_a_long_message_opens_and_folds_by_key_and_click() -> None:
    async with among("letter", (LETTER, *TALK)) as (pilot, _):
        assert "… 48 more lines · Enter opens" in cells(pilot)
        await pilot.press("enter")
        assert "line 20" in cells(pilot)
        assert "more lines" not in cells(pilot)
        await pilot.press("z")
        shown = cells(pilot).splitlines()
        y = next(number for number, row in enumerate(shown) if "48 more lines" in row)
        await pilot.click(offset=(shown[y].index("48 more"), y))
        await pilot.pause()
        assert "line 20" in cells(pilot)


async def test_seconds_on_demand() -> None:
    async with among("mine") as (pilot, _):
        app_of(pilot).perform("seconds")
        await pilot.pause()
        assert re.search(r"\d\d:\d\d:00 +Fitzw", cells(pilot))


async def test_code_is_coloured_after_it_was_shown() -> None:
    async with among("code", (said("code", "```python\nreturn 300  # no sermons\n```"),)) as (pilot, _):
        await app_of(pilot).workers.wait_for_complete()
        await pilot.pause()
        inks = {
            segment.text.strip(): segment.style.color
            for strip in app_of(pilot).screen._compositor.render_strips()
            for segment in strip
            if segment.style
        }
        assert len({inks["return"], inks["300"], inks["# no sermons"]}) == 3


def test_the_links_of_a_message_are_those_it_says_and_those_of_its_files() -> None:
    files = (("https://a.example/b.jpg", ""), ("https://a.example/", ""), ("javascript:alert(1)", ""))
    message = replace(said("x", "See https://a.example/"), files=files)
    assert links_of(message) == ["https://a.example/", "https://a.example/b.jpg"]


async def test_the_right_button_in_another_pane_is_about_the_message_there() -> None:
    async with among("first", size=(160, 40)) as (pilot, _):
        main = app_of(pilot).main
        await pilot.press("escape", "alt+v")
        await pilot.pause()
        main.open_chat(ELIZABETH, JANE)
        other = replace(said("other", "Dear Lizzy"), peer=JANE)
        app_of(pilot).client.publish([e.HistoryLoaded(ELIZABETH, JANE, (other,), is_latest=True, is_start=True)])
        await pilot.pause()
        first, second = main.splits.panes
        assert main.conversation is second
        row = next(y for y in range(first.log_lines.size.height) if "I cannot" in first.log_lines.render_line(y).text)
        await pilot.click(first.log_lines, offset=(40, row), button=3)
        await pilot.pause()
        assert isinstance(pilot.app.screen, MessageMenu)
        await pilot.press("r")
        await pilot.pause()
        assert first.composer.text.startswith("> I cannot talk")
        assert second.composer.text == ""
        assert first.composer.has_focus
