"""From one chat to another: the switcher, what is unread, back, numbers, and the inbox."""

from __future__ import annotations

from datetime import timedelta

from textual.pilot import Pilot

from tests.support.scenes import (
    BINGLEY,
    CHARLOTTE,
    DARCY,
    ELIZABETH,
    JANE,
    LYDIA,
    NOW,
    WICKHAM,
    contact,
    netherfield,
    received,
)
from tests.ui.test_screen import app_of, cells, running, toasts, write
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Direction, Message
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.chat_marks import Notify
from tui_xmpp.ui.desk import Chat
from tui_xmpp.ui.screens.inbox import InboxList, InboxScreen, when_words

MARY = BareJID.parse("mary@longbourn.lit")


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def chat_of(pilot: Pilot[None]) -> Chat | None:
    return app_of(pilot).main.chat


async def visit(pilot: Pilot[None], *peers: BareJID) -> None:
    for peer in peers:
        app_of(pilot).main.open_chat(ELIZABETH, peer)
        await pilot.pause()


# -- the switcher -------------------------------------------------------------------------------------------------


async def test_ctrl_k_enter_goes_to_the_last_chat_and_back() -> None:
    async with running(netherfield()) as pilot:
        await visit(pilot, DARCY, BINGLEY)
        await press(pilot, "ctrl+k")
        await press(pilot, "enter")
        assert chat_of(pilot) == (ELIZABETH, DARCY)
        await press(pilot, "ctrl+k")
        await press(pilot, "enter")
        assert chat_of(pilot) == (ELIZABETH, BINGLEY)


async def test_letters_find_across_accents_and_unread_comes_before_a_better_fit_of_the_same_kind() -> None:
    scene = netherfield()
    scene.publish(
        e.RosterItemChanged(ELIZABETH, contact(MARY, "Márta Lucas"), None),
        e.RosterItemChanged(ELIZABETH, contact(LYDIA, "Marta Long"), None),
        received(MARY, "Come and play."),
    )
    async with running(scene) as pilot:
        await press(pilot, "ctrl+k")
        await press(pilot, *"marta")
        await press(pilot, "enter")
        assert chat_of(pilot) == (ELIZABETH, MARY)


async def test_tab_completes_and_a_whole_address_offers_a_chat() -> None:
    async with running(netherfield()) as pilot:
        await press(pilot, "ctrl+k")
        await press(pilot, *"darc", "tab")
        assert "Fitzwilliam Darcy" in cells(pilot)
        await press(pilot, "ctrl+u", *"wickham@meryton.lit")
        assert "Chat with wickham@meryton.lit" in cells(pilot)
        await press(pilot, "enter")
        assert chat_of(pilot) == (ELIZABETH, WICKHAM)


async def test_the_switcher_shows_unread_marks_and_account_and_leaves_the_archived_out() -> None:
    scene = netherfield()
    scene.add_account(MARY)
    scene.publish(e.RosterReplaced(MARY, (contact(DARCY, "Mr. Darcy"),), None))
    async with running(scene, 120) as pilot:
        app = app_of(pilot)
        app.desk.marks.pin(ELIZABETH, BINGLEY, is_pinned=True)
        app.desk.marks.archive(ELIZABETH, CHARLOTTE, is_archived=True)
        await press(pilot, "ctrl+k")
        shown = cells(pilot)
        assert "as mary@longbourn.lit" in shown
        assert "⚲" in next(line for line in shown.splitlines() if "Bingley" in line)
        assert not any("Charlotte" in line[20:] for line in shown.splitlines())
        await press(pilot, *"mary@", "enter")
        assert app.desk.account == MARY


# -- what is unread -----------------------------------------------------------------------------------------------


