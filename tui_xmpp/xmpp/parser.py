"""The hardened stream parser: RFC 6120 §11 on top of lxml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition


class StreamViolation(TuiXmppError):
    """The peer sent what XMPP forbids; ``condition`` is the stream error to answer with. The parser is
    finished."""

    def __init__(self, condition: StreamErrorCondition, detail: str) -> None:
        super().__init__(detail)
        self.condition = condition
        self.detail = detail


@dataclass(frozen=True, slots=True)
class ParserLimits:
    """Bounds on what a peer may make us hold. ``max_bytes`` is per top-level element, counted on bytes
    fed."""

    max_bytes: int = 1 << 20
    max_depth: int = 64
    max_children: int = 10_000
    max_attributes: int = 256


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """The opening tag of the stream. Addresses are the text as received."""

    namespace: str
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
    """Turn the bytes of one stream (one parser each, C-STR-08) into its header, top-level elements and
    footer."""

    def __init__(self, limits: ParserLimits | None = None) -> None: ...

    def feed(self, data: bytes) -> Iterator[StreamItem]:
        """Yield what ``data`` completed; read to the end before the next call. Raise StreamViolation after
        that."""
        raise NotImplementedError
