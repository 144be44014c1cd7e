"""One conversation: who it is with, what was said, and where to write."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widget import Widget

from tui_xmpp.clock import Clock, SystemClock
from tui_xmpp.core.views import Views
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.widgets.composer import Completer, Completion, CompletionList, Composer
from tui_xmpp.ui.widgets.conversation_log import ConversationLog


def _complete_nothing(text: str, cursor: int) -> tuple[Completion, ...]:
    return ()


class ConversationPane(Widget):
    """Show one conversation and take what the user writes."""

    DEFAULT_CSS = """
    ConversationPane { layout: vertical; }
    ConversationLog { height: 1fr; }
    """

    def __init__(
        self,
        views: Views,
        complete: Completer = _complete_nothing,
        *,
        clock: Clock | None = None,
        time_format: str = "%H:%M",
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self._views = views
        self._complete = complete
        self._clock = clock or SystemClock()
        self._time_format = time_format
        self.account: BareJID | None = None
        self.peer: BareJID | None = None
        self.log_lines = ConversationLog()
        self.completions = CompletionList()
        self.composer = Composer()

    def compose(self) -> ComposeResult:
        yield self.log_lines
        yield self.completions
        yield self.composer

    def show(self, account: BareJID | None, peer: BareJID | None) -> None:
        """Turn to a conversation, or to none; drafts and places stay with their conversations."""
        self.account, self.peer = account, peer
        self.refresh_from(self._views)

    def refresh_from(self, views: Views) -> None:
        """Draw anew what differs in the conversation shown."""

    def focus_composer(self) -> None:
        """Put the cursor where the user writes."""
        self.composer.focus()
