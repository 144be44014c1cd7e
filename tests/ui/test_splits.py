"""Conversations beside each other: opened, walked, read, closed, kept, and given up where there is no room."""

from __future__ import annotations

import pytest
from textual.events import AppBlur, AppFocus, Key
from textual.geometry import Region
from textual.pilot import Pilot

from tests.support.scenes import BINGLEY, CHARLOTTE, DARCY, ELIZABETH, JANE, LYDIA, NOW, Scene, netherfield, received
from tests.support.ui import all_heeded
from tests.ui.test_screen import app_of, cells, running, toasts
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Direction, Message
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.screens.main import MainScreen
from tui_xmpp.ui.widgets.splits import arrangement, parted
from tui_xmpp.worker.client import Remembered


def furnished() -> Scene:
    """Return a scene in which each chat that is opened is loaded."""
    scene = netherfield()

    def load(command: object) -> None:
        if isinstance(command, c.OpenConversation):
            said = Message(f"first-{command.peer}", ELIZABETH, command.peer, Direction.INCOMING, NOW, "Good evening.")
            scene.publish(e.HistoryLoaded(ELIZABETH, command.peer, (said,), is_latest=True, is_start=True))
        elif isinstance(command, c.SaveDraft):
            scene.publish(e.DraftChanged(ELIZABETH, command.peer, command.text))

    scene.engine.on_command = load
    return scene


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def main_of(pilot: Pilot[None]) -> MainScreen:
    return app_of(pilot).main


def peers(pilot: Pilot[None]) -> list[BareJID | None]:
    return [pane.peer for pane in main_of(pilot).splits.panes]


async def visit(pilot: Pilot[None], *wanted: BareJID) -> None:
    for peer in wanted:
        main_of(pilot).open_chat(ELIZABETH, peer)
        await pilot.pause()


@pytest.mark.parametrize(
    ("count", "width", "height", "wanted"),
    [
        (1, 20, 5, (1, 1)),
        (2, 83, 38, (2, 1)),
        (2, 49, 22, (1, 2)),
        (2, 60, 19, None),
        (3, 150, 40, (3, 1)),
        (3, 83, 38, (2, 2)),
        (4, 83, 38, (2, 2)),
        (4, 240, 60, (4, 1)),
        (4, 49, 22, None),
        (4, 40, 44, (1, 4)),
    ],
)
def test_panes_stand_beside_each_other_where_each_can_be_read(
    count: int, width: int, height: int, wanted: tuple[int, int] | None
) -> None:
    assert arrangement(count, width, height) == wanted


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize(("width", "height"), [(83, 38), (115, 43), (160, 45), (50, 60)])
def test_panes_fill_their_place_without_overlap(count: int, width: int, height: int) -> None:
    shape = arrangement(count, width, height)
    assert shape is not None
    regions = parted(Region(30, 1, width, height), count, *shape)
    cells = [(x, y) for region in regions for y in region.line_range for x in region.column_range]
    assert len(cells) == len(set(cells))
    assert {y for _, y in cells} == set(range(1, height + 1))
    assert min(cells)[0] == 30
    assert max(cells)[0] == 29 + width
    assert max(region.width for region in regions[:2]) - min(region.width for region in regions[:2]) <= 1


async def test_alt_v_opens_the_last_chat_beside_and_each_pane_writes_in_its_own() -> None:
    scene = furnished()
    async with running(scene, 120, 40) as pilot:
        await visit(pilot, BINGLEY, DARCY)
        await press(pilot, "alt+v")
        assert peers(pilot) == [DARCY, BINGLEY]
        await press(pilot, *"hop", "enter")
        assert scene.engine.of(c.SendMessage) == [c.SendMessage(ELIZABETH, BINGLEY, "hop")]
        await press(pilot, *"half")
        await press(pilot, "alt+s", *"books", "enter")
        assert scene.engine.of(c.SendMessage)[-1] == c.SendMessage(ELIZABETH, DARCY, "books")
        assert [pane.composer.text for pane in main_of(pilot).splits.panes] == ["", "half"]
        assert main_of(pilot).chat == (ELIZABETH, DARCY)
        shown = cells(pilot).splitlines()[0]
        assert "Fitzwilliam Darcy" in shown
        assert "Bingley" in shown


