"""Bring the worker's news to the screens: one ring, one Textual message, one batch, each widget told once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from textual.message import Message

from tui_xmpp.core.commands import Command
from tui_xmpp.worker.client import Client
from tui_xmpp.worker.doorbell import Batch

if TYPE_CHECKING:
    from textual.app import App

Answered = Callable[[str | None], None]
"""Called once with None when a command is done, with a sentence when it failed."""


@runtime_checkable
class Follower(Protocol):
    """A screen that wants to know what became stale."""

    def follow(self, batch: Batch) -> None:
        """Read anew what the batch names and this screen shows."""
        ...


class Bridge:
    """Stand between the client's doorbell and the app's message queue."""

    class Rung(Message):
        """A batch waits to be taken."""

    def __init__(self, app: App[None], client: Client, complain: Callable[[str], None]) -> None:
        self._app = app
        self._client = client
        self._complain = complain
        self._waiting: dict[int, Answered] = {}

    def open(self) -> None:
        """Begin to hear the doorbell."""
        self._client.listen(self._ring)

    def _ring(self) -> None:
        self._app.post_message(self.Rung())

    def close(self) -> None:
        """Hear no more."""
        self._client.listen(None)

    def submit(self, command: Command, answered: Answered | None = None) -> None:
        """Hand a command over. Its failure is told by ``answered``, or to the user where there is none."""
        ticket = self._client.submit(command)
        if answered is not None:
            self._waiting[ticket] = answered

    def deliver(self) -> Batch:
        """Take the batch, pass it on to the open screens, the topmost last, and return it."""
        batch = self._client.take()
        for screen in tuple(self._app.screen_stack):
            if not isinstance(screen, Follower):
                continue
            if screen.is_mounted:
                screen.follow(batch)
            else:
                # It reads the views when it is mounted; what came meanwhile waits in its own queue.
                screen.call_later(screen.follow, batch)
        for answer in batch.answers:
            answered = self._waiting.pop(answer.ticket, None)
            if answered is not None:
                answered(answer.failure)
            elif answer.failure is not None:
                self._complain(answer.failure)
        return batch
