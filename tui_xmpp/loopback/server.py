"""The loopback server: a realm behind sockets on this machine, or behind pairs in memory."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import field
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.serialization import Encoding

from tui_xmpp.clock import Clock, SystemClock
from tui_xmpp.jid import JID, BareJID
from tui_xmpp.loopback.realm import NoAccountError, Realm
from tui_xmpp.loopback.stream import ClientStream, Manners
from tui_xmpp.net.certificates import make_authority, make_certificate
from tui_xmpp.net.tls import ServerTls, TlsLibrary
from tui_xmpp.net.transport import MemoryTransport, Server, Transport, memory_pair, serve
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.config import ReceiverConfig, Sasl2Allowance, TlsMode
from tui_xmpp.xmpp.element import build
from tui_xmpp.xmpp.parser import ParserLimits
from tui_xmpp.xmpp.sasl import KeyDerivation, MemoryTokens, SaslError, StoredKeys
from tui_xmpp.xmpp.stream_errors import StreamError
from tui_xmpp.xmpp.stream_management import StreamManagementAllowance

SCRAM = (
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
)
_IN_MEMORY = ServerTls(Path("in-memory.crt"), Path("in-memory.key"))  # a pair without sockets opens no files


@dataclass(slots=True)
class Users:
    """Who may log in; keys for SCRAM are made at the first login with each hash. A ``CredentialStore``."""

    random: Random
    iterations: int = 4096
    refuse_with: str | None = None
    """Refuse every login with this condition of RFC 6120 §6.5."""
    _passwords: dict[str, str] = field(default_factory=dict, repr=False)
    _keys: dict[tuple[str, str], StoredKeys] = field(default_factory=dict, repr=False)

    def set_password(self, username: str, password: str) -> None:
        """Add a user or change the password of one."""
        self._passwords[username] = password
        for key in [key for key in self._keys if key[0] == username]:
            del self._keys[key]

    def stored_keys(self, username: str, hash_name: str) -> StoredKeys | None:
        self._check_manners()
        password = self._passwords.get(username)
        if password is None:
            return None
        key = (username, hash_name)
        if key not in self._keys:
            derivation = KeyDerivation(hash_name, self.random.randbytes(16), self.iterations)
            self._keys[key] = StoredKeys.from_password(password, derivation)
        return self._keys[key]

    def is_password_right(self, username: str, password: str) -> bool:
        self._check_manners()
        return self._passwords.get(username) == password

    def _check_manners(self) -> None:
        if self.refuse_with is not None:
            raise SaslError(self.refuse_with)


class LoopbackServer:
    """An XMPP server in this process. Users of ``domain`` may log in; ``other_domains`` are for actors.

    ``async with LoopbackServer("longbourn.lit") as server`` closes it at the end. Certificates of a throw-away
    authority are made when the first socket is opened; ``random`` makes everything else repeatable. ``is_instant``: it
    offers stream management, SASL2, Bind 2 and tokens. ``keeps_archives``: it archives what is said (XEP-0313),
    copies it to the other devices of an account (XEP-0280) and lets them publish for each other (XEP-0163).
    """

    def __init__(
        self,
        domain: str,
        *,
        other_domains: tuple[str, ...] = (),
        clock: Clock | None = None,
        random: Random | None = None,
        is_plain_enabled: bool = False,
        is_anonymous_enabled: bool = False,
        is_instant: bool = False,
        keeps_archives: bool = False,
        tls_library: TlsLibrary = TlsLibrary.STDLIB,
        limits: ParserLimits | None = None,
    ) -> None:
        self.domain = domain
        random = random or Random()  # noqa: S311  ids and salts of a server nobody else can reach
        self.realm = Realm((domain, *other_domains), clock or SystemClock(), random)
        self.realm.keeps_archives = keeps_archives
        self.users = Users(random)
        self.manners = Manners(make_resource=self.realm.new_id)
        self.mechanisms = SCRAM + ("PLAIN",) * is_plain_enabled + ("ANONYMOUS",) * is_anonymous_enabled
        self.tokens = MemoryTokens(self.realm.clock.now)
        self._is_instant = is_instant
        self._resumable: dict[str, ClientStream] = {}
        self._limits = limits or ParserLimits()
        self._library = tls_library
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._tls: ServerTls | None = None
        self._listeners: list[Server] = []
        self.streams: list[ClientStream] = []
        """Every stream being served, the oldest first, bound or not."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> LoopbackServer:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def add_user(self, name: str, password: str) -> BareJID:
        """Give ``name`` an account, or an existing one a new password."""
        jid = BareJID(name, self.domain)
        self.realm.add_account(jid)
        self.users.set_password(jid.local or "", password)
        return jid

    # --- being reached ---

    async def serve_socket(self, host: str = "127.0.0.1", *, is_direct: bool = False) -> int:
        """Listen on a free port with STARTTLS, or with direct TLS, and return the port."""
        tls = self._certified()
        listener = await serve(self._serve, host, direct_tls=tls if is_direct else None)
        self._listeners.append(listener)
        return listener.port

    def connect_memory(self, *, is_direct: bool = False) -> MemoryTransport:
        """Return a client's end of a connection without sockets."""
        client, server = memory_pair()
        mode = TlsMode.DIRECT if is_direct else TlsMode.STARTTLS
        task = asyncio.get_running_loop().create_task(self._run(server, mode, _IN_MEMORY))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return client

    @property
    def ca_file(self) -> Path:
        """Give the file of the authority to trust, in PEM; it is deleted when the server closes."""
        return self._certified().certificate.with_name("ca.crt")

    def _certified(self) -> ServerTls:
        if self._tls is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tui-xmpp-loopback-")
            folder = Path(self._folder.name)
            authority = make_authority()
            (folder / "ca.crt").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
            name = BareJID(None, self.domain).domain_ascii
            certificate, key = make_certificate([name], authority=authority).write(folder)
            self._tls = ServerTls(certificate, key, library=self._library)
        return self._tls

    async def _serve(self, transport: Transport) -> None:
        mode = TlsMode.STARTTLS if transport.tls is None else TlsMode.DIRECT
        await self._run(transport, mode, self._certified())

    async def _run(self, transport: Transport, mode: TlsMode, tls: ServerTls) -> None:
        has_exporter = self._library is TlsLibrary.OPENSSL and tls is not _IN_MEMORY
        inline = (ns.STREAM_MANAGEMENT, ns.CARBONS) if self.realm.keeps_archives else (ns.STREAM_MANAGEMENT,)
        config = ReceiverConfig(
            self.domain,
            self.users,
            self.mechanisms,
            ("tls-exporter",) * has_exporter + ("tls-server-end-point",),
            features=(
                build(ns.ROSTER_VERSIONING, "ver"),
                build(ns.SUBSCRIPTION_PRE_APPROVAL, "sub"),
                build(ns.CLIENT_STATE_INDICATION, "csi"),
                build(ns.SESSION, "session", children=(build(ns.SESSION, "optional"),)),
            ),
            tls_mode=mode,
            limits=self._limits,
            make_id=self.realm.new_id,
            stream_management=StreamManagementAllowance() if self._is_instant else None,
            sasl2=Sasl2Allowance(inline, self.tokens) if self._is_instant else None,
            clock=self.realm.clock,
        )
        stream = ClientStream(self.realm, config, transport, tls, self.manners, self._resumable)
        self.streams.append(stream)
        try:
            await stream.run()
        finally:
            self.streams.remove(stream)

    async def close(self, error: StreamError | None = None) -> None:
        """Say good-bye to everybody (with ``error``, e.g. system-shutdown) and stop."""
        for stream in tuple(self.streams):
            stream.end(error)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listener in self._listeners:
            await listener.close()
        self._listeners.clear()
        if self._folder is not None:
            self._folder.cleanup()

    # --- what a test does to a client ---

    def stream(self, jid: JID) -> ClientStream:
        """Return a stream of ``jid`` (bare: any of its resources); raise NoAccountError when there is none."""
        for stream in self.streams:
            if stream.session is not None and jid in (stream.session.jid, stream.session.jid.bare):
                return stream
        raise NoAccountError(f"{jid} is not connected.")

    def send_raw(self, jid: JID, data: bytes) -> None:
        """Write bytes to a client as they are."""
        self.stream(jid).send_raw(data)
