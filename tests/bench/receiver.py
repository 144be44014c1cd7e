"""The least a client can be: log in, come online, and count decrypted bytes. The limit for whatever is received."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path
from types import TracebackType

from tui_xmpp.jid import BareJID
from tui_xmpp.xmpp.config import InitiatorConfig, TlsMode
from tui_xmpp.xmpp.connection import Connection
from tui_xmpp.xmpp.events import CredentialsWanted, KeyDerivationWanted, TlsWanted
from tui_xmpp.xmpp.sasl import ChannelBinding, Credentials, Password
from tui_xmpp.xmpp.stream_machine import Phase

DEADLINE = 30.0


class Receiver:
    """A blocking direct-TLS session that looks at nothing it is sent."""

    def __init__(self, jid: str, password: str, host: str, port: int, ca_file: Path) -> None:
        account = BareJID.parse(jid)
        context = ssl.create_default_context(cafile=str(ca_file))
        plain = socket.create_connection((host, port), timeout=DEADLINE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = context.wrap_socket(plain, server_hostname=account.domain)
        self._received = bytearray()
        self._log_in(account, password)

    def __enter__(self) -> Receiver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def _log_in(self, account: BareJID, password: str) -> None:
        connection = Connection(InitiatorConfig(account.domain, account, tls_mode=TlsMode.DIRECT))
        connection.open()
        while True:
            for event in connection.events():
                if isinstance(event, TlsWanted):
                    connection.tls_established(ChannelBinding({}, self._socket.version() or ""))
                elif isinstance(event, CredentialsWanted):
                    connection.offer_credentials(Credentials(account.local or "", Password(password)))
                elif isinstance(event, KeyDerivationWanted):
                    connection.key_derived(event.derivation.derive(password))
            self._socket.sendall(connection.data_to_send())
            if connection.phase is Phase.ESTABLISHED:
                return
            connection.receive_data(self._socket.recv(1 << 16))

    def come_online(self) -> None:
        """Send initial presence."""
        self._socket.sendall(b"<presence/>")

    def ask(self, stanza: str, end: bytes) -> bytes:
        """Send a request and return the end of what came until ``end``."""
        self._socket.sendall(stanza.encode())
        tail = b""
        while end not in tail:
            data = self._socket.recv(1 << 16)
            assert data, "the server closed the stream"
            tail = tail[-1024:] + data
        return tail[-1024:]

    def wait_for(self, text: str) -> float:
        """Return the moment at which ``text`` had been received."""
        wanted = text.encode()
        while wanted not in self._received:
            data = self._socket.recv(1 << 16)
            assert data, "the server closed the stream"
            # Only the end can begin what the next read completes.
            self._received = bytearray(self._received[-len(wanted) :]) + data
        at = time.perf_counter()
        self._received.clear()
        return at
