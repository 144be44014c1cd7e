"""What the two sides of a negotiation see of the connection they run on, and do to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.xmpp.config import Sasl2Wish
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.events import Event, InlineResults
from tui_xmpp.xmpp.sasl import ChannelBinding
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition
from tui_xmpp.xmpp.stream_features import StreamFeatures
from tui_xmpp.xmpp.stream_management import Enable, Enabled, Failed, ResumptionState, StreamManagementWish


class Stream(Protocol):
    """What both roles need."""

    domain: str
    max_login_attempts: int
    binding: ChannelBinding | None
    is_secure: bool
    is_authenticated: bool
    jid: FullJID | None
    inline: InlineResults | None

    def make_id(self) -> str: ...

    def now(self) -> datetime: ...

    def write(self, data: bytes | Element) -> None: ...

    def tell(self, event: Event) -> None: ...

    def begin_tls(self) -> None: ...

    def restart(self) -> None: ...

    def next_feature(self) -> None:
        """Go on with the next row that applies; with none the stream is negotiated."""

    def fail(self, condition: StreamErrorCondition | None, detail: str, *, is_silent: bool = False) -> None: ...

    def resume(self, state: ResumptionState, h: int, answer: Element | None = None) -> None:
        """Go on with a former session of which the peer has handled ``h``; ``answer`` is written before anything."""


class InitiatingStream(Stream, Protocol):
    """What a client's exchanges need besides."""

    account: BareJID | None
    resource: str | None
    make_nonce: Callable[[], str] | None
    features: StreamFeatures
    stream_management: StreamManagementWish | None
    resumption: ResumptionState | None
    sasl2: Sasl2Wish | None

    def await_features(self) -> None:
        """Expect what the server offers next, on the same stream."""

    def enabled(self, answer: Enabled) -> None:
        """Take the server's grant of stream management."""

    def refused(self, condition: ErrorCondition) -> None:
        """Take the server's refusal of it."""

    def resumption_failed(self, condition: ErrorCondition, h: int | None) -> None:
        """Give the former session up."""


class ReceivingStream(Stream, Protocol):
    """What a server's negotiation needs besides."""

    def enable(self, request: Enable) -> Enabled | Failed:
        """Begin stream management if it is allowed; return what to answer."""

    def offer_features(self) -> None:
        """Write ``<stream:features/>`` as they are now."""


class Exchange(Protocol):
    """The elements of one feature going back and forth."""

    def receive(self, element: Element) -> None: ...
