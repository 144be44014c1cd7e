"""When the user is called, and when not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from tests.support.scenes import (
    BINGLEY,
    CHARLOTTE,
    DARCY,
    ELIZABETH,
    JANE,
    LYDIA,
    WICKHAM,
    Scene,
    netherfield,
    received,
    requested,
)
from tests.support.terminal import Terminal
from tui_xmpp.core.commands import Command, MarkRead
from tui_xmpp.core.events import ConversationRead, Event, MessageReceived, MessagesMerged
from tui_xmpp.core.model import Direction
from tui_xmpp.core.settings import NotificationSettings, Settings
from tui_xmpp.ui import desktop_notices, notifications
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.chat_marks import Notify
from tui_xmpp.ui.desk import VerbError


class Called(TuiXmppApp):
    """Keeps what is written to the terminal."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.client, clock=scene.clock)
        self.written: list[str] = []

    def write_terminal(self, sequence: str) -> None:
        if not sequence.startswith("\x1b]0;"):
            self.written.append(sequence)

    def hears(self, scene: Scene, *events: Event) -> list[str]:
        """Publish facts, let the time pass in which they gather, and return what the terminal was to show."""
        self.written.clear()
        scene.publish(*events)
        self.calls.follow(self.bridge.deliver())
        self.calls.call()
        return [text[len("\x1b]9;") : -len("\x1b\\")] for text in self.written if text.startswith("\x1b]9;")]


@asynccontextmanager
async def called(marks: Notify | None = None, **chosen: Any) -> AsyncGenerator[tuple[Called, Scene]]:
    scene = netherfield(Settings(notifications=replace(NotificationSettings(terminal="osc9"), **chosen)))

    def answer(command: Command) -> None:
        if isinstance(command, MarkRead):
            scene.publish(ConversationRead(command.account, command.peer))

    scene.engine.on_command = answer
    app = Called(scene)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        if marks is not None:
            app.desk.marks.notify(ELIZABETH, DARCY, marks)
        yield app, scene


