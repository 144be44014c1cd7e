"""Dark or light by the terminal: its answer is heard wherever it is cut, and never taken for keys."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from textual.events import Key

from tests.support.scenes import netherfield
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.background import BackgroundTold, Listener, hint

ANSWERS = {
    "\x1b]11;rgb:1515/1717/1c1c\x1b\\": True,
    "\x1b]11;rgb:fcfc/fbfb/f8f8\x07": False,
    "\x1b]11;rgba:ffff/ffff/ffff/ffff\x1b\\": False,
    "\x1b]11;rgb:0/0/0\x07": True,
}


def heard(*parts: str) -> tuple[list[bool], str]:
    listener = Listener()
    told: list[bool] = []
    keys = ""
    for part in parts:
        for event in listener.feed(part):
            if isinstance(event, BackgroundTold):
                told.append(event.is_dark)
            elif isinstance(event, Key):
                keys += event.character or ""
    return told, keys


@pytest.mark.parametrize(("answer", "is_dark"), ANSWERS.items())
def test_an_answer_is_heard_wherever_it_is_cut_and_is_no_key(answer: str, is_dark: bool) -> None:
    for cut in range(len(answer)):
        assert heard(f"a{answer[:cut]}", f"{answer[cut:]}b") == ([is_dark], "ab")
    assert heard(f"ab{answer}c") == ([is_dark], "abc")


@pytest.mark.parametrize(
    ("typed", "keys"),
    [("\x1b", ["escape"]), ("\x1b]", ["right_square_bracket"]), ("a\x1b", ["a", "escape"])],
)
def test_what_might_begin_an_answer_is_a_key_when_nothing_follows(typed: str, keys: list[str]) -> None:
    listener = Listener()
    found = [*listener.feed(typed), *listener.tick(), *listener.feed("b")]
    assert [event.key for event in found if isinstance(event, Key)] == [*keys, "b"]


def test_what_only_begins_like_an_answer_is_not_held_for_long() -> None:
    assert heard("\x1b]11;" + "x" * 60)[0] == []
    assert heard("hello", " world") == ([], "hello world")


@pytest.mark.parametrize(
    ("colors", "is_dark"), [("15;0", True), ("0;15", False), ("0;default;7", False), ("x", None), ("", None)]
)
def test_the_environment_hints(colors: str, is_dark: bool | None) -> None:
    assert hint({"COLORFGBG": colors}) is is_dark


async def test_the_theme_follows_the_terminal_and_is_remembered() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test() as pilot:
        assert app.theme == "tui-xmpp-dark"
        app.post_message(BackgroundTold(is_dark=False))
        await pilot.pause()
        assert app.theme == "tui-xmpp-light"
    again = TuiXmppApp(scene.client, clock=scene.clock)
    assert again.theme == "tui-xmpp-light"


async def test_a_theme_that_was_chosen_stays() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test() as pilot:
        app.set_theme("nord")
        app.post_message(BackgroundTold(is_dark=False))
        await pilot.pause()
        assert app.theme == "nord"
        assert scene.client.settings.ui.theme == "nord"


def test_few_colours_are_the_terminals_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLORTERM", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "linux")
    app = TuiXmppApp(netherfield().client, environ=MappingProxyType({"TERM": "linux"}))
    assert app.theme == "tui-xmpp-terminal"
    monkeypatch.setenv("TERM", "xterm-256color")
    app = TuiXmppApp(netherfield().client, environ=MappingProxyType({"COLORFGBG": "0;15"}))
    assert app.theme == "tui-xmpp-light"
