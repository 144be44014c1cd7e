"""An engine logged in to a server that says only what the test says, and to the loopback."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from random import Random

from lxml import etree

from tests.support.sasl import Accounts
from tests.support.wire import KeptAccounts, counting_ids
from tui_xmpp.clock import Clock, ManualClock
from tui_xmpp.core.commands import Command, ProvidePassword
from tui_xmpp.core.settings import AccountSettings, PrivacySettings, Settings
from tui_xmpp.core.store import Store
from tui_xmpp.features import FEATURES
from tui_xmpp.features.feature import Feature
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.net.connect import Connected
from tui_xmpp.net.resolve import Endpoint
from tui_xmpp.net.steps import NetError
from tui_xmpp.net.tls import ServerTls
from tui_xmpp.net.transport import Faults, MemoryTransport, Transport, memory_pair
from tui_xmpp.storage.archive import Archive
from tui_xmpp.worker.backoff import Backoff
from tui_xmpp.worker.client import Client
from tui_xmpp.worker.dial import Target
from tui_xmpp.worker.engine import SessionEngine, SettingsFile, Watch
from tui_xmpp.worker.surroundings import Passwords
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.config import ReceiverConfig
from tui_xmpp.xmpp.connection import Connection
from tui_xmpp.xmpp.element import LANG, Element, build, parse_element, serialize
from tui_xmpp.xmpp.events import BindWanted, Bound, NonzaReceived, StanzaReceived, StreamClosed, TlsWanted
from tui_xmpp.xmpp.sasl import ChannelBinding
from tui_xmpp.xmpp.stanza import Iq, stanza_element

ACCOUNT = BareJID.parse("juliet@capulet.example")
DOMAIN = BareJID.parse("capulet.example")
JID = FullJID.parse("juliet@capulet.example/balcony")
PASSWORD = "r0m30myr0m30"
IMMEDIATE = Backoff(shortest=0, share=0, longest=0, slow=0, after_shutdown=0)

_LOGS = (logging.getLogger("tui_xmpp.worker.dispatch"), logging.getLogger("tui_xmpp.worker.tasks"))
_NO_TLS = ServerTls(Path("in-memory.crt"), Path("in-memory.key"))  # a memory transport opens no files
_ACCOUNTS = KeptAccounts({"juliet": PASSWORD})
_FEATURES = (build(ns.ROSTER_VERSIONING, "ver"), build(ns.SUBSCRIPTION_PRE_APPROVAL, "sub"))


def canonical(xml: str | bytes) -> str:
    """Return a stanza in one spelling; its namespace may be left out, its language is not looked at."""
    text = xml.decode() if isinstance(xml, bytes) else xml
    element = parse_element(f"<x xmlns='jabber:client'>{text}</x>")[0]
    element.attrib.pop(LANG, None)
    for each in element.iter():
        if each.text is not None and not each.text.strip():
            each.text = None
        each.tail = None
    spelt = etree.tostring(etree.fromstring(serialize(element)), method="c14n", exclusive=True).decode()
    return re.sub(r"<(\w[^<>]*)></[^<>]+>", r"<\1/>", spelt.replace(' xmlns="jabber:client"', "", 1))


class ScriptedServer:
    """Log every client in as juliet@capulet.example/balcony, answer requests from a table, else say nothing."""

    def __init__(self) -> None:
        self.answers: dict[str, str | None] = {
            "{jabber:iq:roster}query": "<query xmlns='jabber:iq:roster' ver='v1'/>",
            "{urn:xmpp:blocking}blocklist": "<blocklist xmlns='urn:xmpp:blocking'/>",
            "{urn:xmpp:ping}ping": "",
            "{urn:xmpp:blocking}block": "",
            "{urn:xmpp:blocking}unblock": "",
        }
        """What a request is answered with; ``<error…>`` makes it an error, None leaves it open."""
        self.features: tuple[Element, ...] = _FEATURES
        self.mechanisms: tuple[str, ...] = ("SCRAM-SHA-256", "SCRAM-SHA-1")
        self.refusals: list[NetError] = []
        """What the next dials fail with."""
        self.breaking_off = 0
        """How many of the next dials lead to a host that ends the connection before it says a word."""
        self.untried: tuple[Endpoint, ...] = ()
        """What a dial leaves untried."""
        self.nonzas: list[str] = []
        """What came besides stanzas."""
        self.dials: list[Target] = []
        self.logins = 0
        self.transport: MemoryTransport | None = None
        self._connection: Connection | None = None
        self._sent: list[str] = []
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_bound = asyncio.Event()
        self._is_gone = asyncio.Event()
        self._is_refused = asyncio.Event()
        self.is_clean: bool | None = None
        self.accounts: Accounts = _ACCOUNTS

    async def dial(self, target: Target) -> Connected:
        """Serve as the engine's dialer."""
        self.dials.append(target)
        if self.refusals:
            self._is_refused.set()
            raise self.refusals.pop(0)
        ours, theirs = memory_pair()
        if self.breaking_off:
            self.breaking_off -= 1
            await theirs.close()
            theirs = memory_pair()[1]
        task = asyncio.create_task(self._serve(theirs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        host = target.override.host if target.override else "xmpp.capulet.example"
        if target.endpoints:
            host = target.endpoints[0].host
        untried = target.endpoints[1:] if target.endpoints else self.untried
        return Connected(ours, Endpoint(host, 5222, False), None, untried)

    def says(self, xml: str) -> None:
        """Send bytes to the client as they are."""
        assert self.transport is not None
        self.transport.write(xml.encode())

    def heard(self) -> list[str]:
        """Return and forget the stanzas that came, without pings to the server and the answers to our own requests."""
        heard, self._sent = self._sent, []
        return heard

    @property
    def heard_so_far(self) -> list[str]:
        """Return what :meth:`heard` would, and keep it."""
        return list(self._sent)

    async def heard_more(self) -> None:
        """Wait for one stanza more."""
        self._news.clear()
        await self._news.wait()

    @property
    def faults(self) -> Faults:
        """What to do to the bytes the server sends."""
        assert self.transport is not None
        return self.transport.faults

    def cut(self) -> None:
        """Break the connection."""
        assert self.transport is not None
        self.transport.abort()

    async def bound(self) -> None:
        """Wait until a client is logged in."""
        await self._is_bound.wait()

    async def gone(self) -> None:
        """Wait until the client's stream has ended."""
        await self._is_gone.wait()

    async def refused(self) -> None:
        """Wait until a dial was refused."""
        async with asyncio.timeout(20):
            await self._is_refused.wait()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, transport: MemoryTransport) -> None:
        config = ReceiverConfig(
            "capulet.example",
            self.accounts,
            self.mechanisms,
            features=self.features,
            make_id=counting_ids("s"),
        )
        connection = Connection(config)
        self.transport, self._connection = transport, connection
        self._is_gone.clear()
        connection.open()
        try:
            await self._talk(transport, connection)
        except NetError:
            self.is_clean = False
        finally:
            self._is_bound.clear()
            self._is_gone.set()
            await transport.close()

    async def _talk(self, transport: Transport, connection: Connection) -> None:
        while True:
            for event in connection.events():
                match event:
                    case TlsWanted():
                        transport.write(connection.data_to_send())
                        tls = await transport.start_tls(_NO_TLS)
                        connection.tls_established(ChannelBinding(tls.channel_bindings, tls.version))
                    case BindWanted():
                        connection.accept_bind(JID)
                    case Bound():
                        self.logins += 1
                        self._is_bound.set()
                    case NonzaReceived(element):
                        self.nonzas.append(canonical(serialize(element)))
                    case StanzaReceived(stanza):
                        self._take(transport, stanza_element(stanza), stanza)
                    case StreamClosed(is_clean):
                        self.is_clean = is_clean
                        transport.write(connection.data_to_send())
                        return
                    case _:
                        pass
            transport.write(connection.data_to_send())
            data = await transport.read()
            if data:
                connection.receive_data(data)
            else:
                connection.receive_eof()

    def _take(self, transport: Transport, element: Element, stanza: object) -> None:
        self._news.set()
        is_asked = isinstance(stanza, Iq) and stanza.is_request and stanza.to in (None, ACCOUNT, DOMAIN)
        if not is_asked or not isinstance(stanza, Iq) or stanza.child is None:
            self._sent.append(canonical(serialize(element)))
            return
        tag = stanza.child.tag
        if tag != "{urn:xmpp:ping}ping":
            self._sent.append(canonical(serialize(element)))
        answer = self.answers.get(tag, "")
        if tag == "{jabber:iq:roster}query" and stanza.type.value == "set" and not (answer or "").startswith("<error"):
            answer = "" if answer is not None else None
        if answer is not None:
            kind = "error" if answer.startswith("<error") else "result"
            sender = f" from='{stanza.to}'" if stanza.to is not None else ""
            transport.write(f"<iq type='{kind}' id='{stanza.id}'{sender}>{answer}</iq>".encode())


class Scene:
    """A client with its engine and the server it talks to."""

    def __init__(self, client: Client, engine: SessionEngine, server: ScriptedServer, clock: Clock) -> None:
        self.client = client
        self.engine = engine
        self.server = server
        self.clock = clock

    async def hears(self, xml: str) -> list[str]:
        """Let the server say stanzas; return what the client sent because of them."""
        self.server.says(xml)
        await self.client.settle()
        return self.server.heard()

    async def does(self, command: Command) -> list[str]:
        """Let the user do something; return what was sent. Raise AssertionError with the sentence when it failed."""
        failure = await self.fails(command)
        assert failure is None, failure
        return self.server.heard()

    async def fails(self, command: Command) -> str | None:
        """Let the user do something; return the sentence of its one answer."""
        ticket = self.client.submit(command)
        await self.client.settle()
        answers = [answer for answer in self.client.take().answers if answer.ticket == ticket]
        assert len(answers) == 1, answers
        return answers[0].failure

    @property
    def log(self) -> list[str]:
        return [entry.text for entry in self.client.views.log()]


class _Failures(logging.Handler):
    """Gathers what the engine bears in silence: a feature that raised, which is a fault of ours (S-29)."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is not None:
            self.sentences.append(self.format(record))


@asynccontextmanager
async def engine_of(
    server: ScriptedServer,
    *,
    account: AccountSettings | None = None,
    privacy: PrivacySettings | None = None,
    archive: Archive | None = None,
    clock: Clock | None = None,
    backoff: Backoff = IMMEDIATE,
    settings_file: SettingsFile | None = None,
    passwords: Passwords | None = None,
    make_id: Callable[[], str] | None = None,
    features: Sequence[Feature] = FEATURES,
    is_wire_logged: bool = False,
    watch_changes: Callable[[Callable[[], None]], Watch] | None = None,
) -> AsyncIterator[Scene]:
    """Give an engine that is started and, like a first run, has not been told its password."""
    clock = clock or ManualClock()
    settings = Settings((account or AccountSettings(ACCOUNT),), privacy=privacy or PrivacySettings())
    client = Client(Store(), settings)
    engine = SessionEngine(
        client,
        dial=server.dial,
        archive=archive,
        clock=clock,
        random=Random(1),
        backoff=backoff,
        settings_file=settings_file,
        passwords=passwords,
        languages=("en",),
        features=features,
        is_wire_logged=is_wire_logged,
        watch_changes=watch_changes,
        make_id=make_id or counting_ids("id"),
    )
    client.attach(lambda: engine)
    client.listen(lambda: None)
    failures = _Failures()
    for log in _LOGS:
        log.addHandler(failures)
    client.start()
    await client.settle()
    try:
        yield Scene(client, engine, server, clock)
    finally:
        await client.close()
        await server.close()
        for log in _LOGS:
            log.removeHandler(failures)
    assert not failures.sentences, failures.sentences


@asynccontextmanager
async def online(server: ScriptedServer | None = None, **options: object) -> AsyncIterator[Scene]:
    """Give an engine that is logged in; what it sent to get there is forgotten, and its next id is ``id3``."""
    server = server or ScriptedServer()
    numbers = [count(1)]
    options.setdefault("make_id", lambda: f"id{next(numbers[0])}")
    async with engine_of(server, **options) as scene:  # type: ignore[arg-type]
        await scene.does(ProvidePassword(ACCOUNT, PASSWORD))
        numbers[0] = count(3)
        yield scene
