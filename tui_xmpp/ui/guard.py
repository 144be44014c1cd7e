"""Keep the screen alive when something in it breaks: one sentence for the user, the trace for the log file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from textual.message import Message
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    _Base = MessagePump
else:
    _Base = object


class Reporter(Protocol):
    """An app that can be told of its own faults."""

    def report(self, error: Exception) -> None:
        """Log the error and tell the user in one sentence."""
        ...


class Guarded(_Base):
    """Make a widget, screen or app outlive a fault in one of its own message handlers.

    Textual ends a pump whose handler raised: the widget would stay on screen and hear nothing any more.
    """

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            cast("Reporter", self.app).report(error)
