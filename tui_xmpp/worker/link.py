"""One stream over one transport, from the first byte to the last, and how it may end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from math import exp
from typing import Final

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.net.connect import Connected
from tui_xmpp.net.identity import CertificateFacts
from tui_xmpp.net.resolve import ServiceAbsentError
from tui_xmpp.net.steps import NetError
from tui_xmpp.net.tls import CertificateRefusedError, TlsFacts, TlsPolicy
from tui_xmpp.worker.wirelog import WireLog
from tui_xmpp.xmpp.connection import Connection
from tui_xmpp.xmpp.events import (
    Authenticated,
    AuthenticationFailed,
    Bound,
    CredentialsWanted,
    Event,
    KeyDerivationWanted,
    Resumed,
    StreamClosed,
    StreamErrorReceived,
    StreamFailed,
    TlsWanted,
)
from tui_xmpp.xmpp.sasl import AuthenticationPin, ChannelBinding, Credentials, KeyDerivation, Remedy, SaslError
from tui_xmpp.xmpp.stream_errors import HostPort, Reaction, StreamError, StreamErrorCondition

GOODBYE: Final = 5.0
"""Seconds the server has to close its side (C-STR-11)."""
SILENCE: Final = 15.0
"""Seconds a server may take for any one step of the login."""
DERIVATION: Final = 30.0
"""Seconds the password's key may take to compute (S-23)."""
OFTEN: Final = 60
"""Stanzas in a second from which on little reads are put off, so that one brings more of them."""
LITTLE: Final = 8192
GATHER: Final = 1 / 15
"""Seconds they are put off: what a read costs beside the decoding of its stanzas is paid once for all that came."""

_ASKED_ANEW: Final = frozenset(("not-authorized", "credentials-expired", "password-missing", "password-unusable"))


