"""This program's own side of a conversation: a real client with its engine, logged in over the network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from tests.support.xmpp_server import Account, XmppServer
from tui_xmpp.core.commands import Command
from tui_xmpp.core.model import Connection, Message, Phase, Prompt, PromptKind, RosterItem, SubscriptionRequest
from tui_xmpp.core.settings import AccountSettings, Settings, TlsMode
from tui_xmpp.core.store import Store
from tui_xmpp.core.views import ContactView, Views
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive
from tui_xmpp.worker.backoff import Backoff
from tui_xmpp.worker.client import Client
from tui_xmpp.worker.engine import SessionEngine

DEADLINE = 40.0
"""Seconds for any one wait."""
QUICK = Backoff(shortest=0.2, share=0, longest=0.2, slow=0.2, after_shutdown=0.2)
"""Tries again as soon as a server that was restarted may be back."""

T = TypeVar("T")


@dataclass(slots=True)
class KnownPassword:
    """Stands where the keyring does: gives the password it was made with, keeps what it is told to keep."""

    password: str | None
    kept: dict[BareJID, str] = field(default_factory=dict)

    async def get_password(self, settings: AccountSettings) -> str | None:
        return self.kept.get(settings.jid, self.password)

    async def keep_password(self, account: BareJID, password: str) -> None:
        self.kept[account] = password

    async def forget_password(self, account: BareJID) -> None:
        self.kept.pop(account, None)


class User:
    """Someone at the screen: gives commands and looks at the views whenever the doorbell rings."""

    def __init__(self, client: Client, account: BareJID) -> None:
        self.client = client
        self.account = account
        self._answers: dict[int, asyncio.Future[str | None]] = {}
        self._news = asyncio.Event()
        client.listen(self._look)

    def _look(self) -> None:
        for answer in self.client.take().answers:
            self._answers.pop(answer.ticket).set_result(answer.failure)
        self._news.set()
        self._news = asyncio.Event()

    async def until(self, look: Callable[[Views], T | None], *, deadline: float = DEADLINE) -> T:
        """Return what ``look`` sees as soon as that is true; TimeoutError tells what there was instead."""
        try:
            async with asyncio.timeout(deadline):
                while not (seen := look(self.views)):
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"{self.account} did not see it; there is:\n{self.picture()}") from None
        return seen

    async def fails(self, command: Command) -> str | None:
        """Give a command and return the sentence it fails with, None when it is done."""
        ticket = self.client.submit(command)
        answer = self._answers[ticket] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(DEADLINE):
            failure: str | None = await answer
            return failure

    async def does(self, *commands: Command) -> None:
        """Give commands one after another, each of which must succeed."""
        for command in commands:
            failure = await self.fails(command)
            assert failure is None, f"{command}: {failure}"

    def submit(self, *commands: Command) -> None:
        """Give commands as fast as they can be typed; nobody waits for their answers."""
        for command in commands:
            ticket = self.client.submit(command)
            self._answers[ticket] = asyncio.get_running_loop().create_future()

    async def settle(self) -> None:
        """Wait until the server has nothing more to say to what was sent."""
        async with asyncio.timeout(DEADLINE):
            await self.client.settle()

    # -- what is seen ---------------------------------------------------------------------------------------------

    @property
    def views(self) -> Views:
        return self.client.views

    @property
    def connection(self) -> Connection:
        view = self.views.account(self.account)
        return view.connection if view else Connection()

    @property
    def jid(self) -> str:
        """The full address of the session."""
        return str(self.connection.facts.jid)

    def contact(self, peer: BareJID) -> ContactView | None:
        return self.views.contact(self.account, peer)

    def messages(self, peer: BareJID) -> tuple[Message, ...]:
        return self.views.conversation(self.account, peer).messages

    def prompt(self, kind: PromptKind) -> Prompt | None:
        view = self.views.account(self.account)
        return next((prompt for prompt in view.prompts if prompt.kind is kind), None) if view else None

    def request(self, peer: BareJID) -> SubscriptionRequest | None:
        return next((one for one in self.views.requests() if (one.account, one.peer) == (self.account, peer)), None)

    def item(self, peer: BareJID) -> RosterItem | None:
        """What the roster says of a peer, None when it is not on the roster."""
        seen = self.contact(peer)
        if seen is None or not seen.is_in_roster:
            return None
        return RosterItem(peer, seen.name, seen.groups, seen.subscription, seen.is_ask_pending, seen.is_approved)

    @property
    def log(self) -> list[str]:
        return [entry.text for entry in self.views.log()]

    async def online(self) -> None:
        await self.until(lambda _: self.connection.phase is Phase.ONLINE)

    async def asked(self, kind: PromptKind) -> Prompt:
        """Wait for a question, and until the session rests because of it."""
        return await self.until(lambda _: self.prompt(kind) if self.connection.phase is Phase.STOPPED else None)

    async def hears(self, peer: BareJID, body: str) -> Message:
        """Wait for a message with this text in the conversation with ``peer``."""
        return await self.until(
            lambda _: next((m for m in self.messages(peer) if m.body == body and not m.is_outgoing), None)
        )

    def picture(self) -> str:
        """Say what there is to be seen."""
        connection = self.connection
        lines = [f"{connection.phase.name} {connection.reason}"]
        lines += [f"contact {view}" for view in self.views.contacts(self.account)]
        lines += [f"request of {request.peer}" for request in self.views.requests()]
        lines += [f"log: {text}" for text in self.log[-10:]]
        return "\n".join(lines)


def settings_of(server: XmppServer, account: Account, *, direct_tls: bool = False) -> AccountSettings:
    """Return what a user of a test server would write into the settings file."""
    tls: TlsMode = "direct" if direct_tls else "starttls"
    return AccountSettings(
        BareJID.parse(account.jid),
        host=server.host,
        port=server.direct_port if direct_tls else server.starttls_port,
        tls=tls,
        ca_file=str(server.ca_file),
    )


@asynccontextmanager
async def started(
    settings: AccountSettings,
    password: str | None,
    *,
    data: Path | None = None,
    passwords: KnownPassword | None = None,
    is_wire_logged: bool = False,
    backoff: Backoff = QUICK,
) -> AsyncGenerator[User]:
    """Give a user whose client has been started; with ``data`` an archive in that folder is kept."""
    client = Client(Store(), Settings((settings,)))

    def make_engine() -> SessionEngine:
        archive = Archive.open(data / "archive.sqlite") if data is not None else None
        return SessionEngine(
            client,
            archive=archive,
            passwords=passwords or KnownPassword(password),
            backoff=backoff,
            languages=("en",),
            is_wire_logged=is_wire_logged,
        )

    client.attach(make_engine)
    user = User(client, settings.jid)
    client.start()
    try:
        yield user
    finally:
        await client.close()


@asynccontextmanager
async def logged_in(
    server: XmppServer,
    account: Account | None = None,
    *,
    direct_tls: bool = False,
    resource: str | None = None,
    data: Path | None = None,
    is_wire_logged: bool = False,
) -> AsyncGenerator[User]:
    """Give a user who is online with `account`, or with a new one."""
    account = account or server.user("user")
    settings = replace(settings_of(server, account, direct_tls=direct_tls), resource=resource)
    async with started(settings, account.password, data=data, is_wire_logged=is_wire_logged) as user:
        await user.online()
        await user.settle()
        yield user
