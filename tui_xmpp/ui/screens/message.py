"""What opens from one message: the verbs for it in a small menu, its links to choose from, its XML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from xml.sax.saxutils import escape, quoteattr

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.widgets import Button, OptionList
from textual.widgets.option_list import Option

from tui_xmpp.core.model import Message
from tui_xmpp.core.text import BODY_LIMIT, sanitize_body, sanitize_line
from tui_xmpp.ui.actions import ACTIONS, Place
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.dialog import Choices, Dialog, button, buttons, words
from tui_xmpp.ui.screens.menu import Menu

_NOT_IN_MENU = ("message-menu", "write")


class MessageMenu(Menu):
    """The verbs that suit the message under the cursor."""

    def __init__(self, desk: Desk, beside: Region) -> None:
        # What applies is judged as things stand before the menu takes the cursor.
        verbs = (a for a in ACTIONS if a.place is Place.MESSAGES and a.id not in _NOT_IN_MENU and a.applies(desk))
        super().__init__(desk, Place.MESSAGES, beside, [(verb, verb.title) for verb in verbs], desk.app.perform)


class LinkScreen(Dialog[str]):
    """Let one of several links be chosen."""

    def __init__(self, question: str, links: Sequence[str]) -> None:
        super().__init__()
        self.title_words = question
        self._links = links

    def content(self) -> ComposeResult:
        yield Choices(*(Option(Text(sanitize_line(link, 300), overflow="fold")) for link in self._links))
        yield buttons(button("Cancel", "cancel"))

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._links[event.option_index])


class SourceScreen(Dialog[None]):
    """Show a message as XML, written anew from what is kept of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("c,y", "copy", "Copy", show=False)]
    DEFAULT_CSS = """
    SourceScreen > VerticalScroll { width: 92; }
    """

    title_words = "Source"

    def __init__(self, desk: Desk, message: Message) -> None:
        super().__init__()
        self._desk = desk
        self._xml = xml_of(message)

    def content(self) -> ComposeResult:
        yield words("Written anew from what is kept of the message; what it held besides is not kept.", "words dim")
        yield words(self._xml)
        yield buttons(button("C copy", "copy"), button("Close", "cancel", "main"))

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        """Copy the XML."""
        self._desk.app.copy_to_clipboard(self._xml)
        self._desk.say("Copied")


def xml_of(message: Message) -> str:
    """Return the stanza as far as it is known, made safe to show."""
    author = message.author or (message.account if message.is_outgoing else message.peer)
    to = message.peer if message.is_outgoing else message.account
    attributes = {"from": str(author), "to": str(to), "id": message.stanza_id or "", "type": message.kind.value}
    if message.is_outgoing and not message.stanza_id:
        attributes["id"] = message.key
    lines = ["<message " + " ".join(f"{name}={_quoted(value)}" for name, value in attributes.items() if value) + ">"]
    if message.subject:
        lines.append(f"  <subject>{_text(message.subject)}</subject>")
    if message.bodies:
        lines += [f"  <body xml:lang={_quoted(lang)}>{_text(body)}</body>" for lang, body in message.bodies]
    else:
        lines.append(f"  <body>{_text(message.body)}</body>")
    if message.thread:
        lines.append(f"  <thread>{_text(message.thread)}</thread>")
    for name, value, by in (
        ("origin-id", message.origin_id, ""),
        ("stanza-id", message.archive_id, f" by={_quoted(str(message.account))}"),
    ):
        if value:
            lines.append(f"  <{name} xmlns='urn:xmpp:sid:0' id={_quoted(value)}{by}/>")
    if message.is_delayed:
        lines.append(f"  <delay xmlns='urn:xmpp:delay' stamp='{message.stamp:%Y-%m-%dT%H:%M:%SZ}'/>")
    return "\n".join([*lines, "</message>"])


def _text(text: str) -> str:
    return escape(sanitize_body(text, BODY_LIMIT))


def _quoted(value: str) -> str:
    return quoteattr(sanitize_line(value))
