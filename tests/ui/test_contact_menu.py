"""The menu of the list of people and of the inbox: what it offers of whom, and that it is about them."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.support.scenes import (
    BINGLEY,
    COLLINS,
    DARCY,
    ELIZABETH,
    JANE,
    LYDIA,
    WICKHAM,
    netherfield,
    received,
    requested,
)
from tests.ui.test_screen import app_of, cells, running
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.actions import BY_ID
from tui_xmpp.ui.screens.confirm import ConfirmScreen
from tui_xmpp.ui.screens.contact import EditContactScreen
from tui_xmpp.ui.screens.contact_menu import ContactMenu
from tui_xmpp.ui.screens.details import DetailsScreen
from tui_xmpp.ui.screens.inbox import InboxScreen


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def menu_of(pilot: Pilot[None]) -> ContactMenu:
    assert isinstance(pilot.app.screen, ContactMenu)
    return pilot.app.screen


def offered(pilot: Pilot[None]) -> set[str]:
    return {verb.id for verb in menu_of(pilot).verbs}


async def right_click(pilot: Pilot[None], peer: BareJID) -> None:
    """Click with the right button on the row of somebody."""
    roster = app_of(pilot).main.roster
    row = roster.rows.find(ELIZABETH, peer)
    assert row is not None
    await pilot.click(roster, offset=(6, 1 + (roster.rows.line(row) or 0)), button=3)
    await pilot.pause()


async def test_a_right_click_offers_what_suits_and_opens_nothing() -> None:
    scene = netherfield()
    async with running(scene, 120, 40) as pilot:
        await right_click(pilot, JANE)
        assert app_of(pilot).main.chat is None
        assert offered(pilot) >= {
            "chat",
            "split",
            "details",
            "edit",
            "mark-read",
            "pin-row",
            "mute",
            "later",
            "archive",
        }
        assert offered(pilot) >= {"unsubscribe", "subscription", "export", "block", "purge", "remove"}
        assert offered(pilot).isdisjoint({"add", "approve", "subscribe", "unblock"})
        shown = cells(pilot)
        for words in ("Write", "Pin ", "p ", "/mute", "Rename or move to groups", "Remove contact…", "Del"):
            assert words in shown
        await press(pilot, "escape")
        await right_click(pilot, COLLINS)
        assert "Take your request back" in cells(pilot)
        await press(pilot, "escape")
        await right_click(pilot, LYDIA)
        assert "subscribe" in offered(pilot)
        assert "mark-read" not in offered(pilot)


async def test_every_entry_is_about_the_one_who_was_clicked_whoever_else_is_open_or_waits() -> None:
    scene = netherfield()
    async with running(scene, 120, 40) as pilot:
        app_of(pilot).main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        await right_click(pilot, BINGLEY)
        await press(pilot, "p")
        assert app_of(pilot).desk.marks.of(ELIZABETH, BINGLEY).is_pinned
        await press(pilot, "m")
        assert "Unpin" in cells(pilot)
        await press(pilot, "r")
        assert isinstance(pilot.app.screen, EditContactScreen)
        assert pilot.app.screen.title_words == str(BINGLEY)
        await press(pilot, "escape", "m", "i")
        assert isinstance(pilot.app.screen, DetailsScreen)
        await press(pilot, "escape", "m")
        wanted = [verb.id for verb in menu_of(pilot).verbs].index("block")
        await press(pilot, "home", *["down"] * wanted, "enter")
        assert isinstance(pilot.app.screen, ConfirmScreen)
        assert pilot.app.screen.title_words == "Block Bingley?"
        await press(pilot, "y")
        assert scene.engine.of(c.BlockPeer) == [c.BlockPeer(ELIZABETH, BINGLEY)]
        await press(pilot, "m", "enter")
        assert app_of(pilot).main.chat == (ELIZABETH, BINGLEY)


async def test_who_asks_is_answered_from_the_menu_even_if_another_asks_too() -> None:
    scene = netherfield()
    scene.publish(received(WICKHAM, "Good day."), requested(LYDIA))
    async with running(scene, 120, 40) as pilot:
        await right_click(pilot, WICKHAM)
        assert "Put in your list" in cells(pilot)
        wanted = [verb.id for verb in menu_of(pilot).verbs].index("approve")
        await press(pilot, *["down"] * wanted, "enter")
        assert scene.engine.of(c.ApproveSubscription) == [c.ApproveSubscription(ELIZABETH, WICKHAM)]


async def test_beside_people_the_menu_is_for_the_list() -> None:
    scene = netherfield()
    async with running(scene, 120, 40) as pilot:
        for y in (0, 1, 2, 25):
            await pilot.click(app_of(pilot).main.roster, offset=(6, y), button=3)
            await pilot.pause()
            assert offered(pilot) == {"add-here", "requests", "order", "offline", "accounts"}
            await press(pilot, "escape")
        await pilot.click(app_of(pilot).main.roster, offset=(6, 2), button=3)
        await press(pilot, "o")
        assert not app_of(pilot).main.roster.rows.is_offline_shown


async def test_the_inbox_has_the_menu_too_and_stays_but_for_a_chat() -> None:
    scene = netherfield()
    scene.publish(received(BINGLEY, "Dance?", 0.5), e.ConversationRead(ELIZABETH, JANE))
    async with running(scene, 100, 30) as pilot:
        app = app_of(pilot)
        await press(pilot, "f5")
        assert isinstance(app.screen, InboxScreen)
        await pilot.click(app.screen.list, offset=(8, 1), button=3)
        await pilot.pause()
        assert menu_of(pilot).verbs[0] is BY_ID["chat"]
        shown = [line.strip() for line in cells(pilot).splitlines()]
        assert any(line.startswith("Mark read") and line.endswith(" r") for line in shown)
        assert any(line.startswith("Rename") and not line.endswith(" r") for line in shown)
        await press(pilot, "r", "o", "p")
        assert c.MarkRead(ELIZABETH, BINGLEY) in scene.engine.commands
        assert app.desk.marks.of(ELIZABETH, BINGLEY).is_pinned
        assert len(app.screen_stack) == 2
        await press(pilot, "o", "enter")
        assert len(app.screen_stack) == 1
        assert app.main.chat == (ELIZABETH, BINGLEY)


async def test_it_stands_beside_its_row_and_within_the_smallest_screen() -> None:
    for width, height in ((120, 40), (40, 12)):
        async with running(netherfield(), width, height) as pilot:
            app_of(pilot).main.roster.select(ELIZABETH, BINGLEY)
            app_of(pilot).main.roster.focus()
            await press(pilot, "m")
            options = menu_of(pilot).query_one("Choices")
            assert pilot.app.screen.region.contains_region(options.region)
            if height == 40:
                assert options.region.y == app_of(pilot).main.roster.selected_region.bottom
