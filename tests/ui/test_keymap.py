"""Keys of one's own: what holds, what is refused and why, and that every place shows what holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.binding import Binding
from textual.widgets import Input, OptionList

from tests.support.scenes import BINGLEY, DARCY, ELIZABETH, netherfield
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.settings import KeyChoice, Settings, UiSettings
from tui_xmpp.ui.actions import ACTIONS, BY_ID, Place
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.keymap import EDITING, VI, Keymap, read_key
from tui_xmpp.ui.screens.dialog import Choices
from tui_xmpp.ui.screens.help import HelpScreen
from tui_xmpp.ui.screens.inbox import InboxList
from tui_xmpp.ui.widgets.composer import Composer
from tui_xmpp.ui.widgets.conversation_log import ConversationLog
from tui_xmpp.ui.widgets.roster import Roster
from tui_xmpp.ui.widgets.status import StatusPane


def keymap(*choices: tuple[str, str | tuple[str, ...]], style: str = "standard") -> Keymap:
    made = [
        KeyChoice(action, (keys,) if isinstance(keys, str) else keys, f"config.toml:{line}")
        for line, (action, keys) in enumerate(choices, 1)
    ]
    return Keymap(Settings(ui=UiSettings(keys="vi" if style == "vi" else "standard"), keys=tuple(made)))


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("ctrl+t", "ctrl+t"),
        ("Ctrl+T", "ctrl+t"),
        ("shift+ctrl+z", "ctrl+shift+z"),
        ("?", "question_mark"),
        ("/", "slash"),
        ("alt+PgUp", "alt+pageup"),
        ("Esc", "escape"),
        ("F12", "f12"),
        ("G", "G"),
        ("g", "g"),
        ("shift+g", "G"),
        ("+", "plus"),
        ("ctrl++", "ctrl+plus"),
        ("é", "é"),
        ("ctrl", None),
        ("hurry+x", None),
        ("ctrl+vtrl+x", None),
        ("f99", None),
        ("", None),
        ("ctrl+", None),
        ("\x1b", None),
    ],
)
def test_a_key_is_read_as_people_write_it(written: str, key: str | None) -> None:
    assert read_key(written) == key


@given(st.text() | st.from_regex(r"((ctrl|alt|shift)\+)*.{0,9}"))
def test_whatever_is_written_for_a_key_is_one_or_none(written: str) -> None:
    key = read_key(written)
    assert key is None or read_key(key) == key


def test_every_usual_key_is_a_key_and_clashes_with_none() -> None:
    usual = keymap()
    for action in ACTIONS:
        for key in action.keys:
            assert read_key(key) is not None, key
    assert usual.overrides() == {}
    assert usual.problems == ()


def test_vi_keys_clash_with_none() -> None:
    vi = keymap(style="vi")
    for place in Place:
        keys = [key for action in ACTIONS if action.place is place for key in vi.keys(action)]
        assert len(keys) == len(set(keys)), place
    assert set(VI) & set(BY_ID), "vi's keys are of actions"
    assert vi.keys("details") == ("I",)


def test_a_choice_holds_and_may_be_a_list_or_none() -> None:
    found = keymap(("help", "f17"), ("status-pane", ("f13", "F14")), ("connect", "f15"), ("inbox", ()))
    assert found.problems == ()
    assert found.keys("help") == ("f17",)
    assert found.keys("status-pane") == ("f13", "f14")
    assert found.words("status-pane") == "F13"
    assert found.words("inbox") == "/inbox"
    assert found.overrides() == {
        "help": "f17",
        "status-pane": "f13,f14",
        "connect": "f15",
        "inbox": "unbound-inbox",
    }


def test_two_actions_may_change_their_keys() -> None:
    found = keymap(("status-pane", "ctrl+n"), ("add", "ctrl+t"))
    assert found.problems == ()
    assert (found.keys("status-pane"), found.keys("add")) == (("ctrl+n",), ("ctrl+t",))


@pytest.mark.parametrize(
    ("action", "key", "words"),
    [
        ("hlep", "f17", "config.toml:1: keys.hlep: there is no such action. Did you mean help?"),
        ("help", "f99", "config.toml:1: keys.help: f99 is not a key."),
        ("help", "ctrl+t", 'keys.help: Ctrl+T is for "Status" already. Give that one another key first.'),
        ("edit", "i", 'keys.edit: i is for "Details" in the list of people already.'),
        ("edit", "ctrl+t", 'keys.edit: Ctrl+T is for "Status" already.'),
        ("help", "ctrl+e", 'keys.help: Ctrl+E is for "End of the line" while writing already.'),
        ("help", "ctrl+v", "keys.help: Ctrl+V is for moving or writing while writing already."),
        ("edit", "j", 'keys.edit: j is for "Down" in lists and among messages already.'),
        ("up", "n", 'keys.up: n is for "Sort by state or name" in the list of people already.'),
        ("up", "tab", "keys.up: Tab is for moving or writing in lists and among messages already."),
        ("send", "x", "keys.send: x is for moving or writing while writing already."),
        ("help", "tab", "keys.help: Tab is for moving or writing already."),
    ],
)
def test_what_cannot_hold_is_named_and_the_rest_holds(action: str, key: str, words: str) -> None:
    found = keymap((action, key), ("quit", "f16"))
    (problem,) = found.problems
    assert words in problem
    assert problem.startswith("config.toml:1: ")
    assert found.keys("help") == BY_ID["help"].keys
    assert found.keys("edit") == BY_ID["edit"].keys
    assert found.keys("quit") == ("f16",)


def test_what_cannot_hold_is_not_taken_out_of_the_file() -> None:
    found = keymap(("hlep", "f17"), ("edit", "i"))
    assert [choice.action for choice in found.with_keys(BY_ID["quit"], ("f18",))] == ["hlep", "edit", "quit"]
    assert [choice.action for choice in found.with_keys(BY_ID["edit"], None)] == ["hlep"]


async def test_chosen_keys_work_and_are_shown_everywhere() -> None:
    scene = netherfield()
    scene.client.settings = replace(
        scene.client.settings, keys=(KeyChoice("status-pane", ("f13",)), KeyChoice("help", ("f17",)))
    )
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        await pilot.press("ctrl+t")
        await pilot.pause()
        assert not app.main.has_class("-status")
        await pilot.press("f13")
        await pilot.pause()
        assert app.main.has_class("-status")
        await pilot.press("f13")
        app.main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        footer = app.main.key_bar.render_line(0).text
        assert "F13 Status" in footer
        assert "F17 Help" in footer
        await pilot.press("f17")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)


async def test_keys_change_while_the_program_runs() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        app.desk.preferences.set_keys(app.desk.keymap.with_keys(BY_ID["status-pane"], ("f14",)))
        await pilot.press("f14")
        await pilot.pause()
        assert app.main.has_class("-status")
        assert scene.client.settings.keys == (KeyChoice("status-pane", ("f14",)),)
        app.desk.preferences.set_keys(app.desk.keymap.with_keys(BY_ID["status-pane"], None))
        await pilot.press("ctrl+t")
        await pilot.pause()
        assert not app.main.has_class("-status")


async def test_vi_keys_move_in_the_list_and_lead_to_writing() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        app.main.open_chat(ELIZABETH, DARCY)
        app.desk.preferences.set_named("ui.keys", "vi")
        app.main.roster.focus()
        await pilot.pause()
        await pilot.press("G")
        await pilot.pause()
        last = app.main.roster.selected
        await pilot.press("g")
        await pilot.pause()
        assert app.main.roster.selected != last
        await pilot.press("i")
        await pilot.pause()
        assert app.main.conversation.composer.has_focus
        await pilot.press("i")
        await pilot.pause()
        assert app.main.conversation.composer.text == "i"
        app.perform("settings")
        await pilot.pause()
        await pilot.press("g", "G")
        await pilot.pause()
        assert app.screen.query_one("#query", Input).value == "gG"


def test_a_text_field_keeps_its_own_keys() -> None:
    own = {key for binding in Input.BINDINGS if isinstance(binding, Binding) for key in binding.key.split(",")}
    assert own <= EDITING


def test_no_widget_binds_a_way_to_move_that_cannot_be_chosen_anew() -> None:
    for widget in (Roster, ConversationLog, StatusPane, InboxList, Choices, Composer):
        bound = [binding for binding in widget.BINDINGS if isinstance(binding, Binding)]
        fixed = {key for binding in bound if binding.id is None for key in binding.key.split(",")}
        assert fixed.isdisjoint(("pageup", "pagedown", "home", "end")), widget
        assert widget is Composer or fixed.isdisjoint(("up", "down")), "the composer's arrows go where text is"
        assert {binding.id for binding in bound} - {None} <= set(BY_ID)


async def test_moves_have_the_keys_of_ones_choice_in_every_list() -> None:
    chosen = (KeyChoice("down", ("ctrl+n", "J")), KeyChoice("add", ("f20",)), KeyChoice("filter", ("w",)))
    scene = netherfield(Settings(keys=chosen))
    app = TuiXmppApp(scene.client, clock=scene.clock)
    assert app.desk.keymap.problems == ()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        roster = app.main.roster

        async def line_after(*keys: str) -> int:
            await pilot.press("home", *keys)
            await pilot.pause()
            row = roster.selected
            assert row is not None
            return roster.rows.line(row) or 0

        assert await line_after() == 0
        assert await line_after("ctrl+n", "J") == 2
        assert await line_after("down", "j") == 0, "the usual ones are free now"
        await pilot.press("f", "w", *"bing", "enter")
        await pilot.pause()
        assert app.main.chat == (ELIZABETH, BINGLEY)
        for screen in ("settings", "help", "palette"):
            app.perform(screen)
            await pilot.pause()
            options = app.screen.query_one(OptionList)
            first = options.highlighted
            await pilot.press("down")
            assert options.highlighted == first
            await pilot.press("ctrl+n")
            assert options.highlighted != first
            await pilot.press("J")
            assert app.screen.query_one("#query", Input).value == "J", "a letter is for the search"
            await pilot.press("backspace", "escape")
            await pilot.pause()
        app.perform("theme")
        await pilot.pause()
        await pilot.press("home", "ctrl+n", "J")
        assert app.screen.query_one(OptionList).highlighted == 2


async def test_enter_may_begin_a_line_and_another_key_send() -> None:
    scene = netherfield(Settings(keys=(KeyChoice("send", ("alt+enter",)), KeyChoice("new-line", ("enter",)))))
    app = TuiXmppApp(scene.client, clock=scene.clock)
    assert app.desk.keymap.problems == ()
    async with app.run_test(size=(120, 30)) as pilot:
        app.main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        await pilot.press("a", "enter", "b", "alt+enter")
        await pilot.pause()
        assert scene.engine.of(SendMessage) == [SendMessage(ELIZABETH, DARCY, "a\nb")]
