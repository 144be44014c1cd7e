"""The other side of a conversation: a slixmpp client, written by others, that tests lead by the hand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from tests.support.xmpp_server import Account, XmppServer

DEADLINE = 40.0  # seconds for any one step
_PROGRAM = "tests.support.slixmpp_process"
_ROOT = Path(__file__).parents[2]


class PeerError(Exception):
    """The peer could not do what was asked, or lost its stream."""


@dataclass(frozen=True, slots=True)
class Received:
    """A stanza as slixmpp understood it; `xml` is its text, `type` of an available presence is empty."""

    kind: Literal["message", "presence", "iq"]
    sender: str
    to: str
    id: str
    type: str
    xml: str
    body: str = ""
    subject: str = ""
    thread: str = ""
    show: str = ""
    status: str = ""
    priority: int = 0
    condition: str = ""
    text: str = ""

    @property
    def bare_sender(self) -> str:
        return self.sender.partition("/")[0]


class Peer:
    """A logged-in slixmpp client; every wait ends with TimeoutError after DEADLINE seconds.

    It accepts and answers no subscription by itself. Received stanzas stay in `received`, and each is given
    out by `wait_for` at most once.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.jid = ""
        self.received: list[Received] = []
        self._waiting: list[Received] = []
        self._process = process
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._news = asyncio.Condition()
        self._lost: str | None = None
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def login(
        cls,
        server: XmppServer,
        account: Account,
        *,
        resource: str = "peer",
        direct_tls: bool = False,
        mechanism: str | None = None,
        plugins: Sequence[str] = (),
        port: int | None = None,
        deadline: float = DEADLINE,
    ) -> Self:
        """Log in, trusting only the server's own authority, and ask for the roster; send no presence yet.

        `plugins` are names such as `xep_0184`; `port` replaces the server's (to go through a proxy).
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", _PROGRAM),
            cwd=_ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 24,
        )
        peer = cls(process)
        peer._write(
            jid=account.jid,
            password=account.password,
            resource=resource,
            mechanism=mechanism,
            direct_tls=direct_tls,
            plugins=list(plugins),
            host=server.host,
            port=port or (server.direct_port if direct_tls else server.starttls_port),
            ca_file=str(server.ca_file),
        )
        try:
            async with asyncio.timeout(deadline), peer._news:
                await peer._news.wait_for(lambda: peer.jid or peer._lost is not None)
            if not peer.jid:
                raise PeerError(f"{account.jid} cannot log in: {peer._lost}")
        except BaseException:
            await peer.kill()
            raise
        return peer

    @property
    def bare_jid(self) -> str:
        return self.jid.partition("/")[0]

    async def send_message(
        self,
        to: str,
        body: str,
        *,
        type: str = "chat",  # noqa: A002
        id: str = "",  # noqa: A002
        subject: str | None = None,
        thread: str = "",
    ) -> str:
        """Send a message and return its id."""
        sent = await self._ask("message", to=to, body=body, type=type, id=id, subject=subject, thread=thread)
        return str(sent)

    async def send_presence(
        self,
        *,
        to: str | None = None,
        type: str | None = None,  # noqa: A002
        show: str | None = None,
        status: str | None = None,
        priority: int | None = None,
    ) -> None:
        """Send a presence: available without a `type`; to everyone subscribed without `to`."""
        await self._ask("presence", to=to, type=type, show=show, status=status, priority=priority)

    async def subscribe(self, jid: str) -> None:
        """Ask `jid` for its presence (RFC 6121 §3.1.1)."""
        await self.send_presence(to=jid, type="subscribe")

    async def subscribed(self, jid: str) -> None:
        """Let `jid` see this peer's presence (RFC 6121 §3.1.4)."""
        await self.send_presence(to=jid, type="subscribed")

    async def unsubscribe(self, jid: str) -> None:
        """Give up seeing `jid`'s presence (RFC 6121 §3.3.1)."""
        await self.send_presence(to=jid, type="unsubscribe")

    async def unsubscribed(self, jid: str) -> None:
        """Deny `jid` this peer's presence, or take it back (RFC 6121 §3.2.1)."""
        await self.send_presence(to=jid, type="unsubscribed")

    async def send_xml(self, xml: str) -> None:
        """Send a stanza as it is written; `jabber:client` is the default namespace."""
        await self._ask("xml", xml=xml)

    async def roster(self) -> Mapping[str, Mapping[str, Any]]:
        """Ask the server for the roster: JID to `name`, `subscription`, `groups`, `pending_out`."""
        items: Mapping[str, Mapping[str, Any]] = await self._ask("roster")
        return items

    async def remove(self, jid: str) -> None:
        """Remove `jid` from the roster."""
        await self._ask("remove", jid=jid)

    async def wait_for(
        self,
        kind: Literal["message", "presence", "iq"],
        matches: Callable[[Received], bool] = lambda _: True,
        *,
        deadline: float = DEADLINE,
        **fields: object,
    ) -> Received:
        """Return the oldest stanza not yet given out that has these `fields` and `matches`.

        `sender` may be a bare JID: it then stands for any of its resources.
        """
        found: Received | None = None

        def has_come() -> bool:
            nonlocal found
            found = next((each for each in self._waiting if _has(each, kind, fields) and matches(each)), None)
            return found is not None or self._lost is not None

        try:
            async with asyncio.timeout(deadline), self._news:
                await self._news.wait_for(has_come)
        except TimeoutError:
            seen = "\n".join(each.xml for each in self._waiting)
            raise TimeoutError(f"{self.jid} got no {kind} with {fields}, but:\n{seen}") from None
        if found is None:
            raise PeerError(f"{self.jid} lost its stream while waiting for a {kind}: {self._lost}")
        self._waiting.remove(found)
        return found

    async def wait_until_lost(self, *, deadline: float = DEADLINE) -> str:
        """Wait until the server ends the stream; return the reason slixmpp gives."""
        async with asyncio.timeout(deadline), self._news:
            await self._news.wait_for(lambda: self._lost is not None)
        return self._lost or ""

    async def disconnect(self) -> None:
        """Close the stream politely and end the process."""
        with contextlib.suppress(PeerError):
            await self._ask("disconnect")
        await self._leave()

    async def abort(self) -> None:
        """Drop the connection without a word and end the process."""
        with contextlib.suppress(PeerError):
            await self._ask("abort")
        await self._leave()

    async def kill(self) -> None:
        """End the process at once: its socket is closed by the system."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._leave()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.disconnect()

    async def _leave(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(DEADLINE):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reader

    async def _ask(self, command: str, **fields: object) -> Any:
        if self._lost is not None:
            raise PeerError(f"{self.jid} has no stream: {self._lost}")
        number = next(self._numbers)
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        self._write(number=number, command=command, **fields)
        async with asyncio.timeout(DEADLINE):
            return await answer

    def _write(self, **fields: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(fields).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            event = json.loads(line)
            async with self._news:
                match event.pop("event"):
                    case "online":
                        self.jid = event["jid"]
                    case "stanza":
                        stanza = Received(**event)
                        self.received.append(stanza)
                        self._waiting.append(stanza)
                    case "lost":
                        self._lost = self._lost or event["reason"] or "the stream ended"
                    case "answer":
                        self._settle(**event)
                self._news.notify_all()
        async with self._news:
            self._lost = self._lost or "the peer's process ended"
            self._news.notify_all()
        for number in list(self._answers):
            self._settle(number, error=self._lost)

    def _settle(self, number: int, result: object = None, error: str | None = None) -> None:
        answer = self._answers.pop(number)
        if answer.done():
            return
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(PeerError(f"{self.jid}: {error}"))


class Peers:
    """Peers that all disconnect when the block ends, however it ends."""

    def __init__(self) -> None:
        self._peers: list[Peer] = []

    async def login(
        self,
        server: XmppServer,
        account: Account | None = None,
        *,
        resource: str = "peer",
        direct_tls: bool = False,
        mechanism: str | None = None,
        plugins: Sequence[str] = (),
        port: int | None = None,
    ) -> Peer:
        """Log in as `account`, or as a new one, as `Peer.login` does."""
        peer = await Peer.login(
            server,
            account or server.user("peer"),
            resource=resource,
            direct_tls=direct_tls,
            mechanism=mechanism,
            plugins=plugins,
            port=port,
        )
        self._peers.append(peer)
        return peer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(peer.disconnect() for peer in self._peers))


def _has(stanza: Received, kind: str, fields: Mapping[str, object]) -> bool:
    return stanza.kind == kind and all(
        value in (stanza.sender, stanza.bare_sender) if name == "sender" else getattr(stanza, name) == value
        for name, value in fields.items()
    )
