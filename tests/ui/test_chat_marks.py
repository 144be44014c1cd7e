"""Marks of chats: set, remembered, shown, and heeded."""

from __future__ import annotations

from tests.support.scenes import BINGLEY, DARCY, ELIZABETH, JANE, WICKHAM, netherfield, received
from tests.ui.test_screen import app_of, cells, running, toasts, write
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.settings import Settings
from tui_xmpp.core.store import Store
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.chat_marks import ChatMarks, Marks, Notify
from tui_xmpp.ui.trail import NUMBERS, Trail
from tui_xmpp.worker.client import Client, Remembered


def row_of(screen: str, name: str) -> str:
    """Return the roster's first row with a name."""
    return next(line[:30] for line in screen.splitlines() if name in line[:30])


def test_marks_are_kept_for_each_account_and_peer() -> None:
    kept: dict[str, Remembered] = {}
    client = Client(Store(), Settings())
    client.restore({}, kept.__setitem__)
    marks = ChatMarks(client)
    assert marks.of(ELIZABETH, DARCY) == Marks()
    marks.pin(ELIZABETH, DARCY, is_pinned=True)
    marks.pin(ELIZABETH, JANE, is_pinned=True)
    marks.put_off(ELIZABETH, DARCY, is_for_later=True)
    marks.notify(ELIZABETH, DARCY, Notify.MENTION)
    marks.notify(ELIZABETH, DARCY, Notify.NEVER)
    marks.archive(ELIZABETH, JANE, is_archived=True)
    marks.tell_reading(ELIZABETH, JANE, is_told=False)

    later = Client(Store(), Settings())
    later.restore(kept, lambda key, value: None)
    again = ChatMarks(later)
    assert again.of(ELIZABETH, DARCY) == Marks(is_pinned=True, is_for_later=True, notify=Notify.NEVER)
    assert again.of(ELIZABETH, JANE) == Marks(is_pinned=True, is_archived=True, is_reading_told=False)
    assert again.of(JANE, DARCY) == Marks()
    assert again.pinned() == ((ELIZABETH, DARCY), (ELIZABETH, JANE))
    again.pin(ELIZABETH, DARCY, is_pinned=False)
    assert again.pinned() == ((ELIZABETH, JANE),)


def test_what_is_remembered_wrongly_marks_nothing() -> None:
    client = Client(Store(), Settings())
    client.restore({"pinned chats": ["", "x", "a@b", "@ @"], "archived chats": 7}, lambda key, value: None)
    assert ChatMarks(client).pinned() == ()
    assert ChatMarks(client).of(ELIZABETH, DARCY) == Marks()


def chat(number: int) -> tuple[BareJID, BareJID]:
    return ELIZABETH, BareJID.parse(f"guest{number}@netherfield.lit")


def test_numbers_are_stable_pinned_first_and_the_longest_unvisited_gives_its_own_up() -> None:
    scene = netherfield()
    marks = ChatMarks(scene.client)
    trail = Trail(scene.client, marks)
    for number in range(NUMBERS):
        trail.visit(chat(number))
    trail.visit(chat(0))
    assert trail.numbered() == tuple(map(chat, range(NUMBERS)))
    trail.visit(chat(20))
    assert trail.numbered() == tuple(map(chat, (0, 20, *range(2, NUMBERS))))
    marks.pin(*chat(4), is_pinned=True)
    assert trail.numbered()[:4] == tuple(map(chat, (4, 0, 20, 2)))
    trail.leave(chat(0))
    assert trail.numbered()[:3] == tuple(map(chat, (4, 20, 2)))
    assert trail.visits()[:3] == (chat(20), chat(0), chat(8))


def test_chats_of_an_account_that_is_gone_have_no_number() -> None:
    trail = Trail(Client(Store(), Settings()), ChatMarks(Client(Store(), Settings())))
    trail.visit(chat(1))
    assert trail.numbered() == trail.visits() == ()


