"""The hardened stream parser: RFC 6120 §11 on top of lxml.

libxml2 checks well-formedness; what XMPP forbids beyond it, and what libxml2 lets pass in silence, is checked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from lxml import etree

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import LANG, Element, qualified, tag_text
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition

STREAM_TAG: Final = qualified(ns.STREAMS, "stream")

_PIECE: Final = 1 << 14
_HARMLESS: Final = frozenset(
    (
        etree.ErrorTypes.WAR_NS_URI,
        etree.ErrorTypes.WAR_NS_URI_RELATIVE,  # 'vcard-temp' is one
        etree.ErrorTypes.WAR_UNKNOWN_VERSION,
    )
)
_MANY_WARNINGS: Final = 64
_TOO_MANY_WARNINGS: Final = 10_000
_SPACE: Final = " \t\r\n"
_C = StreamErrorCondition
_FATAL: Final = etree.ErrorLevels.FATAL
_UNDECLARED_ENTITY: Final = etree.ErrorTypes.ERR_UNDECLARED_ENTITY


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
        self._parser = _pull_parser()
        self._root: Element | None = None
        self._depth = 0
        self._elements = 0  # descendants of the top-level element being read
        self._pending = 0  # bytes fed of it
        self._warnings = 0
        self._is_finished = False

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
                if len(piece) > room and not (self._pending == 0 and piece.isspace()):
                    raise _policy("more bytes in one element than allowed")
                yield from self._feed_piece(piece)
            except StreamViolation:
                self._is_finished = True
                raise

    def _feed_piece(self, piece: bytes) -> Iterator[StreamItem]:
        syntax_error: etree.XMLSyntaxError | None = None
        try:
            self._parser.feed(piece)
        except etree.XMLSyntaxError as error:
            syntax_error = error
        self._check_log(is_fatal_expected=syntax_error is not None)
        if self._root is not None:
            self._check_text(self._root)
        has_completed = False
        root = self._root
        depth = self._depth
        elements = self._elements
        max_depth = self._limits.max_depth
        max_attributes = self._limits.max_attributes
        max_elements = self._limits.max_elements
        for event, element in self._parser.read_events():
            if event == "start":
                depth += 1
                elements += 1
                if depth > max_depth:
                    raise _policy("elements nested deeper than allowed")
                if len(element.attrib) > max_attributes:
                    raise _policy("more attributes on one element than allowed")
                if root is None:
                    self._root = root = element
                    has_completed = True
                    yield _header(element)
            elif event == "end":
                depth -= 1
                if depth == 1:
                    if elements > max_elements:
                        raise _policy("more elements in one stanza than allowed")
                    has_completed = True
                    elements = 0
                    tail = element.tail
                    if root is not None:  # detached, or a long stream would need ever more memory (C-XML-10)
                        root.remove(element)
                    if tail is not None:
                        element.tail = None
                    if tag_text(element)[:1] != "{":
                        raise StreamViolation(_C.INVALID_NAMESPACE, "an element without namespace")
                    yield element
                    if tail is not None and tail.strip(_SPACE):
                        raise StreamViolation(_C.BAD_FORMAT, "text between stanzas")
                elif depth == 0:
                    self._is_finished = True
                    yield StreamFooter()
                    return
            else:
                raise StreamViolation(_C.RESTRICTED_XML, "a comment or processing instruction")
        if syntax_error is not None:
            raise StreamViolation(_C.NOT_WELL_FORMED, "XML that is not well-formed")
        if elements > max_elements:
            raise _policy("more elements in one stanza than allowed")
        self._depth = depth
        self._elements = elements
        self._count(piece, has_completed)

    def _check_log(self, *, is_fatal_expected: bool) -> None:
        """Find what libxml2 only logs: undeclared entities and prefixes, a redefined ``xml`` prefix."""
        log = self._parser.feed_error_log
        if len(log) == self._warnings:
            return
        for entry in list(log)[self._warnings :]:
            if entry.type == _UNDECLARED_ENTITY:
                raise StreamViolation(_C.RESTRICTED_XML, "an entity that XML does not predefine")
            if entry.type in _HARMLESS or (is_fatal_expected and entry.level == _FATAL):
                continue
            raise StreamViolation(_C.NOT_WELL_FORMED, "a namespace prefix that is not declared")
        self._warnings = len(log)
        if self._warnings > _TOO_MANY_WARNINGS:
            raise _policy("namespaces that are no URIs, without end")

    def _check_text(self, root: Element) -> None:
        """Refuse text between stanzas, and forget the whitespace of keepalives, which would pile up (C-XML-10)."""
        text = root.text
        if text is not None:
            if text.strip(_SPACE):
                raise StreamViolation(_C.BAD_FORMAT, "text between stanzas")
            root.text = None

    def _count(self, piece: bytes, has_completed: bool) -> None:
        """Count the bytes of the element that is still incomplete after ``piece``."""
        if not has_completed:
            if self._pending or not piece.isspace():
                self._pending += len(piece)
            return
        tail = piece[piece.rfind(b">") + 1 :]
        self._pending = 0 if self._depth > 1 or tail.isspace() else len(tail)
        if self._warnings > _MANY_WARNINGS and self._depth == 1 and not self._pending and self._root is not None:
            self._begin_anew(self._root)

    def _begin_anew(self, root: Element) -> None:
        """Go on with a new lxml parser: its log of harmless warnings cannot be emptied and would only grow."""
        tag = etree.tostring(etree.Element(STREAM_TAG, nsmap=root.nsmap))
        self._parser = _pull_parser()
        self._parser.feed(tag.removesuffix(b"/>") + b">")
        self._warnings = 0
        for _, element in self._parser.read_events():
            self._root = element


def _pull_parser() -> etree.XMLPullParser[Element]:
    return etree.XMLPullParser(
        events=("start", "end", "comment", "pi"),
        encoding="utf-8",  # RFC 6120 §11.6: nothing else, whatever the declaration says
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
    )


def _policy(detail: str) -> StreamViolation:
    return StreamViolation(_C.POLICY_VIOLATION, detail)


def _header(root: Element) -> StreamHeader:
    """Check the stream's root (RFC 6120 §4.8) and the prolog before it (§11.1, §11.6)."""
    document = root.getroottree().docinfo
    if document.internalDTD is not None or document.doctype:
        raise StreamViolation(_C.RESTRICTED_XML, "a document type declaration")
    if root.tag != STREAM_TAG:
        raise StreamViolation(_C.INVALID_NAMESPACE, "something that is no XMPP stream")
    if ns.CLIENT not in root.nsmap.values():
        raise StreamViolation(_C.INVALID_NAMESPACE, "a stream that is not for clients")
    get = root.get
    return StreamHeader(get("to"), get("from"), get("id"), get("version"), get(LANG))