def is_quiet(app: Called) -> bool:
    return app.main.status_line.is_quiet


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test say when the time to gather is over; and be at the far end of SSH, where no desktop is."""
    monkeypatch.setattr(notifications, "GATHERING", 3600.0)
    monkeypatch.setenv("SSH_CONNECTION", "198.51.100.1 50000 198.51.100.2 22")


async def test_a_message_rings_and_names_who_wrote_it() -> None:
    async with called() as (app, scene):
        assert app.hears(scene, received(DARCY, "Do you\n dance?", 0)) == ["Fitzwilliam Darcy: Do you dance?"]
        assert app.written[0] == "\a"


async def test_a_burst_is_one_call_with_the_latest_words() -> None:
    async with called() as (app, scene):
        burst = [received(DARCY, f"word {number}", -number) for number in range(3)]
        assert app.hears(scene, *burst) == ["Fitzwilliam Darcy (3 messages): word 2"]
        assert app.written.count("\a") == 1


async def test_many_chats_at_once_are_counted_not_listed() -> None:
    async with called() as (app, scene):
        heard = [received(peer, "A ball!", -1) for peer in (DARCY, JANE, BINGLEY, CHARLOTTE)]
        assert app.hears(scene, *heard) == [" 4 new messages in 4 chats"]


async def test_old_messages_and_own_ones_call_nobody() -> None:
    async with called() as (app, scene):
        late = received(DARCY, "from yesterday", 600)
        assert app.hears(scene, replace(late, message=replace(late.message, is_delayed=True))) == []
        merged = MessagesMerged(ELIZABETH, DARCY, (received(DARCY, "from the archive", 700).message,), 3, None)
        assert app.hears(scene, merged) == []
        own = replace(received(DARCY, "mine", -5).message, direction=Direction.OUTGOING)
        assert app.hears(scene, MessageReceived(ELIZABETH, own)) == []
        assert app.written == []


async def test_what_was_read_on_another_device_calls_nobody() -> None:
    async with called() as (app, scene):
        assert app.hears(scene, received(DARCY, "Hello", -1), ConversationRead(ELIZABETH, DARCY)) == []


async def test_the_open_chat_calls_only_when_nobody_is_there() -> None:
    async with called() as (app, scene):
        app.main.open_chat(ELIZABETH, DARCY)
        seen = (received(DARCY, "Hello", -1), ConversationRead(ELIZABETH, DARCY))
        assert app.hears(scene, *seen) == []
        scene.clock.advance(notifications.WATCHING + 1)
        unseen = (received(DARCY, "Are you there?", -2), ConversationRead(ELIZABETH, DARCY))
        assert app.hears(scene, *unseen) == ["Fitzwilliam Darcy: Are you there?"]


async def test_what_is_being_read_calls_nobody() -> None:
    async with called() as (app, scene):
        app.main.open_chat(ELIZABETH, DARCY)
        scene.publish(ConversationRead(ELIZABETH, DARCY))
        scene.engine.on_command = lambda command: None  # what is reported as read does not come back yet
        assert app.hears(scene, received(DARCY, "Hello", -1)) == []
        assert app.hears(scene, received(JANE, "Hello", -1)) == ["Jane: Hello"]


@pytest.mark.parametrize(
    ("rule", "body", "is_called"),
    [
        (Notify.NEVER, "Elizabeth!", False),
        (Notify.MENTION, "Hello all", False),
        (Notify.MENTION, "Hello, elizabeth.", True),
        (Notify.ALWAYS, "Hello all", True),
    ],
)
async def test_the_rule_of_the_chat_decides(rule: Notify, body: str, is_called: bool) -> None:
    async with called(rule) as (app, scene):
        assert bool(app.hears(scene, received(DARCY, body, -1))) is is_called


async def test_without_a_rule_of_its_own_a_chat_has_the_usual_one() -> None:
    async with called(default_rule="never") as (app, scene):
        assert app.hears(scene, received(JANE, "Hello", -1)) == []
        app.desk.marks.notify(ELIZABETH, JANE, Notify.ALWAYS)
        assert app.hears(scene, received(JANE, "Hello again", -2)) == ["Jane: Hello again"]


async def test_quiet_hours_and_a_pause_keep_still_and_say_so() -> None:
    async with called() as (app, scene):
        app.perform("quiet", "1h")
        assert app.hears(scene, received(DARCY, "Hello", -1)) == []
        assert is_quiet(app)
        scene.clock.current += timedelta(hours=2)
        app.calls.show_quiet()
        assert not is_quiet(app)
        assert app.hears(scene, received(DARCY, "Good morning", -2)) != []
        now = app.calls.local_now()
        begin, end = (now - timedelta(hours=1)).strftime("%H:%M"), (now + timedelta(hours=1)).strftime("%H:%M")
        app.perform("quiet", f"{begin}-{end}")
        assert scene.engine.adopted[-1].notifications.quiet_hours == f"{begin}-{end}"
        assert app.hears(scene, received(DARCY, "Good night", -3)) == []
        app.perform("quiet", "off")
        assert app.hears(scene, received(DARCY, "Good day", -4)) != []


async def test_what_is_no_time_is_refused_in_a_sentence() -> None:
    async with called() as (app, _):
        with pytest.raises(VerbError, match="22:00-07:00"):
            notifications.quiet(app.desk, "soon")
        assert not app.calls.is_quiet


@pytest.mark.parametrize(
    ("text", "span"),
    [("30m", timedelta(minutes=30)), ("2 hours", timedelta(hours=2)), ("1h", timedelta(hours=1))]
    + [(text, None) for text in ("", "h", "0m", "999h", "1d", "22:00-07:00", "\N{SUPERSCRIPT TWO}h", "9" * 40 + "m")],
)
def test_spans_are_read(text: str, span: timedelta | None) -> None:
    assert notifications.read_span(text) == span


async def test_the_words_stay_hidden_where_the_user_wants_that() -> None:
    async with called(shows_text=False) as (app, scene):
        assert app.hears(scene, received(DARCY, "a secret", -1)) == ["A message from Fitzwilliam Darcy"]


async def test_a_request_calls_once() -> None:
    async with called() as (app, scene):
        assert app.hears(scene, requested(LYDIA, "Me too", "Lydia")) == ["Lydia: wants to see when you are online"]
        assert app.hears(scene, requested(LYDIA, "Me too", "Lydia")) == []
        assert app.hears(scene, requested(WICKHAM, "Again", "Wickham")) == []  # it waited before the start


async def test_s_36_no_name_and_no_text_reaches_the_terminal_raw() -> None:
    async with called() as (app, scene):
        (shown,) = app.hears(scene, received(DARCY, "\x1b]52;c;aGk=\x07\u202egnp.exe", -1))
        assert shown.isprintable()
        assert "\u202e" not in shown


async def test_a_desktop_that_fails_is_told_once_and_the_terminal_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        async def notify(self, title: str, text: str) -> bool:
            return False

    monkeypatch.setattr(desktop_notices, "has_desktop", lambda *_: True)
    monkeypatch.setattr(desktop_notices, "Desktop", Broken)
    async with called() as (app, scene):
        assert app.hears(scene, received(DARCY, "Hello", -1)) == []
        await app.workers.wait_for_complete()
        assert app.written[-1] == "\x1b]9;Fitzwilliam Darcy: Hello\x1b\\"
        assert app.hears(scene, received(DARCY, "Hello?", -2)) == ["Fitzwilliam Darcy: Hello?"]


async def test_a_desktop_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def __init__(self, app_name: str) -> None:
            self.app_name = app_name

        async def send(self, title: str, message: str) -> None:
            await asyncio.Event().wait()

    service = ModuleType("desktop_notifier")
    service.DesktopNotifier = Silent  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "desktop_notifier", service)
    monkeypatch.setattr(desktop_notices, "DEADLINE", 0.01)
    async with asyncio.timeout(20):
        assert not await desktop_notices.Desktop().notify("Darcy", "Hello")


async def test_the_user_can_try_how_it_sounds() -> None:
    async with called() as (app, _):
        app.perform("test-notification")
        assert app.written[0] == "\a"
        assert "This is how" in app.written[1]
    async with called(rings_bell=False, terminal="off") as (app, _):
        app.perform("test-notification")
        assert app.written == []


def test_the_terminal_is_asked_to_notify() -> None:
    command = [sys.executable, "-m", "tui_xmpp", "--demo"]
    with Terminal(command, environment={"LC_TERMINAL": "iTerm2"}) as terminal:
        terminal.wait_for("\a\x1b]9;Jane: ", timeout=40)
        assert b"\x1b]0;(" in terminal.output
