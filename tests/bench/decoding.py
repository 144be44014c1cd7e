"""How many chat messages a second one core takes off the wire: bare lxml, typed, and dispatched to every feature."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from lxml import etree

from tests.bench.figures import Row, at_least, median
from tests.support.wire import ACCOUNT, established_initiator
from tui_xmpp.clock import SystemClock
from tui_xmpp.core.events import AccountAdded, Event, MessageReceived
from tui_xmpp.core.model import OwnPresence
from tui_xmpp.core.settings import AccountSettings, PrivacySettings
from tui_xmpp.core.store import Store
from tui_xmpp.features import FEATURES
from tui_xmpp.worker.context import AccountContext
from tui_xmpp.worker.dispatch import Dispatcher, Guard
from tui_xmpp.worker.journal import Journal
from tui_xmpp.worker.requests import Requests
from tui_xmpp.worker.work import Work
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.events import StanzaReceived
from tui_xmpp.xmpp.parser import StreamParser
from tui_xmpp.xmpp.stanza import Message, decode_stanza

MESSAGES = 20_000
REFERENCE_RATE = 164_000
"""Messages a second through bare lxml where the targets were set."""
READ = 1 << 14
"""Bytes in one read from a socket."""
HEADER = (
    b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='1'"
    b" from='im.example.com'>"
)


def stanza(size: int = 512) -> bytes:
    """Return a chat message as servers send them, of exactly ``size`` bytes."""
    start = (
        "<message from='romeo@montague.example/orchard' to='juliet@im.example.com/balcony' type='chat' id='9f2ab31c'"
        " xml:lang='en'><body>"
    )
    end = (
        "</body><active xmlns='http://jabber.org/protocol/chatstates'/>"
        "<origin-id xmlns='urn:xmpp:sid:0' id='9f2ab31c'/>"
        "<stanza-id xmlns='urn:xmpp:sid:0' id='28482-98726-73623' by='juliet@im.example.com'/></message>"
    )
    text = "By a name I know not how to tell thee who I am. " * 8
    return (start + text[: size - len(start) - len(end)].ljust(size - len(start) - len(end), "!") + end).encode()


def reads() -> list[bytes]:
    """Return the messages as a socket would give them."""
    data = stanza() * MESSAGES
    return [data[start : start + READ] for start in range(0, len(data), READ)]


def bare(pieces: list[bytes]) -> int:
    """Count messages with nothing but lxml's pull parser."""
    parser = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    parser.feed(HEADER)
    _, root = next(iter(parser.read_events()))
    count = depth = 0
    for piece in pieces:
        parser.feed(piece)
        for event, element in parser.read_events():
            if event == "start":
                depth += 1
            else:
                depth -= 1
                if depth == 0:
                    count += 1
                    root.remove(element)
    return count


def typed(pieces: list[bytes]) -> int:
    """Count messages through the guarded parser, as typed stanzas."""
    parser = StreamParser()
    list(parser.feed(HEADER))
    count = 0
    for piece in pieces:
        for item in parser.feed(piece):
            assert isinstance(item, Element)
            count += isinstance(decode_stanza(item), Message)
    return count


def dispatched(pieces: list[bytes], publish: Callable[[Iterable[Event]], None]) -> int:
    """Count messages through a whole connection and every feature, until they are facts."""
    return asyncio.run(_dispatch(pieces, publish))


async def _dispatch(pieces: list[bytes], publish: Callable[[Iterable[Event]], None]) -> int:
    connection = established_initiator()
    assert connection.jid is not None
    work, dispatcher, guard = Work(), Dispatcher(FEATURES), Guard()
    store, clock = Store(), SystemClock()
    requests = Requests(connection.jid, work)
    ctx = AccountContext(
        AccountSettings(ACCOUNT),
        PrivacySettings(),
        own=OwnPresence(),
        dispatcher=dispatcher,
        journal=Journal(publish, None, clock, work),
        views=store,
        clock=clock,
        work=work,
    )
    count = 0
    for piece in pieces:
        connection.receive_data(piece)
        for event in connection.events():
            if isinstance(event, StanzaReceived):
                dispatcher.handle(ctx, event.stanza, requests, guard)
                count += 1
        ctx.flush()
    return count


class Facts:
    """Take facts as the screen's side does: count the messages, and keep them if there is a store."""

    def __init__(self, store: Store | None = None) -> None:
        self.count = 0
        self._store = store
        if store is not None:
            store.apply(AccountAdded(ACCOUNT, OwnPresence()))

    def publish(self, events: Iterable[Event]) -> None:
        for event in events:
            self.count += isinstance(event, MessageReceived)
            if self._store is not None:
                self._store.apply(event)


def _rate(count: Callable[[], int]) -> float:
    began = time.process_time()
    done = count()
    assert done == MESSAGES, done
    return done / (time.process_time() - began)


def bare_rate() -> float:
    """Return how many messages a second lxml alone takes here and now."""
    pieces = reads()
    return median(_rate(lambda: bare(pieces)) for _ in range(3))


def _into(pieces: list[bytes], facts: Facts) -> int:
    dispatched(pieces, facts.publish)
    return facts.count


def decode(runs: int) -> list[Row]:
    """Measure the decode rate in messages a second of processor time."""
    pieces = reads()
    kinds: dict[str, Callable[[], int]] = {
        "bare": lambda: bare(pieces),
        "typed": lambda: typed(pieces),
        "dispatched": lambda: _into(pieces, Facts()),
        "stored": lambda: _into(pieces, Facts(Store())),
    }
    rates: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(runs):
        for kind, count in kinds.items():
            rates[kind].append(_rate(count))
    middle = {kind: median(each) for kind, each in rates.items()}
    return [
        Row("decode: typed stanzas, messages/s", middle["typed"], middle["bare"]),
        Row("decode: dispatched to every feature, messages/s", middle["dispatched"], middle["bare"], at_least(40_000)),
        Row("decode: and applied to the store, messages/s", middle["stored"], middle["bare"]),
    ]
