from __future__ import annotations

import random
from dataclasses import replace

import pytest
from textual.events import MouseScrollUp
from textual.geometry import Offset, Region
from textual.pilot import Pilot
from textual.selection import Selection
from textual.widget import Widget

from tests.support.ui import DARCY, ELIZABETH, EVENING, JANE, ConversationHost, history, said
from tui_xmpp.core.events import (
    ConnectionChanged,
    ConversationRead,
    DeliveryChanged,
    Event,
    MessageDiscarded,
    MessageQueued,
    MessageReceived,
    PresenceChanged,
    RosterItemChanged,
)
from tui_xmpp.core.model import Connection, Delivery, Failure, Message, Phase, Presence, RosterItem, Show, Subscription
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.theme import LIGHT
from tui_xmpp.ui.widgets import reports
from tui_xmpp.ui.widgets.conversation_log import ConversationLog

FAILURE = Failure("item-not-found", "This account does not exist.")


def many(count: int, start: int = 0) -> list[Message]:
    return [said(f"line {number}", minutes=number, key=f"k{number}") for number in range(start, start + count)]


def received(*messages: Message) -> list[Event]:
    return [MessageReceived(ELIZABETH, message) for message in messages]


def bodies(rows: list[str]) -> list[str]:
    """Return the texts of messages in rows of an 80 cells wide pane, without the marks of where the window stands."""
    return [body for row in rows if (body := row[23:76].strip()).startswith("line")]


