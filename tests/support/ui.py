"""A small host for one conversation: the real client and store without an engine, and what the pane asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from textual.app import App, ComposeResult
from textual.events import Key
from textual.message import Message as UiMessage
from textual.pilot import Pilot
from textual.screen import Screen

from tui_xmpp.core.events import (
    AccountAdded,
    ConnectionChanged,
    Event,
    HistoryLoaded,
    PresenceChanged,
    RosterReplaced,
)
from tui_xmpp.core.model import (
    Connection,
    Direction,
    Message,
    OwnPresence,
    Phase,
    Presence,
    RosterItem,
    Show,
    Subscription,
)
from tui_xmpp.core.settings import Settings
from tui_xmpp.core.store import Store
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.theme import DARK, LIGHT
from tui_xmpp.ui.widgets.completion_list import Completer, Completion
from tui_xmpp.ui.widgets.composer import Composer
from tui_xmpp.ui.widgets.conversation import ConversationPane
from tui_xmpp.ui.widgets.conversation_log import ConversationLog
from tui_xmpp.worker.client import Client

ELIZABETH = BareJID.parse("elizabeth@longbourn.lit")
DARCY = BareJID.parse("darcy@pemberley.lit")
JANE = BareJID.parse("jane@longbourn.lit")
EVENING = datetime(2026, 11, 19, 20, 14, tzinfo=UTC)


def said(body: str, *, minutes: float = 0, outgoing: bool = False, key: str = "", **fields: Any) -> Message:
    """Return a message of the conversation between Elizabeth and Darcy."""
    whole = {"account": ELIZABETH, "peer": DARCY, "key": key or f"{minutes}:{body}", **fields}
    direction = Direction.OUTGOING if outgoing else Direction.INCOMING
    return Message(direction=direction, stamp=EVENING + timedelta(minutes=minutes), body=body, **whole)


def history(*messages: Message, peer: BareJID = DARCY, is_latest: bool = True, is_start: bool = True) -> HistoryLoaded:
    """Return the fact that a page was loaded."""
    return HistoryLoaded(ELIZABETH, peer, messages, is_latest=is_latest, is_start=is_start)


def beginning() -> list[Event]:
    """Return Elizabeth online, with Darcy and Jane on the roster."""
    return [
        AccountAdded(ELIZABETH, OwnPresence()),
        ConnectionChanged(ELIZABETH, Connection(Phase.ONLINE)),
        RosterReplaced(
            ELIZABETH,
            (
                RosterItem(DARCY, "Fitzwilliam Darcy", ("Friends",), Subscription.BOTH),
                RosterItem(JANE, "Jane", ("Friends",), Subscription.TO),
            ),
            None,
        ),
        PresenceChanged(ELIZABETH, DARCY.with_resource("library"), Presence(Show.AWAY, "at the ball")),
    ]


def complete_commands(text: str, cursor: int) -> Sequence[Completion]:
    """Offer a few commands, as the real registry does."""
    names = ("/add", "/away", "/approve", "/help", "/quit")
    before = text[:cursor]
    if not before.startswith("/") or " " in before:
        return ()
    return [Completion(f"{name} ", name, f"what {name} does") for name in names if name.startswith(before)]


class HostScreen(Screen[None]):
    """Write down the verbs that are to be carried out, each with the message it is about."""

    def action_perform(self, verb: str) -> None:
        host = self.app
        assert isinstance(host, ConversationHost)
        host.performed.append((verb, host.log_lines.cursor))


class ConversationHost(App[None]):
    """Show a pane, pull when the doorbell rings, keep what was asked for in ``asked`` and ``performed``."""

    CSS = "Screen { layout: vertical; }"

    def __init__(self, *events: Event, complete: Completer = complete_commands, theme: str = DARK.name) -> None:
        super().__init__()
        self.client = Client(Store(), Settings())
        self.client.publish((*beginning(), *events))
        self.pane = ConversationPane(self.client.views, complete, self._keep, zone=UTC)
        self.asked: list[UiMessage | Composer.Submitted] = []
        self.performed: list[tuple[str, str | None]] = []
        self._first_theme = theme

    def get_default_screen(self) -> HostScreen:
        return HostScreen()

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = self._first_theme
        self.client.listen(self._ring)
        self.pane.show(ELIZABETH, DARCY)
        self.pane.focus_composer()

    @property
    def log_lines(self) -> ConversationLog:
        return self.pane.log_lines

    @property
    def composer(self) -> Composer:
        return self.pane.composer

    def _ring(self) -> None:
        self.call_later(self._pull)

    def _pull(self) -> None:
        if self.client.take().changes:
            self.pane.refresh_from(self.client.views)

    def tell(self, *events: Event) -> None:
        """Let facts be known and draw them, as the bridge does."""
        self.client.publish(events)
        self.pane.refresh_from(self.client.views)

    def rows(self) -> list[str]:
        """Return the text of each row of the log."""
        log = self.log_lines
        return [log.render_line(y).text.rstrip() for y in range(log.size.height)]

    def asked_for(self, kind: type[UiMessage] | type[Composer.Submitted]) -> list[UiMessage | Composer.Submitted]:
        """Return the messages of one kind that came up from the pane."""
        return [message for message in self.asked if type(message) is kind]

    def _keep(self, message: UiMessage | Composer.Submitted) -> None:
        self.asked.append(message)

    on_composer_draft_changed = _keep
    on_conversation_log_older_wanted = _keep
    on_conversation_log_latest_wanted = _keep
    on_conversation_log_read = _keep
    on_conversation_log_menu_wanted = _keep
    on_conversation_log_link_activated = _keep


async def type_at_once(pilot: Pilot[None], *keys: str) -> None:
    """Press keys as if all of them had been read from the terminal together."""
    for key in keys:
        pilot.app.post_message(Key(key, key if len(key) == 1 else {"space": " "}.get(key)))
    await all_heeded(pilot)


async def all_heeded(pilot: Pilot[None]) -> None:
    """Wait until all keys that were typed ahead have been heeded."""
    assert isinstance(pilot.app, TuiXmppApp)
    async with asyncio.timeout(20):
        await pilot.pause()
        while pilot.app.type_ahead.is_waiting:
            await pilot.pause()
    await pilot.pause()


def moved(message: Message, **fields: Any) -> Message:
    """Return the message with some fields changed."""
    return replace(message, **fields)