async def test_alt_a_goes_by_importance_and_to_muted_chats_last() -> None:
    scene = netherfield()  # Jane: newest, Darcy: 20 minutes ago
    scene.publish(
        received(BINGLEY, "Shall we dance?", 30),
        received(CHARLOTTE, "Elizabeth, come to Hunsford!", 50),
        received(LYDIA, "La! ELIZABETH!", 1),
    )
    async with running(scene) as pilot:
        desk = app_of(pilot).desk
        desk.marks.pin(ELIZABETH, BINGLEY, is_pinned=True)
        desk.marks.notify(ELIZABETH, LYDIA, Notify.NEVER)
        seen = []
        for _ in range(5):
            await press(pilot, "alt+a")
            chat = chat_of(pilot)
            assert chat is not None
            seen.append(chat[1])
            scene.publish(e.ConversationRead(*chat))
            await pilot.pause()
        assert seen == [CHARLOTTE, BINGLEY, JANE, DARCY, LYDIA]
        await press(pilot, "alt+a")
        assert toasts(pilot)[-1] == "Nothing unread."


async def test_alt_l_goes_back_and_numbers_open_chats() -> None:
    async with running(netherfield()) as pilot:
        await press(pilot, "alt+l")
        assert toasts(pilot)[-1] == "You were in no other chat yet."
        await visit(pilot, DARCY, BINGLEY, CHARLOTTE)
        await press(pilot, "alt+l")
        assert chat_of(pilot) == (ELIZABETH, BINGLEY)
        await press(pilot, "alt+l")
        assert chat_of(pilot) == (ELIZABETH, CHARLOTTE)
        await press(pilot, "alt+1")
        assert chat_of(pilot) == (ELIZABETH, DARCY)
        await press(pilot, "alt+9")
        assert "No chat has the number 9" in toasts(pilot)[-1]
        await press(pilot, "alt+w", "alt+1")
        assert chat_of(pilot) == (ELIZABETH, BINGLEY)


async def test_alt_u_shows_the_unread_line_or_fetches_what_is_around_it() -> None:
    scene = netherfield()
    old = [
        Message(f"old{n}", ELIZABETH, DARCY, Direction.INCOMING, NOW.replace(hour=10, minute=n % 60), f"word {n}")
        for n in range(60)
    ]
    async with running(scene, 100, 20) as pilot:
        app = app_of(pilot)
        await visit(pilot, CHARLOTTE)
        await press(pilot, "alt+u")
        assert toasts(pilot)[-1] == "Nothing was unread here."
        scene.publish(e.ConversationSummarised(ELIZABETH, DARCY, 30, "old30", NOW))
        await visit(pilot, DARCY)
        scene.publish(e.HistoryLoaded(ELIZABETH, DARCY, tuple(old), is_latest=True, is_start=True))
        await pilot.pause()
        assert "word 59" in cells(pilot)
        await press(pilot, "alt+u")
        assert "word 30" in cells(pilot)
        assert "word 59" not in cells(pilot)
        scene.publish(e.ConversationSummarised(ELIZABETH, LYDIA, 1, "long-gone", NOW))
        app.main.open_chat(ELIZABETH, LYDIA)
        await press(pilot, "alt+u")
        assert scene.engine.of(c.JumpTo) == [c.JumpTo(ELIZABETH, LYDIA, "long-gone")]


# -- the inbox ----------------------------------------------------------------------------------------------------


def lines(pilot: Pilot[None]) -> list[str]:
    return [line.rstrip() for line in cells(pilot).splitlines()]


async def test_the_inbox_lists_chats_by_activity_with_their_last_words() -> None:
    scene = netherfield()
    async with running(scene, 100, 20) as pilot:
        await press(pilot, "f5")
        assert scene.engine.of(c.ReadLastMessages) == [c.ReadLastMessages(ELIZABETH)]
        shown = lines(pilot)
        assert "2 chats, 3 unread" in shown[0]
        assert "Jane" in shown[1]
        assert "He asked me to dance again!" in shown[1]
        assert shown[1].endswith("2")
        assert "Darcy" in shown[2]
        mine = Message("m1", ELIZABETH, DARCY, Direction.OUTGOING, NOW, "I cannot talk of books.")
        scene.publish(e.MessageQueued(ELIZABETH, mine))
        await pilot.pause()
        assert "You: I cannot talk of books." in lines(pilot)[1]
        await press(pilot, "down", "enter")
        assert chat_of(pilot) == (ELIZABETH, JANE)
        assert app_of(pilot).screen is app_of(pilot).main