async def test_a_chat_in_sight_is_gone_to_and_never_shown_twice() -> None:
    scene = furnished()
    async with running(scene, 120, 40) as pilot:
        await visit(pilot, BINGLEY, DARCY)
        await press(pilot, "alt+v")
        await visit(pilot, DARCY)
        assert peers(pilot) == [DARCY, BINGLEY]
        assert main_of(pilot).focused is main_of(pilot).splits.panes[0].composer
        main_of(pilot).open_beside((ELIZABETH, BINGLEY))
        await pilot.pause()
        assert peers(pilot) == [DARCY, BINGLEY]
        assert main_of(pilot).focused is main_of(pilot).splits.panes[1].composer


async def test_alt_x_takes_the_pane_away_and_keeps_the_draft_for_any_other() -> None:
    scene = furnished()
    async with running(scene, 120, 40) as pilot:
        await visit(pilot, BINGLEY, DARCY)
        await press(pilot, "alt+v", *"half a", "alt+x")
        assert peers(pilot) == [DARCY]
        assert c.SaveDraft(ELIZABETH, BINGLEY, "half a") in scene.engine.commands
        assert scene.engine.of(c.CloseConversation)[-1] == c.CloseConversation(ELIZABETH, BINGLEY)
        assert main_of(pilot).focused is main_of(pilot).conversation.composer
        await visit(pilot, BINGLEY)
        assert main_of(pilot).conversation.composer.text == "half a"
        await press(pilot, *"lf", "alt+v")
        await visit(pilot, CHARLOTTE)
        assert peers(pilot) == [BINGLEY, CHARLOTTE]
        await press(pilot, "alt+s", "alt+w")
        assert peers(pilot) == [CHARLOTTE]
        await visit(pilot, BINGLEY)
        assert main_of(pilot).conversation.composer.text == "half alf"


async def test_there_are_four_at_most_and_the_empty_one_waits_for_a_chat() -> None:
    scene = furnished()
    async with running(scene, 160, 45) as pilot:
        await press(pilot, "alt+x")
        assert len(peers(pilot)) == 1
        await visit(pilot, DARCY)
        await press(pilot, "alt+v")
        assert peers(pilot) == [DARCY, None]
        await press(pilot, "ctrl+k", *"bing", "enter")
        assert peers(pilot) == [DARCY, BINGLEY]
        await press(pilot, "ctrl+k", *"charl", "ctrl+j")
        assert peers(pilot) == [DARCY, BINGLEY, CHARLOTTE]
        main_of(pilot).roster.focus()
        main_of(pilot).roster.select(ELIZABETH, JANE)
        await press(pilot, "alt+v")
        assert peers(pilot) == [DARCY, BINGLEY, CHARLOTTE, JANE]
        main_of(pilot).roster.focus()
        main_of(pilot).roster.select(ELIZABETH, LYDIA)
        await press(pilot, "alt+v")
        assert "4 conversations open already" in toasts(pilot)[-1]


async def test_what_is_typed_ahead_of_a_switch_goes_where_the_switch_leads() -> None:
    async with running(furnished(), 120, 40) as pilot:
        await visit(pilot, BINGLEY, DARCY)
        await press(pilot, "alt+v")
        for key in ("alt+s", "a", "alt+s", "b", "alt+1", "c", "f6", "d"):
            app_of(pilot).post_message(Key(key, key if len(key) == 1 else None))
        await all_heeded(pilot)
        assert [(pane.peer, pane.composer.text) for pane in main_of(pilot).splits.panes] == [
            (DARCY, "a"),
            (BINGLEY, "bc"),
        ]


async def test_f6_walks_the_list_and_all_panes() -> None:
    async with running(furnished(), 120, 40) as pilot:
        await visit(pilot, BINGLEY, DARCY)
        await press(pilot, "alt+v")
        main = main_of(pilot)
        first, second = (pane.composer for pane in main.splits.panes)
        stops = []
        for _ in range(4):
            await press(pilot, "f6")
            stops.append(main.focused)
        assert stops == [main.roster, first, second, main.roster]


