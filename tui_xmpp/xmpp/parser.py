"""The hardened stream parser: RFC 6120 §11 on top of expat.

Expat checks well-formedness and knows only the predefined entities; what XMPP forbids beyond that is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias
from xml.etree.ElementTree import SubElement
from xml.parsers import expat

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import LANG, Element, qualified, write_attribute
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition

STREAM_TAG: Final = qualified(ns.STREAMS, "stream")

_PIECE: Final = 1 << 14
_MANY_NAMES: Final = 1_000
_NEVER_IN_UTF_8: Final = b"\x00\xfe\xff"
"""By these expat takes a stream for UTF-16, whatever it was told."""
_SPACE: Final = " \t\r\n"
_C = StreamErrorCondition
_UNDEFINED_ENTITY: Final = expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]


class StreamViolation(TuiXmppError):
    """The peer sent what XMPP forbids; ``condition`` is the stream error to answer with. The parser is finished."""

    def __init__(self, condition: StreamErrorCondition, detail: str) -> None:
        super().__init__(detail)
        self.condition = condition
        self.detail = detail


@dataclass(frozen=True, slots=True)
class ParserLimits:
    """Bounds on what a peer may make us hold, each for one top-level element (S-27).

    ``max_bytes`` is counted on the bytes fed while the element is incomplete; an element that began in the middle of a
    read may exceed it by 16 KiB. ``max_elements`` counts descendants, ``max_attributes`` is for each element.
    """

    max_bytes: int = 1 << 20
    max_depth: int = 64
    max_elements: int = 50_000
    max_attributes: int = 256


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """The opening tag of the stream. Addresses are the text as received."""

    to: str | None
    from_: str | None
    id: str | None
    version: str | None
    lang: str | None


@dataclass(frozen=True, slots=True)
class StreamFooter:
    """The closing tag of the stream; what follows it is ignored."""


StreamItem: TypeAlias = StreamHeader | Element | StreamFooter


class StreamParser:
    """Turn the bytes of one stream (one parser each, C-STR-08) into its header, top-level elements and footer."""

    def __init__(self, limits: ParserLimits | None = None) -> None:
        self._limits = limits or ParserLimits()
        self._max_elements = self._limits.max_elements
        self._max_open = self._limits.max_depth - 2  # besides the stream and the one that opens
        self._items: list[StreamItem] = []  # completed in the piece being read
        self._open: list[Element] = []  # the top-level element being read, and what is open in it
        self._last: Element | None = None  # what has just ended: text that comes now follows it
        self._elements = 0  # in the top-level element being read
        self._pending = 0  # bytes fed of it
        self._held = bytearray()  # bytes after the last '>'
        self._declared: dict[str | None, str] = {}  # the stream's prefixes
        self._name = ""  # the stream's tag as written
        self._is_finished = False
        self._expat, self._names = _parser(), _Names()
        self._expat.StartElementHandler = self._start_stream
        self._expat.StartNamespaceDeclHandler = self._declared.__setitem__
        self._expat.StartDoctypeDeclHandler = _refuse_doctype
        self._watch()

    def feed(self, data: bytes) -> Iterator[StreamItem]:
        """Yield what ``data`` completed; read to the end before the next call.

        Raise StreamViolation after everything that came before the offence and could be told from it. Nothing is
        yielded after a violation or the footer.
        """
        limit = self._limits.max_bytes
        position = 0
        while position < len(data) and not self._is_finished:
            room = limit - self._pending
            end = position + _PIECE
            if room < _PIECE:
                # Near the limit go tag by tag: an element then ends exactly where a piece does.
                end = data.find(b">", position, position + room) + 1 or position + room + 1
            piece = data[position:end]
            position = end
            try:
                if len(piece) > room and not self._is_keepalive(piece):
                    raise _policy("more bytes in one element than allowed")
                yield from self._feed_piece(piece)
            except StreamViolation:
                self._is_finished = True
                raise

    def _is_keepalive(self, piece: bytes) -> bool:
        return not self._open and not self._pending and _is_blank(piece)

    def _feed_piece(self, piece: bytes) -> Iterator[StreamItem]:
        end = piece.rfind(b">") + 1
        if not end:
            # Expat gets whole tags: to look at one again and again takes it long (CVE-2023-52425), and versions that
            # mend that put off looking, so that the end of a stanza could wait for the next.
            if not self._is_keepalive(piece):
                self._held += piece
                self._pending += len(piece)
            return
        whole = bytes(self._held) + piece[:end]
        self._held[:] = piece[end:]
        violation: StreamViolation | None = None
        try:
            if not self._name and any(byte in whole for byte in _NEVER_IN_UTF_8):
                raise StreamViolation(_C.NOT_WELL_FORMED, "XML that is not UTF-8")
            self._expat.Parse(whole, False)
        except StreamViolation as found:
            violation = found
        except expat.ExpatError as error:
            is_entity = error.code == _UNDEFINED_ENTITY
            violation = (
                StreamViolation(_C.RESTRICTED_XML, "an entity that XML does not predefine")
                if is_entity
                else StreamViolation(_C.NOT_WELL_FORMED, "XML that is not well-formed")
            )
        items, self._items = self._items, []
        yield from items
        if self._is_finished:
            return
        if violation is not None:
            raise violation
        self._count(piece, has_completed=bool(items))

    def _count(self, piece: bytes, *, has_completed: bool) -> None:
        """Count the bytes of the element that is still incomplete after ``piece``."""
        if not has_completed:
            self._pending += len(piece)
            return
        self._pending = 0 if self._open or _is_blank(self._held) else len(self._held)
        if not self._open and not self._pending and len(self._expat.intern) > _MANY_NAMES:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Go on with a new parser: this one keeps every name it has met (C-XML-10)."""
        self._expat, self._names = _parser(), _Names()
        declared = [
            write_attribute(f"xmlns:{prefix}" if prefix else "xmlns", namespace)
            for prefix, namespace in self._declared.items()
        ]
        self._expat.Parse(f"<{self._name}{''.join(declared)}>", False)
        self._expat.StartElementHandler = self._start
        self._watch()

    # -- what expat finds -----------------------------------------------------------------------------------------

    def _watch(self) -> None:
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text
        self._expat.CommentHandler = self._expat.ProcessingInstructionHandler = _refuse_asides

    def _start_stream(self, name: str, attributes: dict[str, str]) -> None:
        """Check the stream's root (RFC 6120 §4.8)."""
        if self._names[name] != STREAM_TAG:
            raise StreamViolation(_C.INVALID_NAMESPACE, "something that is no XMPP stream")
        if ns.CLIENT not in self._declared.values():
            raise StreamViolation(_C.INVALID_NAMESPACE, "a stream that is not for clients")
        written = re.match(rb"<([^\s/>]+)", self._expat.GetInputContext() or b"")
        self._name = written[1].decode() if written is not None else ""
        get = self._named(attributes).get
        self._items.append(StreamHeader(get("to"), get("from"), get("id"), get("version"), get(LANG)))
        self._expat.StartElementHandler = self._start
        self._expat.StartNamespaceDeclHandler = None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > self._max_elements:
            raise _policy("more elements in one stanza than allowed")
        if attributes:
            attributes = self._named(attributes)
        opened = self._open
        if opened:
            if len(opened) > self._max_open:
                raise _policy("elements nested deeper than allowed")
            opened.append(SubElement(opened[-1], self._names[name], attributes))
            self._last = None
        else:
            opened.append(Element(self._names[name], attributes))

    def _named(self, attributes: dict[str, str]) -> dict[str, str]:
        """Return attributes by their Clark names."""
        if len(attributes) > self._limits.max_attributes:
            raise _policy("more attributes on one element than allowed")
        for key in attributes:
            if "}" in key:
                names = self._names
                return {names[key]: value for key, value in attributes.items()}
        return attributes

    def _end(self, name: str) -> None:
        if not self._open:
            self._is_finished = True
            self._items.append(StreamFooter())
            # What follows is not looked at, up to where it breaks the rules of XML.
            self._expat.CharacterDataHandler = self._expat.CommentHandler = None
            self._expat.ProcessingInstructionHandler = None
            return
        self._last = element = self._open.pop()
        if self._open:
            return
        if element.tag[:1] != "{":
            raise StreamViolation(_C.INVALID_NAMESPACE, "an element without namespace")
        self._last = None
        self._elements = 0
        self._items.append(element)

    def _text(self, text: str) -> None:
        if not self._open:
            if text.strip(_SPACE):
                raise StreamViolation(_C.BAD_FORMAT, "text between stanzas")
        elif self._last is not None:
            self._last.tail = (self._last.tail or "") + text
        else:
            element = self._open[-1]
            element.text = element.text + text if element.text else text


def _is_blank(data: bytes | bytearray) -> bool:
    return not data.strip(b" \t\r\n")


class _Names(dict[str, str]):
    """Clark names, by what expat makes of them: ``namespace}name``, or ``name``."""

    def __missing__(self, name: str) -> str:
        made = self[name] = "{" + name if "}" in name else name
        return made


def _parser() -> expat.XMLParserType:
    # RFC 6120 §11.6: no other encoding, whatever the declaration says.
    made = expat.ParserCreate("utf-8", "}")
    made.buffer_text = True
    if (defer := getattr(made, "SetReparseDeferralEnabled", None)) is not None:
        defer(False)
    return made


def _refuse_doctype(*_: object) -> None:
    raise StreamViolation(_C.RESTRICTED_XML, "a document type declaration")


def _refuse_asides(*_: object) -> None:
    raise StreamViolation(_C.RESTRICTED_XML, "a comment or processing instruction")


def _policy(detail: str) -> StreamViolation:
    return StreamViolation(_C.POLICY_VIOLATION, detail)
