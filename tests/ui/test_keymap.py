"""Keys of one's own: what holds, what is refused and why, and that every place shows what holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input

from tests.support.scenes import DARCY, ELIZABETH, netherfield
from tui_xmpp.core.settings import KeyChoice, Settings, UiSettings
from tui_xmpp.ui.actions import ACTIONS, BY_ID, Place
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.keymap import VI, Keymap, read_key
from tui_xmpp.ui.screens.help import HelpScreen


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
        ("ctrl+ctrl+x", None),
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
        ("help", "ctrl+e", "keys.help: Ctrl+E is for moving or writing while writing already."),
        ("edit", "j", "keys.edit: j is for moving or writing in the list of people already."),
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