async def settled(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.pause()


async def test_messages_stand_in_order_and_the_newest_is_in_sight() -> None:
    app = ConversationHost(history(*many(100)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app.rows()[-1].endswith("line 99")
        app.tell(*received(said("newest", minutes=200)))
        assert app.rows()[-1].endswith("newest")
        assert app.log_lines.is_following


async def test_empty_states_say_what_to_do() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "No messages yet" in "\n".join(app.rows())
        app.pane.show(ELIZABETH, None)
        await settled(pilot)
        assert "Welcome" in "\n".join(app.rows())
        app.pane.show(None, None)
        await settled(pilot)
        assert "Welcome" in "\n".join(app.rows())


async def test_the_beginning_and_older_messages_are_told_at_the_top() -> None:
    app = ConversationHost(history(*many(5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "The beginning of your conversation" in app.rows()[0]
        assert not app.asked_for(ConversationLog.OlderWanted)
    app = ConversationHost(history(*many(5), is_start=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "Loading older messages…" in app.rows()[0]
        assert app.asked_for(ConversationLog.OlderWanted) == [ConversationLog.OlderWanted(ELIZABETH, DARCY)]


async def test_older_messages_come_in_above_without_moving_the_window() -> None:
    app = ConversationHost(history(*many(100, start=100), is_start=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.log_lines.action_oldest()
        app.log_lines.move(3)
        await settled(pilot)
        assert len(app.asked_for(ConversationLog.OlderWanted)) == 1
        before = app.rows()
        app.tell(history(*many(100), is_latest=False))
        await settled(pilot)
        assert bodies(app.rows())[1:] == bodies(before)[1:]
        app.log_lines.action_oldest()
        assert "The beginning" in app.rows()[0]
        assert any(row.endswith("line 0") for row in app.rows())


async def test_a_window_scrolled_up_stays_and_counts_what_comes() -> None:
    app = ConversationHost(history(*many(100)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("pageup", "pageup")
        before = app.rows()[:-1]
        assert "newest" in app.rows()[-1]
        app.tell(*received(said("one", minutes=200), said("two", minutes=201)))
        assert app.rows()[:-1] == before
        assert "↓ 2 new messages" in app.rows()[-1]
        await pilot.press("ctrl+end")
        assert app.rows()[-1].endswith("two")
        assert app.log_lines.new_count == 0


async def test_own_message_brings_the_window_to_the_newest() -> None:
    app = ConversationHost(history(*many(100)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("pageup")
        assert not app.log_lines.is_following
        app.tell(history(*many(100), said("mine", minutes=200, outgoing=True, delivery=Delivery.QUEUED)))
        assert app.log_lines.is_following


async def test_the_wheel_moves_three_lines() -> None:
    app = ConversationHost(history(*many(100)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        before = app.rows()
        await pilot._post_mouse_events([MouseScrollUp], app.log_lines)
        await settled(pilot)
        assert bodies(app.rows()[3:-1]) == bodies(before[:-4])


async def test_every_line_can_be_reached_by_pages_and_none_twice() -> None:
    app = ConversationHost(history(*many(500)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.log_lines.action_oldest()
        seen: list[str] = []
        for _ in range(100):
            seen += [body for body in bodies(app.rows()[:-1]) if body not in seen]
            if app.log_lines.is_following:
                break
            app.log_lines.action_page(1)
        seen += [body for body in bodies(app.rows()) if body not in seen]
        assert seen == [f"line {number}" for number in range(500)]


async def test_a_resize_keeps_the_first_message_in_the_window() -> None:
    long = [said(f"line {n} " + "with many words " * 8, minutes=n, key=f"k{n}") for n in range(200)]
    app = ConversationHost(history(*long))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("pageup", "pageup", "pageup")
        first = next(row.split("line ")[1].split()[0] for row in app.rows() if "line " in row)
        for size in ((60, 20), (90, 30), (41, 12), (120, 40)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert any(f"line {first} " in row for row in app.rows()[:3])
            assert all(len(row) <= size[0] for row in app.rows())


async def test_delivery_climbs_in_the_margin() -> None:
    sent = said("Hello", outgoing=True, delivery=Delivery.QUEUED, key="m")
    app = ConversationHost(history(sent))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        marks = []
        for delivery in (Delivery.SENT, Delivery.ACKNOWLEDGED, Delivery.DELIVERED):
            marks.append(app.rows()[2].split()[-1])
            app.tell(DeliveryChanged(ELIZABETH, DARCY, "m", delivery, sent.stamp))
            await settled(pilot)
        assert [*marks, app.rows()[2].split()[-1]] == ["…", "↑", "✓", "✓✓"]


async def test_only_the_row_that_changed_is_painted() -> None:
    sent = said("Hello", outgoing=True, delivery=Delivery.QUEUED, key="m")
    app = ConversationHost(history(*many(10), sent))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        painted: list[Region] = []
        original = app.log_lines.refresh

        def refresh(*regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Widget:
            painted.extend(regions or [app.log_lines.size.region])
            return original(*regions, repaint=repaint, layout=layout, recompose=recompose)

        app.log_lines.refresh = refresh  # type: ignore[method-assign,assignment]
        app.tell(DeliveryChanged(ELIZABETH, DARCY, "m", Delivery.SENT, sent.stamp))
        await settled(pilot)
        assert [region.height for region in painted] == [1]
        app.tell(PresenceChanged(ELIZABETH, DARCY.with_resource("library"), Presence(Show.DND)))
        assert len(painted) == 1


async def test_unread_line_stays_after_reading_and_reading_is_told_once() -> None:
    app = ConversationHost(history(*many(3)), *received(said("four", minutes=30, key="k4"), said("five", minutes=30.2)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert any(" 2 unread " in row for row in app.rows())
        assert app.asked_for(ConversationLog.Read) == [ConversationLog.Read(ELIZABETH, DARCY)]
        app.tell(ConversationRead(ELIZABETH, DARCY))
        app.tell(PresenceChanged(ELIZABETH, DARCY.with_resource("library"), Presence(Show.DND)))
        await settled(pilot)
        assert any(" 2 unread " in row for row in app.rows())
        assert len(app.asked_for(ConversationLog.Read)) == 1


async def test_reading_is_told_at_once_and_in_a_flood_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "PAUSE", 3600.0)
    app = ConversationHost(history(*many(3)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)

        async def told() -> int:
            await settled(pilot)
            return len(app.asked_for(ConversationLog.Read))

        async def told_after(number: int) -> int:
            """Let a message come before the reader's eyes."""
            app.tell(*received(said(f"flood {number}", minutes=30 + number, key=f"f{number}")))
            assert app.log_lines.is_being_read  # so that nothing says meanwhile that it is unread
            return await told()

        for number in range(reports.AT_ONCE):
            assert await told_after(number) == number + 1
            app.tell(ConversationRead(ELIZABETH, DARCY))
        assert await told_after(100) == reports.AT_ONCE
        app.app_focus = False
        assert await told() == reports.AT_ONCE + 1
        app.app_focus = True
        app.tell(ConversationRead(ELIZABETH, DARCY))
        assert await told_after(101) == reports.AT_ONCE + 1
        app.pane.show(ELIZABETH, JANE)
        assert await told() == reports.AT_ONCE + 2
        assert app.asked_for(ConversationLog.Read)[-1] == ConversationLog.Read(ELIZABETH, DARCY)


async def test_what_comes_before_the_eyes_of_the_reader_gets_no_unread_line() -> None:
    app = ConversationHost(history(*many(3)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.tell(*received(said("seen at once", minutes=50)))
        app.tell(ConversationRead(ELIZABETH, DARCY))
        assert not any(" unread " in row for row in app.rows())
        app.app_focus = False
        app.tell(*received(said("unseen", minutes=60)))
        app.tell(*received(said("unseen too", minutes=60.5)))
        app.app_focus = True
        app.tell(ConversationRead(ELIZABETH, DARCY))
        line = next(y for y, row in enumerate(app.rows()) if " 2 unread " in row)
        assert app.rows()[line + 1].endswith("unseen")


async def test_coming_back_to_a_read_conversation_shows_no_unread_line() -> None:
    app = ConversationHost(history(*many(3)), *received(said("four", minutes=30)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert any(" 1 unread " in row for row in app.rows())
        app.tell(ConversationRead(ELIZABETH, DARCY))
        app.pane.show(ELIZABETH, JANE)
        app.pane.show(ELIZABETH, DARCY)
        assert not any(" unread " in row for row in app.rows())


async def test_nothing_is_read_while_nobody_looks() -> None:
    app = ConversationHost(history(*many(3)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.app_focus = False
        app.tell(*received(said("unseen", minutes=50)))
        await settled(pilot)
        assert not app.asked_for(ConversationLog.Read)
        app.app_focus = True
        await settled(pilot)
        assert len(app.asked_for(ConversationLog.Read)) == 1


async def test_places_stay_with_their_conversations() -> None:
    app = ConversationHost(history(*many(100)), history(said("Dear Lizzy", peer=JANE), peer=JANE))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("pageup", "pageup")
        before = app.rows()
        app.pane.show(ELIZABETH, JANE)
        await settled(pilot)
        assert any("Dear Lizzy" in row for row in app.rows())
        app.pane.show(ELIZABETH, DARCY)
        await settled(pilot)
        assert app.rows() == before


async def test_the_message_cursor_walks_and_verbs_are_about_its_message() -> None:
    failed = said("Lost", minutes=20, outgoing=True, delivery=Delivery.FAILED, failure=FAILURE, key="f")
    app = ConversationHost(history(*many(5), failed, said("after", minutes=30)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("up")
        assert app.log_lines.has_focus
        await pilot.press("k")
        assert app.log_lines.cursor == "f"
        await pilot.press("enter", "delete", "c", "e", "k", "enter")
        verbs = ["resend", "discard", "copy-message", "edit-message"]
        assert app.performed == [*((verb, "f") for verb in verbs), ("message-menu", "k4")]


async def test_ctrl_up_enters_while_something_is_written_and_a_letter_goes_back_to_it() -> None:
    app = ConversationHost(history(*many(5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("h", "ctrl+up")
        assert app.log_lines.cursor == "k4"
        await pilot.press("é", "a", "!")
        assert app.composer.text == "héa!"
        assert app.composer.has_focus
        assert app.log_lines.cursor is None


async def test_the_cursor_stays_when_the_terminal_loses_the_focus() -> None:
    app = ConversationHost(history(*many(5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("up", "k", "k")
        app.app_focus = False
        await settled(pilot)
        app.app_focus = True
        await settled(pilot)
        assert app.log_lines.has_focus
        assert app.log_lines.cursor == "k2"


async def test_when_the_message_under_the_cursor_goes_the_next_takes_its_place() -> None:
    failed = said("Lost", minutes=2.5, outgoing=True, delivery=Delivery.FAILED, failure=FAILURE, key="f")
    app = ConversationHost(history(*many(3), failed, *many(2, start=3)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("up", "k", "k")
        assert app.log_lines.cursor == "f"
        app.tell(MessageDiscarded(ELIZABETH, DARCY, "f"))
        assert app.log_lines.cursor == "k3"


async def test_a_click_chooses_a_message_and_the_right_button_asks_for_its_menu() -> None:
    app = ConversationHost(history(*many(5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        row = next(y for y, text in enumerate(app.rows()) if "line 2" in text)
        await pilot.click(app.log_lines, offset=(30, row))
        assert app.log_lines.has_focus
        assert app.log_lines.cursor == "k2"
        assert app.rows()[row].startswith("▌")
        assert not app.asked_for(ConversationLog.MenuWanted)
        await pilot.click(app.log_lines, offset=(30, row + 1), button=3)
        assert app.log_lines.cursor == "k3"
        place = app.log_lines.region.offset.x + 30, app.log_lines.region.offset.y + row + 1
        assert app.asked_for(ConversationLog.MenuWanted) == [ConversationLog.MenuWanted(*place)]
        await pilot.click(app.log_lines, offset=(30, 20))
        assert app.composer.has_focus


async def test_the_message_cursor_leaves_below_the_newest() -> None:
    app = ConversationHost(history(*many(5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for leave in ("down", "ctrl+down"):
            await pilot.press("up")
            assert app.log_lines.cursor == "k4"
            await pilot.press(leave)
            await settled(pilot)
            assert app.composer.has_focus
            assert app.log_lines.cursor is None


async def test_the_message_cursor_brings_its_message_into_the_window() -> None:
    app = ConversationHost(history(*many(100)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("up", *["k"] * 50)
        assert app.log_lines.cursor == "k49"
        assert any(row.startswith("▌") and row[20:75].strip() == "line 49" for row in app.rows())
        await pilot.press("g")
        assert app.log_lines.cursor == "k0"
        await pilot.press("G")
        assert app.log_lines.cursor == "k99"


async def test_a_click_on_a_link_and_on_a_hint_acts() -> None:
    failed = said("Lost", minutes=20, outgoing=True, delivery=Delivery.FAILED, failure=FAILURE, key="f")
    app = ConversationHost(history(said("see https://pemberley.lit/x now"), failed))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        row = next(y for y, text in enumerate(app.rows()) if "https://" in text)
        await pilot.click(app.log_lines, offset=(app.rows()[row].index("pemberley"), row))
        assert app.asked_for(ConversationLog.LinkActivated) == [
            ConversationLog.LinkActivated("https://pemberley.lit/x")
        ]
        assert app.composer.has_focus
        row = next(y for y, text in enumerate(app.rows()) if "Enter resend" in text)
        await pilot.click(app.log_lines, offset=(app.rows()[row].index("discard"), row))
        assert app.performed == [("discard", "f")]


async def test_dragging_selects_text_without_times_names_and_wraps() -> None:
    text = "I cannot talk of books in a ball-room; my head is always full of something else."
    app = ConversationHost(history(said(text), said("Second", minutes=1)))
    async with app.run_test(size=(70, 24)) as pilot:
        await settled(pilot)
        rows = app.rows()
        first = next(y for y, row in enumerate(rows) if "I cannot" in row)
        last = next(y for y, row in enumerate(rows) if "Second" in row)
        assert last > first + 1, "the text must wrap for this test"
        x = rows[first].index("cannot")
        await pilot.mouse_down(app.log_lines, offset=(x, first))
        await pilot.hover(app.log_lines, offset=(69, last))
        await pilot.mouse_up(app.log_lines, offset=(69, last))
        await settled(pilot)
        assert app.screen.get_selected_text() == f"{text[2:]}\nSecond"
        await pilot.press("ctrl+c")
        assert app.clipboard == f"{text[2:]}\nSecond"


async def test_a_double_click_selects_the_message() -> None:
    text = "I cannot talk of books in a ball-room; my head is always full of something else."
    app = ConversationHost(history(said("First"), said(text, minutes=1), said("Last", minutes=2)))
    async with app.run_test(size=(70, 24)) as pilot:
        await settled(pilot)
        row = next(y for y, row in enumerate(app.rows()) if "I cannot" in row)
        await pilot.click(app.log_lines, offset=(40, row), times=2)
        await settled(pilot)
        assert app.screen.get_selected_text() == text


async def test_a_link_shown_short_is_copied_whole_and_a_quotation_with_its_marks() -> None:
    link = "https://pemberley.lit/library/" + "shelf/" * 20 + "novels"
    text = f"> Which *one*?\n> and why\nSee {link}"
    app = ConversationHost(history(said(text)))
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        row = next(y for y, row in enumerate(app.rows()) if "▎ Which *one*?" in row)
        assert not any(link in row for row in app.rows())
        await pilot.click(app.log_lines, offset=(40, row), times=2)
        await settled(pilot)
        assert app.screen.get_selected_text() == text


async def test_a_selection_may_begin_below_the_last_message_and_end_above_the_window() -> None:
    app = ConversationHost(history(*many(100)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.mouse_down(app.log_lines, offset=(79, 20))
        await pilot.hover(app.pane.header, offset=(40, 0))
        await pilot.mouse_up(app.pane.header, offset=(40, 0))
        await settled(pilot)
        assert (app.screen.get_selected_text() or "").splitlines() == bodies(app.rows())
    app = ConversationHost(history(*many(5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.mouse_down(app.log_lines, offset=(30, 15))
        await pilot.hover(app.log_lines, offset=(0, 4))
        await pilot.mouse_up(app.log_lines, offset=(0, 4))
        await settled(pilot)
        assert app.screen.get_selected_text() == "line 2\nline 3\nline 4"


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_of_events_and_moves_keeps_rows_whole(seed: int) -> None:
    chance = random.Random(seed)
    texts = [
        "x",
        "long words " * 30,
        "漢字" * 40,
        "a\u0301" * 90,
        "https://a.example/" + "b" * 99,
        "\n" * 9,
        "עברית ",
        "",
    ]
    stamp = 1000.0
    app = ConversationHost(history(*many(chance.randrange(80), start=900), is_start=False))
    async with app.run_test(size=(80, 24)) as pilot:
        for step in range(120):
            log = app.log_lines
            match chance.randrange(9):
                case 0 | 1:
                    stamp += chance.random() * 20
                    app.tell(*received(said(chance.choice(texts), minutes=stamp, key=f"r{step}")))
                case 2:
                    stamp += 1
                    app.tell(MessageQueued(ELIZABETH, said("own", minutes=stamp, outgoing=True, key=f"o{step}")))
                case 3:
                    older = app.client.views.conversation(ELIZABETH, DARCY).messages
                    first = int((older[0].stamp - EVENING).total_seconds() // 60) if older else 0
                    count = chance.randrange(1, 200)
                    app.tell(
                        history(*many(count, start=first - count), is_latest=False, is_start=chance.random() < 0.2)
                    )
                case 4:
                    log.move(chance.randrange(-60, 60))
                case 5:
                    chance.choice((log.action_oldest, log.action_newest, log.action_leave, app.composer.action_up))()
                case 6:
                    log.action_cursor(chance.choice((-1, 1, -5)))
                case 7:
                    messages = app.client.views.conversation(ELIZABETH, DARCY).messages
                    if messages:
                        app.tell(MessageDiscarded(ELIZABETH, DARCY, chance.choice(messages).key))
                case _:
                    await pilot.resize_terminal(chance.randrange(20, 130), chance.randrange(8, 40))
            if chance.random() < 0.3:
                await pilot.pause()
            width, height = log.size
            shown = [log.render_line(y) for y in range(height)]
            assert all(strip.cell_length == width for strip in shown)
            top = log._window.top
            assert 0 <= top <= max(0, len(log._window.lines) - height)
            assert log._window.lines == [(block, row) for block, row in log._window.lines if row < len(block.rows)]
            shown_messages = [block.message for block in log._window.blocks]
            assert shown_messages == list(log._window.messages[log._window.first : log._window.last])


async def test_a_selection_stays_with_its_text_when_messages_come() -> None:
    app = ConversationHost(history(*many(30)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        log = app.log_lines
        number = log._window.base + log._window.top + 5
        app.screen.selections = {log: Selection(Offset(0, number), Offset(100, number))}
        before = app.screen.get_selected_text()
        assert before
        app.tell(*received(said("more", minutes=100)))
        assert app.screen.get_selected_text() == before
        app.tell(history(*many(20, start=-20), is_latest=False))
        assert app.screen.get_selected_text() == before


async def test_a_discarded_message_goes_and_the_rest_stays() -> None:
    failed = said("Lost", minutes=2.5, outgoing=True, delivery=Delivery.FAILED, failure=FAILURE, key="f")
    app = ConversationHost(history(*many(5), failed))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert any("Lost" in row for row in app.rows())
        app.tell(MessageDiscarded(ELIZABETH, DARCY, "f"))
        await settled(pilot)
        assert not any("Lost" in row or "resend" in row for row in app.rows())


async def test_the_header_tells_presence_and_what_is_odd() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        header = app.pane.header
        shown = header.render_line(0).text
        assert "◐ Fitzwilliam Darcy  away · at the ball" in shown
        assert "darcy@pemberley.lit" in shown
        app.pane.show(ELIZABETH, JANE)
        assert "only you" in header.render_line(0).text
        fake = BareJID.parse("dаrcy@pemberley.lit")
        app.tell(RosterItemChanged(ELIZABETH, RosterItem(fake, "\x1b[1mDarcy\n", (), Subscription.BOTH), None))
        app.pane.show(ELIZABETH, fake)
        await settled(pilot)
        assert header.size.height == 2
        assert "mixes Cyrillic and Latin" in header.render_line(1).text
        assert "\x1b" not in header.render_line(0).text
        app.pane.show(ELIZABETH, DARCY)
        await settled(pilot)
        assert header.size.height == 1


async def test_the_theme_changes_while_messages_are_shown() -> None:
    app = ConversationHost(history(*many(5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.theme = LIGHT.name
        await settled(pilot)
        style = next(iter(app.log_lines.render_line(2))).style
        assert style is not None
        assert style.bgcolor is not None
        assert style.bgcolor.name == LIGHT.background


async def test_newest_is_asked_for_when_the_view_has_left_it() -> None:
    app = ConversationHost(history(*many(50)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        view = app.client.views.conversation(ELIZABETH, DARCY)
        app.log_lines.show(replace(view, has_newer=True))
        await pilot.press("ctrl+end")
        await settled(pilot)
        assert app.asked_for(ConversationLog.LatestWanted) == [ConversationLog.LatestWanted(ELIZABETH, DARCY)]


async def test_the_window_of_the_store_slides_under_the_reader() -> None:
    app = ConversationHost(history(*many(2199)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("pageup")
        before = app.rows()[:-1]
        app.tell(*received(*many(50, start=2199)))
        assert len(app.client.views.conversation(ELIZABETH, DARCY).messages) < 2100
        assert app.rows()[:-1] == before


async def test_offline_says_that_messages_wait() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert str(app.composer.border_title) == "as elizabeth@longbourn.lit"
        app.tell(ConnectionChanged(ELIZABETH, Connection(Phase.WAITING)))
        assert "sent once online" in str(app.composer.border_title)
