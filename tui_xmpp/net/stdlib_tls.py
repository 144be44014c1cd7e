"""TLS by Python's own ``ssl``, in memory."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import Final

from tui_xmpp.net.tls import Agreement, ChainRefusedError, ServerTls, TlsError, TlsPolicy, authorities, unusable

READ_SIZE: Final = 65536


class _ObservedObject(ssl.SSLObject):
    """An SSL object that remembers the certificate the peer showed, also when it was refused.

    ``ssl`` drops a refused certificate, and only a user who has seen it can decide to pin it. What is observed here is
    shown, never trusted: nothing is decided from it.
    """

    shown: bytes | None = None


def _observe(
    connection: object, direction: str, version: object, content_type: object, message: object, data: bytes
) -> None:
    if direction == "read" and data[:1] == b"\x0b" and isinstance(connection, _ObservedObject):
        connection.shown = connection.shown or first_certificate(data)


def first_certificate(message: bytes) -> bytes | None:
    """Cut the first certificate out of a Certificate handshake message (RFC 8446 §4.4.2, RFC 5246 §7.4.2).

    TLS 1.3 puts a context before the list, TLS 1.2 does not: the list is where its length fits the message.
    """
    for start in (4, 5 + message[4] if len(message) > 4 else 5):
        size = int.from_bytes(message[start + 3 : start + 6], "big")
        der = message[start + 6 : start + 6 + size]
        if int.from_bytes(message[start : start + 3], "big") == len(message) - start - 3 and len(der) == size > 0:
            return der
    return None


class StdlibContext:
    """``ssl``'s settings for one side."""

    def __init__(self, context: ssl.SSLContext, *, is_server: bool, server_name: str | None) -> None:
        self._context = context
        self._is_server = is_server
        self._server_name = server_name
        self._ticket: ssl.SSLSession | None = None
        self._handshakes = 0

    def open(self) -> StdlibSession:
        self._handshakes += 1
        if not self._is_server:
            self._context._msg_callback = _observe  # type: ignore[attr-defined]
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        # As bytes: text would be made ASCII again, by tables of 0.3 MiB.
        name = None if self._server_name is None else self._server_name.encode("ascii")
        connection = self._context.wrap_bio(incoming, outgoing, self._is_server, name, session=self._ticket)
        return StdlibSession(self, connection, incoming, outgoing)

    def end_handshake(self) -> None:
        """Observe no more where no handshake is under way: the observer is called for every record."""
        self._handshakes -= 1
        if not self._handshakes:
            self._context._msg_callback = None  # type: ignore[attr-defined]

    def remember(self, connection: ssl.SSLObject) -> None:
        """Keep a client's session to resume, made in an accepted connection."""
        if not self._is_server and connection.session is not None:
            self._ticket = connection.session


def context(tls: TlsPolicy | ServerTls, alpn: str | None) -> StdlibContext:
    """Load what ``tls`` names; raise ``TlsError`` for a file that cannot be used."""
    is_server = isinstance(tls, ServerTls)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    made.sslobject_class = _ObservedObject
    if alpn is not None:
        made.set_alpn_protocols([alpn])
    try:
        if isinstance(tls, TlsPolicy):
            _demand(made, tls)
        else:
            made.load_cert_chain(tls.certificate, tls.key)
            if tls.client_ca is not None:
                made.verify_mode = ssl.CERT_OPTIONAL
                made.load_verify_locations(tls.client_ca)
    except OSError as error:  # an SSLError is one
        raise unusable(tls, error.strerror or str(error)) from error
    name = tls.server_name if isinstance(tls, TlsPolicy) else None
    return StdlibContext(made, is_server=is_server, server_name=name)


def _demand(made: ssl.SSLContext, policy: TlsPolicy) -> None:
    # The names are checked by tls.accepted, which knows service names and no common name; ssl knows neither rule.
    made.check_hostname = False
    made.hostname_checks_common_name = False
    if policy.pins:
        made.verify_mode = ssl.CERT_NONE
    else:
        made.verify_mode = ssl.CERT_REQUIRED
        bundle, folder = authorities()
        if bundle is None and folder is not None:
            made.load_verify_locations(capath=folder)
        else:
            made.load_default_certs(ssl.Purpose.SERVER_AUTH)
        if policy.ca_file is not None:
            made.load_verify_locations(policy.ca_file)
    if policy.client_certificate is not None:
        made.load_cert_chain(policy.client_certificate, policy.client_key)


class StdlibSession:
    """One connection of a ``StdlibContext``."""

    def __init__(
        self, context: StdlibContext, connection: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO
    ) -> None:
        self._context = context
        self._connection = connection
        self._incoming = incoming
        self._outgoing = outgoing

    def handshake(self) -> bool:
        is_over = True
        try:
            self._connection.do_handshake()
        except ssl.SSLWantReadError:
            is_over = False
        except ssl.SSLCertVerificationError as error:
            shown = getattr(self._connection, "shown", None)
            raise ChainRefusedError(error.verify_code, error.verify_message, shown) from error
        except ssl.SSLError as error:
            raise _broken(error) from error
        finally:
            if is_over:
                self._context.end_handshake()
        return is_over

    def agreement(self) -> Agreement:
        connection = self._connection
        cipher = connection.cipher()
        return Agreement(
            version=connection.version() or "",
            cipher=cipher[0] if cipher else "",
            alpn=connection.selected_alpn_protocol(),
            peer=connection.getpeercert(binary_form=True),
            is_chain_verified=connection.context.verify_mode is ssl.CERT_REQUIRED,
            is_resumed=bool(connection.session_reused),
        )

    def receive(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def read(self) -> bytes | None:
        chunks: list[bytes] = []
        size = 0
        while size < READ_SIZE:
            try:
                chunk = self._connection.read(READ_SIZE - size)
            except ssl.SSLWantReadError:
                break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                chunk = b""
            except ssl.SSLError as error:
                if not chunks:
                    raise _broken(error) from error
                break
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)
            size += len(chunk)
        return b"".join(chunks) or None

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._connection.write(view) :]
        except ssl.SSLError as error:
            raise _broken(error) from error

    def end(self) -> None:
        self._context.remember(self._connection)
        with suppress(ssl.SSLError, ValueError):  # the peer's own announcement is not waited for
            self._connection.unwrap()

    def pending(self) -> bytes:
        return self._outgoing.read() if self._outgoing.pending else b""


def _broken(error: ssl.SSLError) -> TlsError:
    reason = (error.reason or str(error)).replace("_", " ").lower()
    return TlsError(f"TLS failed: {reason}.")
