"""The messages of one conversation, drawn as lines."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.scroll_view import ScrollView

from tui_xmpp.core.views import ConversationView
from tui_xmpp.jid import BareJID


class ConversationLog(ScrollView, can_focus=True):
    """A scrolling window on the messages of one conversation."""

    @dataclass
    class _Wanted(Message):
        account: BareJID
        peer: BareJID

    @dataclass
    class OlderWanted(_Wanted):
        """The user scrolled to the oldest message loaded and more is stored."""

    @dataclass
    class LatestWanted(_Wanted):
        """The user wants the newest messages, which the window has left."""

    @dataclass
    class Read(_Wanted):
        """The newest message is in sight and some were unread."""

    @dataclass
    class ResendWanted(_Wanted):
        key: str

    @dataclass
    class EditWanted(_Wanted):
        """The user wants to write the failed message anew; the pane puts its text into the composer."""

        key: str

    @dataclass
    class DiscardWanted(_Wanted):
        key: str

    @dataclass
    class LinkActivated(Message):
        url: str

    @dataclass
    class Left(Message):
        """The user is done with the messages and wants to write."""

    def show(self, view: ConversationView | None) -> None:
        """Draw this picture of the conversation."""
