"""What a message says, as it is shown: safe, with its styles found, its links short and its files as cards."""

from __future__ import annotations

from dataclasses import replace

from tui_xmpp.core.links import card, is_file, is_sound, shown
from tui_xmpp.core.model import Message
from tui_xmpp.core.styling import Line, Look, is_styled, parse
from tui_xmpp.core.text import Link, find_links, sanitize_body, sanitize_line
from tui_xmpp.ui.wrapping import TAB, Span, extends
from tui_xmpp.values import dataclass

ACTION = "/me "
"""How a body begins that tells what its author does (XEP-0245)."""
LONGEST_LINK = 56
"""Most characters of a link that are shown, where the pane is that wide."""


@dataclass(frozen=True, slots=True)
class MessageText:
    """The text of one message. ``text`` is what is shown; a link in it may be shorter than the address it opens.

    ``lines`` is empty where there is no style at all. ``name`` is where the author stands in a ``/me``.
    """

    text: str
    links: tuple[Link, ...] = ()
    lines: tuple[Line, ...] = ()
    name: Span = (0, 0)

    def is_card(self, link: Link) -> bool:
        """Say whether a link is shown as the card of a file."""
        return " " in self.text[link.start : link.end]

    def copied(self, start: int, end: int) -> str:
        """Return ``text[start:end]`` with each link that it touches whole, as it opens."""
        pieces: list[str] = []
        for link in self.links:
            if link.end <= start or link.start >= end or self.text[link.start : link.end] == link.url:
                continue
            pieces += (self.text[start : max(start, link.start)], link.url)
            start = link.end
        return "".join((*pieces, self.text[start:end]))


def is_action(message: Message) -> bool:
    """Say whether a message tells what its author does instead of what they say."""
    return message.body.startswith(ACTION)


def message_text(message: Message, author: str, room: int) -> MessageText:
    """Return what a message says where a line has ``room`` cells; ``author`` is how its author is called."""
    body = message.body
    text = sanitize_body(body) if body else ""
    if "\t" in text:
        text = text.expandtabs(TAB)
    name = (0, 0)
    if body.startswith(ACTION):
        text = f"* {author}{text[len(ACTION) - 1 :]}"
        name = (2, 2 + len(author))
    is_plain = message.is_unstyled or not is_styled(text)
    said = MessageText(text, find_links(text), name=name)
    if said.links and (is_plain or "```" not in text):
        said = _shortened(said, message.files, min(LONGEST_LINK, room))
    if not is_plain and not _is_card(said):
        lines = parse(said.text)
        if any(line.spans or line.depth or line.code is not None for line in lines):
            said = replace(said, lines=lines)
    return _with_files(said, message) if message.files else said


def _is_card(said: MessageText) -> bool:
    return len(said.links) == 1 and said.links[0].start == 0 and said.links[0].end == len(said.text)


def _shortened(said: MessageText, files: tuple[tuple[str, str], ...], room: int) -> MessageText:
    """Write each link as it is to be shown; one that is all there is, and a file, as a card."""
    text, links = said.text, said.links
    if len(links) == 1 and text.strip() == links[0].url:
        url = links[0].url
        if is_file(url) or any(url == offered for offered, _ in files):
            line = card(url)
            return replace(said, text=line, links=(Link(0, len(line), url),))
    pieces: list[str] = []
    moved: list[Link] = []
    position = length = 0
    for link in links:
        written = shown(link.url, room)
        before = text[position : link.start]
        length += len(before)
        moved.append(Link(length, length + len(written), link.url))
        length += len(written)
        pieces += (before, written)
        position = link.end
        while written != link.url and position < len(text) and extends(text[position]):
            position += 1  # a mark on the link's last character, which is not shown
    pieces.append(text[position:])
    return replace(said, text="".join(pieces), links=tuple(moved))


def _with_files(said: MessageText, message: Message) -> MessageText:
    """Add a card for each address that came beside the text and does not stand in it (XEP-0066)."""
    text, links, lines = said.text, list(said.links), list(said.lines)
    for url, words in message.files:
        if url in message.body:
            continue
        can_open = is_sound(url)
        line = card(url) if can_open else sanitize_line(url)
        start = len(text) + 1 if text else 0
        if can_open:
            links.append(Link(start, start + len(line), url))
        about = sanitize_line(words, 200)
        text = f"{text}\n{line}" if text else line
        text += f" · {about}" if about else ""
        if lines:
            lines.append(Line(start, start, len(text)))
    return replace(said, text=text, links=tuple(links), lines=tuple(lines))


def preview(message: Message, author: str, limit: int = 300) -> str:
    """Return what a message says in one line: not what it only quotes, and a file by its name."""
    body = sanitize_body(message.body, limit) if message.body else message.subject
    if body.startswith(ACTION):
        return sanitize_line(f"* {author}{body[len(ACTION) - 1 :]}", limit)
    if is_sound(message.body.strip()) and is_file(message.body.strip()):
        return card(message.body.strip())
    own = [line for line in body.split("\n") if not line.startswith(">")]
    return sanitize_line("\n".join(own) if any(map(str.strip, own)) else body, limit)


# -- how each character looks -------------------------------------------------------------------------------------

DIRECTIVE, QUOTED, BAR, NAME = 16, 32, 64, 128
"""Bits beside those of :class:`~tui_xmpp.core.styling.Look`: a styling mark, quoted text, the bar before it, a name."""


def looks_of(said: MessageText) -> bytes:
    """Return the look of each character of the text, as bits; empty where all are plain."""
    if not said.lines and said.name == (0, 0):
        return b""
    looks = bytearray(len(said.text))
    for line in said.lines:
        if line.depth:
            _add(looks, line.start, line.content, BAR)
            _add(looks, line.content, line.end, QUOTED)
        if line.is_fence:
            _add(looks, line.content, line.end, DIRECTIVE)
        for span in line.spans:
            _add(looks, span.start, span.end, _BITS[span.look])
            for directive in (span.start, span.end - 1):
                looks[directive] |= DIRECTIVE
    _add(looks, *said.name, NAME)
    return bytes(looks)


_BITS = {look: look.value for look in Look}


def _add(looks: bytearray, start: int, end: int, bit: int) -> None:
    for index in range(start, end):
        looks[index] |= bit