async def test_the_inbox_is_of_all_accounts_and_a_chat_opens_in_its_own() -> None:
    scene = netherfield()
    scene.add_account(MARY)
    scene.publish(
        e.RosterReplaced(MARY, (contact(DARCY, "Mr. Darcy"),), None), received(DARCY, "Miss Mary.", 0.5, MARY)
    )
    async with running(scene, 120) as pilot:
        app_of(pilot).main.open_chat(ELIZABETH, BINGLEY)
        await press(pilot, "f5")
        first, second, *_ = cells(pilot).splitlines()[1:]
        assert "Mr. Darcy" in first
        assert "mary@longbourn.lit" in first
        assert "Jane" in second
        assert "elizabeth@longbourn" in second
        await press(pilot, "enter")
        assert chat_of(pilot) == (MARY, DARCY)
        assert app_of(pilot).desk.account == MARY


async def test_the_inbox_keys_mark_the_chat_under_the_cursor() -> None:
    scene = netherfield()
    async with running(scene, 100, 20) as pilot:
        marks = app_of(pilot).desk.marks
        await press(pilot, "f5", "down", "p")
        assert marks.of(ELIZABETH, DARCY).is_pinned
        assert "Darcy" in lines(pilot)[1]
        await press(pilot, "m", "l", "r")
        assert marks.of(ELIZABETH, DARCY).is_muted
        assert marks.of(ELIZABETH, DARCY).is_for_later
        assert scene.engine.of(c.MarkRead) == [c.MarkRead(ELIZABETH, DARCY)]
        await press(pilot, "a")
        assert "▸ Archived" in lines(pilot)[2]
        assert not any("Darcy" in line for line in lines(pilot)[1:5] if "archived" not in line)
        await press(pilot, "end", "enter")
        assert "Darcy" in lines(pilot)[3]
        await press(pilot, "down", "a", "escape")
        assert not marks.of(ELIZABETH, DARCY).is_archived
        assert app_of(pilot).screen is app_of(pilot).main


async def test_the_inbox_shows_only_what_is_unread_or_for_later() -> None:
    scene = netherfield()
    scene.publish(received(CHARLOTTE, "Come to Hunsford.", 50), e.ConversationRead(ELIZABETH, CHARLOTTE))
    async with running(scene, 100, 20) as pilot:
        app_of(pilot).desk.marks.put_off(ELIZABETH, CHARLOTTE, is_for_later=True)
        await press(pilot, "f5")
        assert any("Charlotte" in line for line in lines(pilot))
        await press(pilot, "tab")
        assert not any("Charlotte" in line for line in lines(pilot))
        assert any("Jane" in line for line in lines(pilot))
        await press(pilot, "tab")
        assert "Charlotte" in lines(pilot)[1]
        await press(pilot, "l")
        assert "Nothing is marked for later." in cells(pilot)
        await pilot.click(InboxList, offset=(3, 0))
        await pilot.pause()
        assert "Jane" in lines(pilot)[1]


async def test_an_open_chat_under_the_inbox_is_not_read_until_it_is_seen() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await visit(pilot, BINGLEY)
        scene.publish(e.HistoryLoaded(ELIZABETH, BINGLEY, (), is_latest=True, is_start=True))
        await press(pilot, "f5")
        scene.publish(received(BINGLEY, "Shall we dance?"))
        await pilot.pause()
        assert scene.engine.of(c.MarkRead) == []
        await press(pilot, "f5")
        assert scene.engine.of(c.MarkRead) == [c.MarkRead(ELIZABETH, BINGLEY)]


async def test_keys_of_everywhere_lead_out_of_the_inbox() -> None:
    async with running(netherfield()) as pilot:
        await press(pilot, "f5", "alt+a")
        assert chat_of(pilot) == (ELIZABETH, JANE)
        assert app_of(pilot).screen is app_of(pilot).main
        await write(pilot, "/inbox")
        assert isinstance(app_of(pilot).screen, InboxScreen)
        await press(pilot, "q")
        assert app_of(pilot).screen is app_of(pilot).main


