"""Where the user writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea

from tui_xmpp.jid import BareJID


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on. ``replacement`` takes the place of all text before the cursor."""

    replacement: str
    label: str
    help: str = ""


Completer = Callable[[str, int], Sequence[Completion]]
"""Given the text and the cursor's index in it, the ways to go on; none closes the list."""


class CompletionList(Widget):
    """The ways to go on, above the composer."""

    DEFAULT_CSS = "CompletionList { display: none; height: auto; }"


class Composer(TextArea):
    """A growing input that always says who is speaking and to whom."""

    DEFAULT_CSS = "Composer { height: auto; max-height: 33vh; }"

    @dataclass
    class Submitted(Message):
        """The user sends ``text`` (a message, or a slash command) in the chat it was typed in."""

        account: BareJID
        peer: BareJID
        text: str

    @dataclass
    class DraftChanged(Message):
        """What is written but not sent changed; posted at rest and at a switch of chats."""

        account: BareJID
        peer: BareJID
        text: str

    @dataclass
    class MessagesWanted(Message):
        """The user wants to walk the messages."""

    def replace_text(self, text: str) -> None:
        """Put ``text`` in place of what is written, as one step that can be undone."""
        self.text = text