async def test_a_row_shows_pin_mute_and_later_and_a_muted_count_is_quiet() -> None:
    async with running(netherfield()) as pilot:
        app_of(pilot).main.open_chat(ELIZABETH, DARCY)
        await write(pilot, "/pin")
        await write(pilot, "/later jane@longbourn.lit")
        await write(pilot, "/mute")
        seen = cells(pilot)
        assert "∅⚲" in row_of(seen, "Darcy")
        assert row_of(seen, "Darcy").startswith(" 1 ")
        assert "⚑" in row_of(seen, "Jane")
        assert "Fitzwilliam Darcy is pinned." in toasts(pilot)
        assert app_of(pilot).desk.marks.of(ELIZABETH, DARCY).notify is Notify.NEVER
        await write(pilot, "/mute mention")
        assert "@⚲" in row_of(cells(pilot), "Darcy")
        await write(pilot, "/mute perhaps")
        assert any("perhaps is no rule" in toast for toast in toasts(pilot))
        await write(pilot, "/mute always")
        await write(pilot, "/pin")
        assert "⚲" not in row_of(cells(pilot), "Darcy")


async def test_an_archived_stranger_is_out_of_sight_until_they_write_again() -> None:
    scene = netherfield()
    scene.publish(received(WICKHAM, "I am all astonishment.", 30), e.ConversationRead(ELIZABETH, WICKHAM))
    async with running(scene) as pilot:
        desk = app_of(pilot).desk
        app_of(pilot).main.open_chat(ELIZABETH, JANE)
        assert "wickham@" in cells(pilot)
        await write(pilot, "/archive wickham@meryton.lit")
        assert desk.marks.of(ELIZABETH, WICKHAM).is_archived
        assert "wickham@" not in "\n".join(line[:30] for line in cells(pilot).splitlines())
        scene.publish(received(WICKHAM, "Come to the ball."))
        await pilot.pause()
        assert not desk.marks.of(ELIZABETH, WICKHAM).is_archived
        assert "wickham@" in row_of(cells(pilot), "wickham@")


async def test_a_muted_chat_stays_archived_and_archiving_marks_read() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        desk = app_of(pilot).desk
        app_of(pilot).main.open_chat(ELIZABETH, BINGLEY)
        await write(pilot, "/archive darcy@pemberley.lit")
        assert scene.engine.of(c.MarkRead) == [c.MarkRead(ELIZABETH, DARCY)]
        desk.marks.notify(ELIZABETH, DARCY, Notify.NEVER)
        scene.publish(received(DARCY, "I cannot talk of books in a ball-room."))
        await pilot.pause()
        assert desk.marks.of(ELIZABETH, DARCY).is_archived


async def test_what_is_read_of_one_person_can_be_kept_from_them() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        app_of(pilot).main.open_chat(ELIZABETH, BINGLEY)
        await write(pilot, "/tell-read darcy@pemberley.lit")
        assert "Fitzwilliam Darcy is no longer told what you have read." in toasts(pilot)
        await write(pilot, "/read darcy@pemberley.lit")
        await write(pilot, "/read jane@longbourn.lit")
        await write(pilot, "/info darcy@pemberley.lit")
        assert "They are not told what you have read" in cells(pilot)
        await pilot.press("escape")
        await write(pilot, "/tell-read darcy@pemberley.lit")
        await write(pilot, "/read darcy@pemberley.lit")
        assert scene.engine.of(c.MarkRead) == [
            c.MarkRead(ELIZABETH, DARCY, is_told=False),
            c.MarkRead(ELIZABETH, JANE),
            c.MarkRead(ELIZABETH, DARCY),
        ]


async def test_what_is_told_to_nobody_is_not_promised_to_one() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        desk = app_of(pilot).desk
        app_of(pilot).main.open_chat(ELIZABETH, BINGLEY)
        await write(pilot, "/tell-read darcy@pemberley.lit")
        await write(pilot, "/set send_markers off")
        await write(pilot, "/tell-read darcy@pemberley.lit")
        assert any("Nobody is told what you have read" in toast for toast in toasts(pilot))
        assert not desk.marks.of(ELIZABETH, DARCY).is_reading_told
