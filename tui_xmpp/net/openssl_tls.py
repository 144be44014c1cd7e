"""TLS by pyOpenSSL, in memory: what ``ssl`` does, plus the tls-exporter channel binding (RFC 9266)."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from OpenSSL import SSL, crypto

from tui_xmpp.net.tls import Agreement, ChainRefusedError, ServerTls, TlsError, TlsPolicy, authorities, unusable

READ_SIZE: Final = 65536
EXPORTER_LABEL: Final = b"EXPORTER-Channel-Binding"  # RFC 9266 §4.2
_NO_CODE: Final = 1  # X509_V_ERR_UNSPECIFIED


class _Verdict:
    """What OpenSSL said of a chain: its first error, and the server's certificate.

    Errors above the leaf are let pass until the leaf is reached, which is last, so that it can be shown; there the
    handshake fails. ``is_chain_good`` is what counts, and it holds only for a leaf reached without any error.
    """

    def __init__(self) -> None:
        self.code = 0
        self.leaf: bytes | None = None

    @property
    def is_chain_good(self) -> bool:
        return self.leaf is not None and self.code == 0

    def add(self, certificate: crypto.X509, code: int, depth: int, is_ok: bool) -> bool:
        if not is_ok:
            self.code = self.code or code or _NO_CODE
        if depth > 0:
            return True
        self.leaf = crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)
        return self.code == 0


def _verify(connection: SSL.Connection, certificate: crypto.X509, code: int, depth: int, is_ok: int) -> bool:
    verdict = connection.get_app_data()
    return isinstance(verdict, _Verdict) and verdict.add(certificate, code, depth, bool(is_ok))


def _note(connection: SSL.Connection, certificate: crypto.X509, code: int, depth: int, is_ok: int) -> bool:
    _verify(connection, certificate, code, depth, is_ok)
    return True


class OpensslContext:
    """pyOpenSSL's settings for one side."""

    def __init__(self, context: SSL.Context, *, is_server: bool, server_name: str | None, is_chain_asked: bool) -> None:
        self._context = context
        self._is_server = is_server
        self._server_name = server_name
        self._ticket: SSL.Session | None = None
        self.is_chain_asked = is_chain_asked

    def open(self) -> OpensslSession:
        connection = SSL.Connection(self._context, None)
        verdict = _Verdict()
        connection.set_app_data(verdict)
        if self._is_server:
            connection.set_accept_state()
        else:
            if self._server_name is not None:
                connection.set_tlsext_host_name(self._server_name.encode("ascii"))
            if self._ticket is not None:
                connection.set_session(self._ticket)
            connection.set_connect_state()
        return OpensslSession(self, connection, verdict, is_resuming=self._ticket is not None)

    def remember(self, connection: SSL.Connection) -> None:
        """Keep a client's session to resume, made in an accepted connection."""
        if not self._is_server:
            self._ticket = connection.get_session()


def context(tls: TlsPolicy | ServerTls, alpn: str | None) -> OpensslContext:
    """Load what ``tls`` names; raise ``TlsError`` for a file that cannot be used."""
    is_server = isinstance(tls, ServerTls)
    made = SSL.Context(SSL.TLS_SERVER_METHOD if is_server else SSL.TLS_CLIENT_METHOD)
    made.set_min_proto_version(SSL.TLS1_2_VERSION)
    made.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    try:
        if isinstance(tls, TlsPolicy):
            _demand(made, tls)
            if alpn is not None:
                made.set_alpn_protos([alpn.encode("ascii")])
        else:
            made.set_session_id(b"xmpp")
            _use(made, str(tls.certificate), str(tls.key))
            if tls.client_ca is not None:
                made.load_verify_locations(str(tls.client_ca))
                made.set_verify(SSL.VERIFY_PEER, _verify)
            if alpn is not None:
                own = alpn.encode("ascii")
                made.set_alpn_select_callback(
                    lambda _, offered: own if own in offered else SSL.NO_OVERLAPPING_PROTOCOLS
                )
    except SSL.Error as error:
        raise unusable(tls, _reason(error)) from error
    name = tls.server_name if isinstance(tls, TlsPolicy) else None
    is_chain_asked = isinstance(tls, TlsPolicy) and not tls.pins
    return OpensslContext(made, is_server=is_server, server_name=name, is_chain_asked=is_chain_asked)