class StreamEndedError(TuiXmppError):
    """A stream, or the way to one, came to its end. ``reaction`` says what a session does next.

    ``certificate`` is the server's, where that is what was refused. ``is_login_refused``: it was the account that was
    refused, so that another host would say the same.
    """

    def __init__(
        self,
        sentence: str,
        reaction: Reaction = Reaction.RECONNECT,
        *,
        other_host: HostPort | None = None,
        is_shutdown: bool = False,
        is_login_refused: bool = False,
        certificate: CertificateFacts | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.reaction = reaction
        self.other_host = other_host
        self.is_shutdown = is_shutdown
        self.is_login_refused = is_login_refused
        self.certificate = certificate

    def __str__(self) -> str:
        return self.sentence


def ended_by(error: TuiXmppError) -> StreamEndedError:
    """Return any error on the way to a stream as its end."""
    if isinstance(error, StreamEndedError):
        return error
    if isinstance(error, CertificateRefusedError):
        return StreamEndedError(str(error), Reaction.STOP, certificate=error.facts)
    if isinstance(error, NetError) and not isinstance(error, ServiceAbsentError):
        return StreamEndedError(str(error))
    return StreamEndedError(str(error), Reaction.STOP)


def _ended_by_server(error: StreamError) -> StreamEndedError:
    sentence = f"{error.sentence} It says: “{error.text[:200]}”" if error.text else error.sentence
    is_shutdown = error.condition is StreamErrorCondition.SYSTEM_SHUTDOWN
    return StreamEndedError(sentence, error.reaction, other_host=error.see_other_host, is_shutdown=is_shutdown)


def _ended_by_login(failure: AuthenticationFailed) -> StreamEndedError:
    if failure.condition in _ASKED_ANEW:
        reaction = Reaction.ASK_CREDENTIALS
    elif SaslError(failure.condition).remedy is Remedy.TIME:
        reaction = Reaction.RECONNECT
    else:
        reaction = Reaction.STOP
    sentence = f"{failure.sentence} The server says: “{failure.text[:200]}”" if failure.text else failure.sentence
    return StreamEndedError(sentence, reaction, is_login_refused=True)


class Link:
    """Carry bytes between a transport and a Connection.

    ``heard_at`` is when the server was last heard, ``unheard_since`` when something was first sent after that, and
    ``unanswered_since`` when an acknowledgement that has not come was asked for, all in the loop's time.
    """

    def __init__(self, connection: Connection, connected: Connected, wire: WireLog | None = None) -> None:
        self.connection = connection
        self.transport = connected.transport
        self.heard_at = asyncio.get_running_loop().time()
        self.unheard_since: float | None = None
        self.unanswered_since: float | None = None
        self._tls = connected.tls
        self._wire = wire
        self._failure: AuthenticationFailed | None = None
        self._dropped = ""
        self._rate = 0.0
        self._is_little = False
        self.is_left = False
        """Both sides have closed the stream, the server in answer to us."""
        if wire is not None:
            wire.begin()

    # -- bytes ----------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what the connection has to say."""
        data = self.connection.data_to_send()
        if not data:
            return
        if self._wire is not None:
            self._wire.sent(data)
        if self.unheard_since is None:
            self.unheard_since = asyncio.get_running_loop().time()
        if self.unanswered_since is None and self.connection.is_awaiting_ack:
            self.unanswered_since = asyncio.get_running_loop().time()
        self.transport.write(data)

    async def receive(self, *, is_urgent: bool = True) -> None:
        """Read once and feed the connection; in a flood of little reads let some come together, unless urgent.

        Reading never waits for writing: two sides that each wait for the other to read would wait for ever.
        """
        try:
            if self._rate > OFTEN and self._is_little and not is_urgent:
                await self.transport.gather(GATHER)
            data = await self.transport.read()
        except NetError as error:
            raise StreamEndedError(self._dropped or str(error)) from error
        before, self.heard_at = self.heard_at, asyncio.get_running_loop().time()
        self._rate *= exp(before - self.heard_at)
        self._is_little = len(data) < LITTLE
        self.unheard_since = None
        if self._wire is not None:
            self._wire.received(data)
        if data:
            received = self.connection.stanzas_received
            self.connection.receive_data(data)
            self._rate += self.connection.stanzas_received - received
        else:
            self.connection.receive_eof()
        if not self.connection.is_awaiting_ack:
            self.unanswered_since = None

    def events(self) -> Iterator[Event]:
        """Yield what happened; raise ``StreamEndedError`` where that is the end."""
        for event in self.connection.events():
            match event:
                case StreamErrorReceived(error):
                    raise _ended_by_server(error)
                case StreamFailed(condition, detail):
                    if self._failure is not None:
                        raise _ended_by_login(self._failure)
                    reaction = Reaction.RECONNECT if condition is None else Reaction.RECONNECT_SLOWLY
                    raise StreamEndedError(detail, reaction)
                case StreamClosed(is_clean, is_by_peer):
                    self.is_left = is_clean and not is_by_peer
                    how = "closed" if is_clean else "broke off"
                    raise StreamEndedError(self._dropped or f"The server {how} the connection.")
                case AuthenticationFailed():
                    self._failure = event
                case _:
                    yield event

    def drop(self, reason: str) -> None:
        """Cut the link; reading ends with ``reason``."""
        self._dropped = reason
        self.transport.abort()

    async def close(self) -> None:
        """Let go of the transport; what is queued is still sent, bounded in time."""
        self.flush()
        await self.transport.close()

    # -- login ----------------------------------------------------------------------------------------------------

    async def log_in(
        self,
        policy: TlsPolicy,
        credentials: Credentials,
        pin: AuthenticationPin | None,
        keys: dict[KeyDerivation, bytes],
        on_securing: Callable[[], None],
        on_secured: Callable[[TlsFacts], None],
        on_event: Callable[[Event], None],
    ) -> Bound | Resumed:
        """Negotiate until stanzas may flow. ``keys`` keeps what was derived, so that a reconnect is quick.

        ``on_event`` is told what the login brought besides. Raise ``StreamEndedError``, or ``CertificateRefusedError``.
        """
        self.connection.open()
        while True:
            for event in self.events():
                match event:
                    case TlsWanted():
                        self.flush()
                        on_securing()
                        tls = self._tls or await self.transport.start_tls(policy)
                        on_secured(tls)
                        self.connection.tls_established(ChannelBinding(tls.channel_bindings, tls.version))
                    case CredentialsWanted(failure=failure):
                        if failure is not None:
                            raise _ended_by_login(failure)
                        self.connection.offer_credentials(credentials, pin)
                    case KeyDerivationWanted(derivation):
                        if derivation not in keys:
                            keys.clear()
                            keys[derivation] = await _derive(derivation, credentials)
                        self.connection.key_derived(keys[derivation])
                    case Authenticated():
                        self._failure = None
                        on_event(event)
                    case Bound() | Resumed():
                        self.flush()
                        return event
                    case _:
                        on_event(event)
            self.flush()
            try:
                async with asyncio.timeout(SILENCE):
                    await self.receive()
            except TimeoutError as error:
                raise StreamEndedError(
                    f"The server fell silent for {SILENCE:.0f} s in the middle of the login."
                ) from error


async def _derive(derivation: KeyDerivation, credentials: Credentials) -> bytes:
    password = credentials.password.reveal() if credentials.password else ""
    try:
        async with asyncio.timeout(DERIVATION):
            return await asyncio.to_thread(derivation.derive, password)
    except TimeoutError as error:
        sentence = "The server asks for so much computing at login that this machine cannot finish it in time."
        raise StreamEndedError(sentence, Reaction.STOP, is_login_refused=True) from error
    except SaslError as error:
        raise _ended_by_login(AuthenticationFailed(None, error.condition, None, str(error))) from error
