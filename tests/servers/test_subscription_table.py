"""RFC 6121 Appendix A, cell by cell, as Prosody keeps it and this program shows it (C-SUB-07).

The contacts live on a component, so that their stanzas reach the user's server as another server's would: no roster of
their own stands between.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from lxml import etree

from tests.support.account import DEADLINE, User, logged_in
from tests.support.certificates import Authority
from tests.support.ejabberd import Ejabberd
from tests.support.prosody import Prosody
from tests.support.xmpp_server import LOOPBACK, free_port
from tui_xmpp.core.commands import (
    ApproveSubscription,
    Command,
    DenySubscription,
    PreApproveSubscription,
    RequestSubscription,
    SendMessage,
    Unsubscribe,
)
from tui_xmpp.jid import BareJID

COMPONENT = "elsewhere.test"
SECRET = "tell nobody"
STATES = ("N", "N+O", "N+I", "N+O+I", "T", "T+I", "F", "F+O", "B")


class Elsewhere:
    """All the contacts: a component (XEP-0114) that says and hears stanzas as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard: dict[str, list[str]] = {}  # contact: what came for it, presences by type, messages by text
        self._reader, self._writer = reader, writer
        self._parser = etree.XMLPullParser(events=("start", "end"))
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def joined(cls, port: int) -> AsyncGenerator[Elsewhere]:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        elsewhere = cls(reader, writer)
        async with asyncio.timeout(DEADLINE):
            await elsewhere._join()
        elsewhere._task = asyncio.create_task(elsewhere._listen())
        try:
            yield elsewhere
        finally:
            elsewhere._task.cancel()
            await asyncio.gather(elsewhere._task, return_exceptions=True)
            writer.close()
            await writer.wait_closed()

    def say(self, xml: str) -> None:
        self._writer.write(xml.encode())

    async def hears(self, contact: BareJID, last: str) -> list[str]:
        """Wait for ``last`` to come for a contact; return what came before it, and forget all of it."""
        heard = self.heard.setdefault(str(contact), [])
        async with asyncio.timeout(DEADLINE), self._news:
            await self._news.wait_for(lambda: last in heard)
        before = heard[: heard.index(last)]
        del heard[: len(before) + 1]
        return before

    async def _join(self) -> None:
        self.say(
            "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'"
            f" to='{COMPONENT}'>"
        )
        opening = await anext(self._elements("start"))
        digest = hashlib.sha1(f"{opening.get('id')}{SECRET}".encode()).hexdigest()
        self.say(f"<handshake>{digest}</handshake>")
        answer = await anext(self._elements("end"))
        assert answer.tag == "{jabber:component:accept}handshake", answer.tag

    async def _listen(self) -> None:
        async for element in self._elements("end"):
            parent = element.getparent()
            if parent is None or parent.getparent() is not None:
                continue  # the stream itself, or part of a stanza
            name = etree.QName(element).localname
            text = element.findtext("{jabber:component:accept}body")
            async with self._news:
                heard = self.heard.setdefault((element.get("to") or "").partition("/")[0], [])
                heard.append(text or "" if name == "message" else element.get("type") or "available")
                self._news.notify_all()

    async def _elements(self, kind: str) -> AsyncGenerator[etree._Element]:
        while True:
            for event, element in self._parser.read_events():
                if event == kind:
                    yield element
            data = await self._reader.read(65_536)
            if not data:
                return
            self._parser.feed(data)