async def test_a_click_goes_to_the_pane_it_is_in() -> None:
    async with running(furnished(), 120, 40) as pilot:
        await visit(pilot, BINGLEY, DARCY)
        await press(pilot, "alt+v")
        assert main_of(pilot).chat == (ELIZABETH, BINGLEY)
        await pilot.click(main_of(pilot).splits.panes[0].log_lines, offset=(3, 30))
        await pilot.pause()
        assert main_of(pilot).chat == (ELIZABETH, DARCY)
        assert main_of(pilot).roster.open_chats == {(ELIZABETH, DARCY), (ELIZABETH, BINGLEY)}


async def test_what_comes_is_read_in_every_pane_in_sight_while_the_terminal_has_the_focus() -> None:
    scene = furnished()
    async with running(scene, 120, 40) as pilot:
        await visit(pilot, BINGLEY, CHARLOTTE)
        await press(pilot, "alt+v")
        scene.publish(received(CHARLOTTE, "I am engaged to Mr. Collins."))
        await pilot.pause()
        assert main_of(pilot).chat == (ELIZABETH, BINGLEY)
        assert scene.engine.of(c.MarkRead) == [c.MarkRead(ELIZABETH, CHARLOTTE)]
        scene.publish(e.ConversationRead(ELIZABETH, CHARLOTTE))
        app_of(pilot).post_message(AppBlur())
        await pilot.pause()
        scene.publish(received(CHARLOTTE, "Now be not angry."))
        await pilot.pause()
        assert len(scene.engine.of(c.MarkRead)) == 1
        app_of(pilot).post_message(AppFocus())
        await pilot.pause()
        assert len(scene.engine.of(c.MarkRead)) == 2


async def test_where_there_is_no_room_one_pane_is_shown_and_only_that_is_read() -> None:
    scene = furnished()
    async with running(scene, 120, 40) as pilot:
        await visit(pilot, BINGLEY, CHARLOTTE)
        await press(pilot, "alt+v")
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        first, second = main_of(pilot).splits.panes
        assert (first.is_on_screen, second.is_on_screen) == (False, True)
        assert "Bingley ⊘ 2/2" in cells(pilot)
        scene.publish(received(CHARLOTTE, "I am engaged to Mr. Collins."))
        await pilot.pause()
        assert scene.engine.of(c.MarkRead) == []
        await press(pilot, "alt+s")
        assert "I am engaged to Mr. Collins." in cells(pilot)
        assert scene.engine.of(c.MarkRead) == [c.MarkRead(ELIZABETH, CHARLOTTE)]
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert first.is_on_screen
        assert second.is_on_screen


async def test_the_layout_comes_back_at_the_next_start_but_one_pane_alone_does_not() -> None:
    kept: dict[str, Remembered] = {}
    scene = furnished()
    scene.client.restore({}, kept.__setitem__)
    async with running(scene, 120, 40) as pilot:
        await visit(pilot, BINGLEY, DARCY)
        await press(pilot, "alt+v")
    again = furnished()
    again.client.restore(kept, kept.__setitem__)
    async with running(again, 120, 40) as pilot:
        await pilot.pause()
        assert peers(pilot) == [DARCY, BINGLEY]
        assert main_of(pilot).focused is main_of(pilot).roster
        assert [command.peer for command in again.engine.commands if isinstance(command, c.OpenConversation)] == [
            DARCY,
            BINGLEY,
        ]
        await press(pilot, "f6", "alt+x")
    third = furnished()
    third.client.restore(kept, kept.__setitem__)
    async with running(third, 120, 40) as pilot:
        assert peers(pilot) == [None]


async def test_panes_of_an_account_that_leaves_are_emptied() -> None:
    scene = furnished()
    async with running(scene, 120, 40) as pilot:
        await visit(pilot, BINGLEY, DARCY)
        await press(pilot, "alt+v")
        scene.publish(e.AccountRemoved(ELIZABETH))
        await pilot.pause()
        assert peers(pilot) == [None, None]
