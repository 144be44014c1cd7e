"""Layouts by name: saved, taken up, offered, deleted; and what is not here any more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from tests.support.scenes import BINGLEY, CHARLOTTE, DARCY, ELIZABETH, JANE, Scene
from tests.ui.test_screen import app_of, cells, running, toasts, write
from tests.ui.test_splits import furnished, main_of, peers, press, visit
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.ui.commands import complete
from tui_xmpp.ui.layouts import DELETE, MOST_LAYOUTS, SAVE, Layouts, SavedLayout
from tui_xmpp.ui.palette import PaletteScreen
from tui_xmpp.ui.screens.confirm import ConfirmScreen
from tui_xmpp.ui.screens.saved_layouts import LayoutsScreen
from tui_xmpp.worker.client import Remembered

BALL = SavedLayout("Ball", ((ELIZABETH, DARCY), None, (ELIZABETH, JANE)), 2, False, True, 24)


def kept_in(scene: Scene) -> list[str]:
    return [layout.name for layout in Layouts(scene.client).all()]


async def saved(pilot: Pilot[None], name: str) -> None:
    """Save what is on the screen: Darcy and Bingley beside each other, the latter written to."""
    await visit(pilot, BINGLEY, DARCY)
    await press(pilot, "alt+v")
    await write(pilot, f"/layout save {name}")


def test_a_layout_is_read_as_it_was_written() -> None:
    assert SavedLayout.read(BALL.written()) == BALL


@given(st.text() | st.from_regex(r'\{"name": .*\}') | st.sampled_from(['{"name": "x"}', "[]", "null", '{"name": 3}']))
def test_what_another_hand_has_broken_is_no_layout(text: str) -> None:
    assert SavedLayout.read(text) is None


async def test_a_layout_is_taken_up_again_whatever_came_between_and_after_a_restart() -> None:
    kept: dict[str, Remembered] = {}
    scene = furnished()
    scene.client.restore({}, kept.__setitem__)
    async with running(scene, 120, 40) as pilot:
        app_of(pilot).main.choose_roster_width(24)
        await saved(pilot, "Work")
        await write(pilot, "/layout")
        assert isinstance(app_of(pilot).screen, LayoutsScreen)
        assert "Work  Fitzwilliam Darcy, Bingley" in cells(pilot)
        await press(pilot, "escape")
        await press(pilot, *"half", "alt+x", "f2", "ctrl+t", "escape")
        app_of(pilot).main.choose_roster_width(40)
        await visit(pilot, CHARLOTTE)
        await write(pilot, "/layout work")
        assert peers(pilot) == [DARCY, BINGLEY]
        main = main_of(pilot)
        assert main.chat == (ELIZABETH, BINGLEY)
        assert main.conversation.composer.has_focus
        assert main.conversation.composer.text == "half"
        assert not main.has_class("-no-roster")
        assert not main.has_class("-status")
        assert main.roster.size.width == 24
    again = furnished()
    again.client.restore(kept, kept.__setitem__)
    async with running(again, 120, 40) as pilot:
        await write(pilot, "/layout WORK")
        assert peers(pilot) == [DARCY, BINGLEY]


async def test_hidden_and_opened_panes_come_back_and_order_is_kept_though_the_same_chats_are_open() -> None:
    scene = furnished()
    async with running(scene, 160, 45) as pilot:
        await saved(pilot, "one")
        await press(pilot, "ctrl+t", "escape", "ctrl+t", "f2")
        Layouts(scene.client).save(BALL)
        await write(pilot, "/layout ball")
        main = main_of(pilot)
        assert peers(pilot) == [DARCY, None, JANE]
        assert main.has_class("-no-roster")
        assert main.has_class("-status")
        assert main.chat == (ELIZABETH, JANE)
        Layouts(scene.client).save(SavedLayout("turned", ((ELIZABETH, JANE), (ELIZABETH, DARCY))))
        await write(pilot, "/layout turned")
        assert peers(pilot) == [JANE, DARCY]
        turns = [each for each in scene.engine.commands if isinstance(each, c.OpenConversation | c.CloseConversation)]
        opened = [c.OpenConversation(ELIZABETH, JANE), c.OpenConversation(ELIZABETH, DARCY)]
        assert turns[-2:] == opened, "nothing that is shown was closed after that"


async def test_who_is_not_here_any_more_leaves_a_place_that_says_so_and_a_chat_fills_it() -> None:
    scene = furnished()
    async with running(scene, 120, 40) as pilot:
        await saved(pilot, "old")
        scene.publish(e.RosterItemRemoved(ELIZABETH, BINGLEY, None), e.ConversationPurged(ELIZABETH, BINGLEY))
        await pilot.pause()
        await press(pilot, "alt+x")
        await write(pilot, "/layout old")
        assert peers(pilot) == [DARCY, None]
        assert "bingley@netherfield.lit" in cells(pilot)
        assert "is not in your list." in cells(pilot)
        await write(pilot, "/layout save new")
        new = Layouts(scene.client).find("new")
        assert new is not None
        assert new.chats == ((ELIZABETH, DARCY), (ELIZABETH, BINGLEY)), "the place is still theirs"
        await visit(pilot, JANE)
        assert peers(pilot) == [DARCY, JANE]
        assert "is not in your list" not in cells(pilot)


async def test_saving_over_and_deleting_are_asked_about() -> None:
    scene = furnished()
    async with running(scene, 120, 40) as pilot:
        await saved(pilot, "one")
        await press(pilot, "alt+x")
        await write(pilot, "/layout save ONE")
        assert isinstance(app_of(pilot).screen, ConfirmScreen)
        await press(pilot, "n")
        first = Layouts(scene.client).find("one")
        assert first is not None
        assert len(first.chats) == 2
        await write(pilot, "/layout save ONE")
        await press(pilot, "y")
        assert [len(layout.chats) for layout in Layouts(scene.client).all()] == [1]
        await write(pilot, "/layout delete one")
        await press(pilot, "y")
        assert kept_in(scene) == []
        await write(pilot, "/layout")
        assert "There is no layout yet" in toasts(pilot)[-1]


async def test_the_list_takes_one_up_and_deletes_one() -> None:
    scene = furnished()
    Layouts(scene.client).save(SavedLayout("alone", ((ELIZABETH, JANE),)))
    async with running(scene, 120, 40) as pilot:
        await saved(pilot, "both")
        await write(pilot, "/layout")
        await press(pilot, "delete", "y")
        assert kept_in(scene) == ["both"]
        assert isinstance(app_of(pilot).screen, LayoutsScreen)
        await press(pilot, "escape", "alt+x")
        await write(pilot, "/layout")
        await press(pilot, "enter")
        assert peers(pilot) == [DARCY, BINGLEY]


async def test_the_switcher_and_the_palette_find_layouts() -> None:
    scene = furnished()
    Layouts(scene.client).save(SavedLayout("work", ((ELIZABETH, JANE), (ELIZABETH, DARCY))))
    async with running(scene, 120, 40) as pilot:
        for key in ("ctrl+k", "ctrl+p"):
            await visit(pilot, BINGLEY)
            await press(pilot, key, *"layout wo")
            assert isinstance(app_of(pilot).screen, PaletteScreen)
            await press(pilot, "enter")
            assert peers(pilot) == [JANE, DARCY]
            await press(pilot, "alt+x")


async def test_names_are_completed_and_odd_ones_refused() -> None:
    scene = furnished()
    Layouts(scene.client).save(SavedLayout("work", ((ELIZABETH, JANE), (ELIZABETH, DARCY))))
    async with running(scene, 120, 40) as pilot:
        desk = app_of(pilot).desk
        await visit(pilot, DARCY)
        offered = [each.replacement for each in complete(desk, "/layout w", 9)]
        assert offered[0] == "/layout work"
        offered = [each.replacement for each in complete(desk, "/layout delete ", 15)]
        assert offered == ["/layout delete work"]
        for command, words in {
            "save": "Say what the layout is to be called",
            "save save me": "No layout can be called save me",
            f"save {'x' * 60}": "40 letters",
            "none such": "No layout is called none such. There are: work.",
            "delete": "Say which layout. There are: work.",
        }.items():
            await write(pilot, f"/layout {command}")
            assert words in toasts(pilot)[-1]
            await press(pilot, "ctrl+u")
        assert kept_in(scene) == ["work"]


async def test_there_are_only_so_many() -> None:
    scene = furnished()
    layouts = Layouts(scene.client)
    for number in range(MOST_LAYOUTS):
        layouts.save(SavedLayout(f"layout {number}"))
    async with running(scene, 120, 40) as pilot:
        await write(pilot, "/layout save more")
        assert f"There are {MOST_LAYOUTS} layouts already: /layout {DELETE}" in toasts(pilot)[-1]
        await write(pilot, f"/layout {SAVE} layout 3")
        await press(pilot, "y")
        assert len(kept_in(scene)) == MOST_LAYOUTS
