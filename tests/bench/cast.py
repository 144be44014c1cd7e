"""The other people: an external component (XEP-0114) whose every address can be a contact. A socket and literal XML."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType

DEADLINE = 60.0
"""Seconds the server may take to answer or to let through what was sent."""


class Cast:
    """The contacts of one domain, played over one connection; a thread takes what the server sends to them."""

    def __init__(self, domain: str, server: str, host: str, port: int, secret: str) -> None:
        self.domain = domain
        self._server = server
        self._socket = socket.create_connection((host, port), timeout=DEADLINE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._probes = 0
        self._pongs = 0
        self._pings = 0
        self._heard = threading.Condition()
        self._write(
            "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'"
            f" to='{domain}'>"
        )
        header = self._read_until(b"<stream:stream", b">")
        identity = re.search(rb"""\sid=['"]([^'"]+)['"]""", header)
        assert identity is not None, header
        digest = hashlib.sha1(identity[1] + secret.encode()).hexdigest()
        self._write(f"<handshake>{digest}</handshake>")
        self._read_until(b"<handshake", b"/>")
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def __enter__(self) -> Cast:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()

    def contact(self, number: int) -> str:
        """Return the address of a contact."""
        return f"c{number:05}@{self.domain}"

    def say(self, to: str, body: str, sender: int = 0) -> None:
        """Send one chat message."""
        self._write(message(f"{self.contact(sender)}/cast", to, body))

    def say_all(self, to: str, bodies: Iterable[str], sender: int = 0) -> None:
        """Send many chat messages at once."""
        self._write("".join(message(f"{self.contact(sender)}/cast", to, body) for body in bodies))

    def appear(self, to: str, numbers: Iterable[int]) -> None:
        """Let contacts come online for ``to``, in this order."""
        self._write(
            "".join(
                f"<presence from='{self.contact(number)}/cast' to='{to}'><show>away</show>"
                "<status>walking in the garden</status></presence>"
                for number in numbers
            )
        )

    def settle(self) -> None:
        """Return when the server has taken all that was sent."""
        with self._heard:
            self._pings += 1
        self._write(
            f"<iq type='get' id='settle{self._pings}' from='{self.contact(0)}/cast' to='{self._server}'>"
            "<ping xmlns='urn:xmpp:ping'/></iq>"
        )
        self._wait_for(lambda: self._pongs >= self._pings)

    def wait_for_probes(self, count: int) -> None:
        """Return when so many contacts in all were asked for their presence since the last call."""
        self._wait_for(lambda: self._probes >= count)
        with self._heard:
            self._probes = 0

    def _wait_for(self, is_so: Callable[[], bool]) -> None:
        with self._heard:
            if not self._heard.wait_for(is_so, DEADLINE):
                raise TimeoutError("the server does not answer the contacts")

    def _listen(self) -> None:
        rest = b""
        while data := self._socket.recv(1 << 16):
            data = rest + data
            end = data.rfind(b">") + 1
            whole, rest = data[:end], data[end:]
            probes = len(re.findall(rb"""<presence [^>]*type=['"]probe['"]""", whole))
            pongs = len(re.findall(rb"""<iq [^>]*id=['"]settle\d+['"]""", whole))
            if probes or pongs:
                with self._heard:
                    self._probes += probes
                    self._pongs += pongs
                    self._heard.notify_all()

    def _read_until(self, start: bytes, end: bytes) -> bytes:
        data = b""
        while data.find(end, data.find(start)) < 0 or start not in data:
            more = self._socket.recv(4096)
            assert more, data
            data += more
        return data

    def _write(self, text: str) -> None:
        self._socket.sendall(text.encode())


def message(sender: str, to: str, body: str) -> str:
    """Return a chat message as a client would send it."""
    return f"<message from='{sender}' to='{to}' type='chat'><body>{body}</body></message>"