def test_when_is_said_in_a_word() -> None:
    now = NOW.astimezone().replace(hour=12)
    assert when_words(now.replace(hour=9, minute=5), now) == "09:05"
    assert when_words(now - timedelta(days=1), now) == "Yesterday"
    assert when_words(now - timedelta(days=3), now) == f"{now - timedelta(days=3):%a}"
    assert when_words(now.replace(month=1, day=2), now) == "2 Jan"
    assert when_words(now.replace(year=2020, month=1), now) == "Jan 2020"
    assert when_words(None, now) == ""


# -- what counts as unread ----------------------------------------------------------------------------------------


async def test_the_title_counts_what_may_call_and_no_muted_chat() -> None:
    scene = netherfield()
    async with running(scene, 120) as pilot:
        app = app_of(pilot)
        assert app._title_written == "" or app._title_written == "(3) tui_xmpp"
        scene.publish(received(BINGLEY, "Dance?"), received(BINGLEY, "Elizabeth, dance?", 0.5))
        await pilot.pause()
        assert app._title_written == "(5) tui_xmpp"
        app.main.roster.select(ELIZABETH, JANE)
        app.perform("mute")
        await pilot.pause()
        assert app._title_written == "(3) tui_xmpp"
        assert "3 unread" in cells(pilot)
        app.main.roster.select(ELIZABETH, BINGLEY)
        app.perform("mute", "mention")
        await pilot.pause()
        assert app._title_written == "(2) tui_xmpp", "of Bingley's two one names her"
        scene.publish(received(JANE, "Lizzy?"), e.ConversationRead(ELIZABETH, BINGLEY))
        await pilot.pause()
        assert app._title_written == "(1) tui_xmpp"
        scene.publish(e.ConversationRead(ELIZABETH, DARCY))
        await pilot.pause()
        assert app._title_written == "tui_xmpp"
        app.main.roster.select(ELIZABETH, JANE)
        app.perform("mute", "always")
        await pilot.pause()
        assert app._title_written == "(3) tui_xmpp"


async def test_a_chat_that_was_never_opened_calls_by_what_is_stored_of_it() -> None:
    scene = netherfield()
    scene.publish(e.ConversationSummarised(ELIZABETH, BINGLEY, 7, "some", NOW, mentions=2))
    async with running(scene, 120) as pilot:
        app = app_of(pilot)
        app.desk.marks.notify(ELIZABETH, BINGLEY, Notify.MENTION)
        app.main.follow_marks()
        await pilot.pause()
        assert app._title_written == "(5) tui_xmpp"
        scene.publish(e.MessagesMerged(ELIZABETH, BINGLEY, (), 3, "some", mentions=1))
        await pilot.pause()
        assert app._title_written == "(4) tui_xmpp"


async def test_what_calls_comes_before_what_waits_for_a_name_and_that_before_the_muted() -> None:
    scene = netherfield()
    scene.publish(received(BINGLEY, "Dance?", 2), received(CHARLOTTE, "Tea?", 1))
    async with running(scene, 120) as pilot:
        app = app_of(pilot)
        app.desk.marks.notify(ELIZABETH, CHARLOTTE, Notify.NEVER)
        app.desk.marks.notify(ELIZABETH, BINGLEY, Notify.MENTION)
        app.perform("inbox")
        await press(pilot, "tab")
        shown = [line.split()[1] for line in cells(pilot).splitlines()[1:5]]
        assert shown == ["Jane", "Fitzwilliam", "Bingley", "Charlotte"]
        await press(pilot, "escape")
        order = []
        for _ in range(4):
            app.perform("next-unread")
            await pilot.pause()
            assert app.main.chat is not None
            order.append(app.main.chat[1])
            scene.publish(e.ConversationRead(*app.main.chat))
            await pilot.pause()
        assert order == [JANE, DARCY, BINGLEY, CHARLOTTE]