def _demand(made: SSL.Context, policy: TlsPolicy) -> None:
    if policy.pins:
        made.set_verify(SSL.VERIFY_NONE, _note)
    else:
        made.set_verify(SSL.VERIFY_PEER, _verify)
        bundle, folder = authorities()
        if bundle or folder:
            made.load_verify_locations(bundle, folder)
        if policy.ca_file is not None:
            made.load_verify_locations(str(policy.ca_file))
    if policy.client_certificate is not None:
        _use(made, str(policy.client_certificate), str(policy.client_key or policy.client_certificate))


def _use(made: SSL.Context, certificate: str, key: str) -> None:
    made.use_certificate_chain_file(certificate)
    made.use_privatekey_file(key)
    made.check_privatekey()


class OpensslSession:
    """One connection of an ``OpensslContext``."""

    def __init__(
        self, context: OpensslContext, connection: SSL.Connection, verdict: _Verdict, *, is_resuming: bool
    ) -> None:
        self._context = context
        self._connection = connection
        self._verdict = verdict
        self._is_resuming = is_resuming

    def handshake(self) -> bool:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            if self._context.is_chain_asked and self._verdict.code:
                raise self._refused() from error
            raise _broken(error) from error
        if self._context.is_chain_asked and self._verdict.code:
            raise self._refused()
        return True

    def _refused(self) -> ChainRefusedError:
        verdict = self._verdict
        return ChainRefusedError(verdict.code, f"verification failed with code {verdict.code}", verdict.leaf)

    def agreement(self) -> Agreement:
        connection, verdict = self._connection, self._verdict
        certificate = connection.get_peer_certificate()
        version = connection.get_protocol_version_name()
        is_resumed = self._is_resuming and verdict.leaf is None  # a resumed session has no chain to verify
        return Agreement(
            version=version,
            cipher=connection.get_cipher_name() or "",
            alpn=connection.get_alpn_proto_negotiated().decode("ascii", "replace") or None,
            peer=crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate) if certificate is not None else None,
            is_chain_verified=self._context.is_chain_asked and (verdict.is_chain_good or is_resumed),
            is_resumed=is_resumed,
            # TLS 1.2 needs the extended master secret for this, and pyOpenSSL does not tell of it.
            exporter=connection.export_keying_material(EXPORTER_LABEL, 32, b"") if version == "TLSv1.3" else None,
        )

    def receive(self, data: bytes) -> None:
        if data:
            self._connection.bio_write(data)
        else:
            self._connection.bio_shutdown()

    def read(self) -> bytes | None:
        chunks: list[bytes] = []
        size = 0
        while size < READ_SIZE:
            try:
                chunk = self._connection.recv(READ_SIZE - size)
            except SSL.WantReadError:
                break
            except (SSL.ZeroReturnError, SSL.SysCallError):
                return b"".join(chunks)
            except SSL.Error as error:
                if not chunks:
                    raise _broken(error) from error
                break
            chunks.append(chunk)
            size += len(chunk)
        return b"".join(chunks) or None

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._connection.send(view) :]
        except SSL.Error as error:
            raise _broken(error) from error

    def end(self) -> None:
        self._context.remember(self._connection)
        with suppress(SSL.Error):  # the peer's own announcement is not waited for
            self._connection.shutdown()

    def pending(self) -> bytes:
        chunks: list[bytes] = []
        with suppress(SSL.WantReadError):
            while True:
                chunks.append(self._connection.bio_read(READ_SIZE))
        return b"".join(chunks)


def _broken(error: SSL.Error) -> TlsError:
    return TlsError(f"TLS failed: {_reason(error)}.")


def _reason(error: SSL.Error) -> str:
    """Read OpenSSL's own words: the last of (library, function, reason)."""
    problems = error.args[0] if error.args else None
    if isinstance(problems, list) and problems and isinstance(problems[0], tuple):
        return str(problems[0][-1])
    return str(error.args[-1]) if error.args else "the connection ended"