class Hosting(Prosody):
    """A Prosody with a component."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.component_port = free_port()
        settings = (
            f'component_ports = {{ {self.component_port} }}\ncomponent_interfaces = {{ "{LOOPBACK}" }}\n'
            f'Component "{COMPONENT}"\ncomponent_secret = "{SECRET}"'
        )
        super().__init__(folder, authority, "rosings.test", settings=settings)

    def ports(self) -> tuple[int, ...]:
        return (*super().ports(), self.component_port)


@pytest.fixture(scope="module")
def hosting(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, prosody_of_session: Prosody
) -> Generator[Hosting]:
    with Hosting(tmp_path_factory.mktemp("table"), authority) as server:
        yield server


class Table:
    """The user, the contacts, and how to bring one of them into a state and read which it is in."""

    def __init__(self, user: User, elsewhere: Elsewhere) -> None:
        self.user = user
        self.elsewhere = elsewhere

    def contact(self, state: str) -> BareJID:
        return BareJID.parse(f"{state.lower().replace('+', '-')}@{COMPONENT}")

    def sends(self, contact: BareJID, kind: str) -> None:
        """Let the contact send a subscription stanza."""
        self.elsewhere.say(f"<presence from='{contact}' to='{self.user.account}' type='{kind}'/>")

    async def bring(self, contact: BareJID, state: str) -> None:
        user, account = self.user, self.user.account
        if state[0] in "TB":
            await user.does(RequestSubscription(account, contact))
            await user.until(lambda _: self.state(contact) == "N+O")
            self.sends(contact, "subscribed")
            await user.until(lambda _: self.state(contact) == "T")
        if state[0] in "FB":
            before = self.state(contact)
            self.sends(contact, "subscribe")
            await user.until(lambda _: self.state(contact) == f"{before}+I")
            await user.does(ApproveSubscription(account, contact))
            await user.until(lambda _: self.state(contact) == state[0])
        if "+O" in state:
            await user.does(RequestSubscription(account, contact))
            await user.until(lambda _: self.state(contact) == f"{state[0]}+O")
        if "+I" in state:
            self.sends(contact, "subscribe")
            await user.until(lambda _: self.state(contact) == state)
        await self.rest(contact, "ready")

    def state(self, contact: BareJID) -> str:
        """Return the state by its short name, from what the screen shows."""
        item = self.user.item(contact)
        name = item.subscription.value[0].upper() if item is not None else "N"
        name += "+O" if item is not None and item.is_ask_pending else ""
        return name + ("+I" if self.user.request(contact) else "")

    async def rest(self, contact: BareJID, word: str) -> list[str]:
        """Wait until both sides have heard all there is; return what the contact heard."""
        await self.user.does(SendMessage(self.user.account, contact, word))
        heard = await self.elsewhere.hears(contact, word)
        self.elsewhere.say(f"<message from='{contact}' to='{self.user.jid}' type='chat'><body>{word}</body></message>")
        await self.user.hears(contact, word)
        return heard


SUBSCRIPTION_KINDS = ("subscribe", "unsubscribe", "subscribed", "unsubscribed")


@asynccontextmanager
async def table_of(hosting: Hosting) -> AsyncGenerator[Table]:
    """Give a new user with a contact in each state of the table."""
    async with Elsewhere.joined(hosting.component_port) as elsewhere, logged_in(hosting) as user:
        table = Table(user, elsewhere)
        await asyncio.gather(*(table.bring(table.contact(state), state) for state in STATES))
        yield table


def subscription_kinds(heard: Iterable[str]) -> list[str]:
    return [kind for kind in heard if kind in SUBSCRIPTION_KINDS]


ROUTED, KEPT = True, False

OUTBOUND: dict[str, tuple[Callable[[BareJID, BareJID], Command], dict[str, tuple[str, bool]]]] = {
    "subscribe": (
        RequestSubscription,
        {
            "N": ("N+O", ROUTED),
            "N+O": ("N+O", ROUTED),
            "N+I": ("N+O+I", ROUTED),
            "N+O+I": ("N+O+I", ROUTED),
            "T": ("T", ROUTED),
            "T+I": ("T+I", ROUTED),
            "F": ("F+O", ROUTED),
            "F+O": ("F+O", ROUTED),
            "B": ("B", ROUTED),
        },
    ),
    "unsubscribe": (
        Unsubscribe,
        {
            "N": ("N", ROUTED),
            "N+O": ("N", ROUTED),
            "N+I": ("N+I", ROUTED),
            "N+O+I": ("N+I", ROUTED),
            "T": ("N", ROUTED),
            "T+I": ("N+I", ROUTED),
            "F": ("F", ROUTED),
            "F+O": ("F", ROUTED),
            "B": ("F", ROUTED),
        },
    ),
    "subscribed": (
        PreApproveSubscription,
        {
            # Prosody keeps an approval but tells no client of it (0.12).
            "N": ("N", KEPT),
            "N+O": ("N+O", KEPT),
            "N+I": ("F", ROUTED),
            "N+O+I": ("F+O", ROUTED),
            "T": ("T", KEPT),
            "T+I": ("B", ROUTED),
            # To say it twice is routed by Prosody, though RFC 6121 §A.2.3 would not.
            "F": ("F", ROUTED),
            "F+O": ("F+O", ROUTED),
            "B": ("B", ROUTED),
        },
    ),
    "unsubscribed": (
        DenySubscription,
        {
            "N": ("N", KEPT),
            "N+O": ("N+O", KEPT),
            "N+I": ("N", ROUTED),
            "N+O+I": ("N+O", ROUTED),
            "T": ("T", KEPT),
            "T+I": ("T", ROUTED),
            "F": ("N", ROUTED),
            "F+O": ("N+O", ROUTED),
            "B": ("T", ROUTED),
        },
    ),
}

INBOUND: dict[str, dict[str, tuple[str, list[str]]]] = {
    # The state after it, and what the user's server answers by itself.
    "subscribe": {
        "N": ("N+I", []),
        "N+O": ("N+O+I", []),
        "N+I": ("N+I", []),
        "N+O+I": ("N+O+I", []),
        "T": ("T+I", []),
        "T+I": ("T+I", []),
        "F": ("F", ["subscribed"]),
        "F+O": ("F+O", ["subscribed"]),
        "B": ("B", ["subscribed"]),
    },
    "unsubscribe": {
        "N": ("N", []),
        "N+O": ("N+O", []),
        "N+I": ("N", []),
        "N+O+I": ("N+O", []),
        "T": ("T", []),
        "T+I": ("T", []),
        "F": ("N", []),
        "F+O": ("N+O", []),
        "B": ("T", []),
    },
    "subscribed": {
        "N": ("N", []),
        "N+O": ("T", []),
        "N+I": ("N+I", []),
        "N+O+I": ("T+I", []),
        "T": ("T", []),
        "T+I": ("T+I", []),
        "F": ("F", []),
        "F+O": ("B", []),
        "B": ("B", []),
    },
    "unsubscribed": {
        "N": ("N", []),
        "N+O": ("N", []),
        "N+I": ("N+I", []),
        "N+O+I": ("N+I", []),
        "T": ("N", []),
        "T+I": ("N+I", []),
        "F": ("F", []),
        "F+O": ("F", []),
        "B": ("F", []),
    },
}


@pytest.mark.parametrize("kind", OUTBOUND)
async def test_c_sub_07_what_the_user_sends(hosting: Hosting, kind: str) -> None:
    command, expected = OUTBOUND[kind]
    async with table_of(hosting) as table:

        async def cell(state: str) -> tuple[str, bool]:
            contact = table.contact(state)
            await table.user.does(command(table.user.account, contact))
            heard = subscription_kinds(await table.rest(contact, "done"))
            assert heard in ([], [kind])
            return table.state(contact), heard == [kind]

        seen = await asyncio.gather(*map(cell, STATES))
    assert dict(zip(STATES, seen, strict=True)) == expected


@pytest.mark.parametrize("kind", INBOUND)
async def test_c_sub_07_what_the_contact_sends(hosting: Hosting, kind: str) -> None:
    async with table_of(hosting) as table:

        async def cell(state: str) -> tuple[str, list[str]]:
            contact = table.contact(state)
            table.sends(contact, kind)
            first = await table.rest(contact, "heard")  # the contact's own message says that it was dealt with
            heard = subscription_kinds([*first, *await table.rest(contact, "done")])
            return table.state(contact), heard

        seen = await asyncio.gather(*map(cell, STATES))
    assert dict(zip(STATES, seen, strict=True)) == INBOUND[kind]


async def test_c_sub_04_a_request_approved_beforehand_is_granted_without_a_question(
    hosting: Hosting,
) -> None:
    async with Elsewhere.joined(hosting.component_port) as elsewhere, logged_in(hosting) as user:
        table = Table(user, elsewhere)
        for state in ("N", "N+O", "T"):
            contact = table.contact(state)
            await table.bring(contact, state)
            await user.does(PreApproveSubscription(user.account, contact))
            await user.settle()
            table.sends(contact, "subscribe")
            granted = {"N": "F", "N+O": "F+O", "T": "B"}[state]
            await user.until(lambda _: table.state(contact) == granted)  # noqa: B023 - in the same turn
            assert "subscribed" in await table.rest(contact, "granted")


async def test_c_sub_04_a_server_without_pre_approval_is_not_asked_for_it(ejabberd: Ejabberd) -> None:
    async with logged_in(ejabberd) as user:
        contact = BareJID.parse(f"jane@{ejabberd.domain}")
        failure = await user.fails(PreApproveSubscription(user.account, contact))
        assert failure == f"{ejabberd.domain} cannot approve a request before it comes."
        assert not user.connection.facts.can_pre_approve
