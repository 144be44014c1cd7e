"""The screen for who listens to it: one plain line after the other, each whole, nothing beside it.

A screen reader reads a row from left to right and knows no columns, colours or bars. So each message begins with who
said it, each row of a list with whom it is about; states are words, and links are as they are.
"""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from tui_xmpp.core.links import card, is_file
from tui_xmpp.core.model import Delivery, Direction, Message, MessageKind, Subscription
from tui_xmpp.core.text import find_links, isolates, sanitize_body, sanitize_line
from tui_xmpp.core.views import ContactView
from tui_xmpp.ui.blocks import Block, Mark, Row, RowKind, edited_words, failure_words, has_failed, subject_words
from tui_xmpp.ui.chat_marks import Marks, Notify
from tui_xmpp.ui.message_text import ACTION, MessageText
from tui_xmpp.ui.render import Renderer
from tui_xmpp.ui.signs import WORDS, contact_doubt
from tui_xmpp.ui.wrapping import TAB, Span, wrap

_STATES = {
    Delivery.RECEIVED: "",
    Delivery.QUEUED: "waiting to be sent",
    Delivery.SENT: "sent",
    Delivery.ACKNOWLEDGED: "sent",
    Delivery.DELIVERED: "delivered",
    Delivery.DISPLAYED: "read",
    Delivery.FAILED: "not delivered",
}


def announcement(message: Message, author: str, time: str = "") -> str:
    """Return a message as it is to be read aloud: who said it, when, what, and what became of it."""
    body = sanitize_body(message.body).expandtabs(TAB)
    when = f"{time} " if time else ""
    if body.startswith(ACTION):
        said = f"{when}{author}{body[len(ACTION) - 1 :]}"
    else:
        subject = subject_words(message) if message.subject or message.kind is not MessageKind.CHAT else ""
        said = f"{when}{author}: {f'{subject}. ' if subject else ''}{_named(body)}"
    files = [f"\nFile {sanitize_line(words or url)}: {url}" for url, words in message.files if url not in message.body]
    states = [_STATES[message.delivery]] if message.delivery is not Delivery.RECEIVED else []
    states += ["late"] * message.is_delayed
    states += [edited_words(message)] if message.versions else []
    told = f" ({', '.join(states)})" if states else ""
    reactions = [
        f"\n{'You' if each.direction is Direction.OUTGOING else 'They'} reacted {' '.join(each.emojis)}"
        for each in message.reactions
    ]
    failure = f"\n{failure_words(message)}" if has_failed(message) else ""
    return "".join((said, *map(sanitize_body, files), told, *reactions, failure))


def _named(body: str) -> str:
    """Say what a file is before its address, where that is all there is."""
    links = find_links(body)
    if len(links) == 1 and body.strip() == links[0].url and is_file(body.strip()):
        name, _, host = card(links[0].url)[2:].rpartition(" · ")
        return f"File {name} at {host}: {links[0].url}"
    return body


def contact_words(contact: ContactView, marks: Marks, number: int | None = None) -> str:
    """Return a contact as a row to be read aloud: who, how they are, and what waits there."""
    told = [sanitize_line(contact.title), "blocked" if contact.is_blocked else WORDS[contact.show]]
    if contact.unread:
        told.append(f"{contact.unread} unread")
    if contact.status:
        told.append(sanitize_line(contact.status, 120))
    if contact.is_in_roster and contact.subscription is not Subscription.BOTH:
        told.append("asked, no answer yet" if contact.is_ask_pending else _SHARING[contact.subscription])
    if not contact.is_in_roster:
        told.append("not in your list")
    if contact_doubt(contact):
        told.append("may be mistaken for another")
    return ", ".join([*told, *mark_words(marks), *([f"chat {number}"] if number else [])])


_SHARING = {
    Subscription.TO: "they do not see you",
    Subscription.FROM: "you do not see them",
    Subscription.NONE: "neither sees the other",
}


def mark_words(marks: Marks) -> list[str]:
    """Name the marks of a chat."""
    rules = {Notify.ALWAYS: "", Notify.MENTION: "calls only by name", Notify.NEVER: "muted"}
    named = ("for later" * marks.is_for_later, rules[marks.notify], "pinned" * marks.is_pinned)
    return [*filter(None, named), *(["archived"] if marks.is_archived else [])]


class LinearRenderer(Renderer):
    """Draw each message as its announcement, one after the other."""

    def _block(self, message: Message, mark: Mark) -> Block:
        text = announcement(message, self._name(message), mark.time)
        rows = [Row(RowKind.DAY, mark.day)] if mark.day else []
        if mark.unread:
            rows.append(Row(RowKind.UNREAD, f"{mark.unread} unread"))
        rows += [Row(RowKind.BODY, "", start, end) for start, end in wrap(text, self.width - 1)]
        return Block(message, mark, MessageText(text, find_links(text)), tuple(rows))

    def _drawn(self, block: Block, index: int, y: int, selected: Span | None, *, has_cursor: bool) -> Strip:
        row = block.rows[index]
        base = self._plain + Style(bgcolor=self.palette.cursor) if has_cursor else self._plain
        if block.message is None or row.kind is not RowKind.BODY:
            return self._assembled([], [(row.text[: self.width], base)], "", base, base, y, None)
        said = self._said(block, block.message, row, base)
        before, after = isolates(block.text[row.start : row.end])
        return self._assembled([(before, base)], said, "", base, base, y, selected, after)
