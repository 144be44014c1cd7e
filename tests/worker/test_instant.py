"""The instant login: SASL2, Bind 2, a token and a resumed session, against the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from sqlite3 import connect

import pytest

from tests.support.account import KnownPassword, User
from tests.support.loopback import WireClient
from tui_xmpp.core.commands import PreApproveSubscription, SendMessage, SetActivity
from tui_xmpp.core.model import Delivery, Phase
from tui_xmpp.core.settings import AccountSettings, Settings
from tui_xmpp.core.store import Store
from tui_xmpp.jid import BareJID
from tui_xmpp.loopback.dial import LoopbackDialer
from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.net.connect import Connected
from tui_xmpp.net.tls import TlsPolicy
from tui_xmpp.storage import resumption
from tui_xmpp.storage.archive import Archive
from tui_xmpp.worker.client import Client
from tui_xmpp.worker.dial import Target
from tui_xmpp.worker.engine import SessionEngine
from tui_xmpp.worker.login import Login
from tui_xmpp.xmpp.config import InitiatorConfig
from tui_xmpp.xmpp.events import Resumed
from tui_xmpp.xmpp.sasl import Credentials, FastToken, Password
from tui_xmpp.xmpp.stream_management import ResumptionState, StreamManagementWish

PASSWORD = "in want of a wife"


class KeptTokens:
    """A keyring for tokens."""

    def __init__(self) -> None:
        self.kept: dict[BareJID, FastToken] = {}

    async def get_token(self, account: BareJID) -> FastToken | None:
        return self.kept.get(account)

    async def keep_token(self, account: BareJID, token: FastToken) -> None:
        self.kept[account] = token

    async def forget_token(self, account: BareJID) -> None:
        self.kept.pop(account, None)


class BreakingDialer(LoopbackDialer):
    """One whose next connection breaks when so many bytes have been sent."""

    breaks_off_after: int | None = None

    async def __call__(self, target: Target) -> Connected:
        connected = await super().__call__(target)
        self.transports[-1].faults.cut_after, self.breaks_off_after = self.breaks_off_after, None
        return connected


class Instance:
    """A client of Jane's at a server; its folder and keyring are what one run leaves to the next."""

    def __init__(self, server: LoopbackServer, folder: Path) -> None:
        self.folder = folder
        self.server = server
        self.jane = server.add_user("jane", PASSWORD)
        self.dial = BreakingDialer(server)
        self.tokens = KeptTokens()
        self.passwords = KnownPassword(PASSWORD)

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[User]:
        client = Client(Store(), Settings((AccountSettings(self.jane),)))
        client.attach(
            lambda: SessionEngine(
                client,
                dial=self.dial,
                archive=Archive.open(self.folder / "archive.sqlite"),
                passwords=self.passwords,
                tokens=self.tokens,
                is_wire_logged=True,
            )
        )
        user = User(client, self.jane)
        client.start()
        try:
            await user.online()
            await user.settle()
            yield user
        finally:
            await client.close()


async def test_c_fast_01_a_token_comes_with_the_first_login_and_is_the_second(tmp_path: Path) -> None:
    async with LoopbackServer("longbourn.lit", is_instant=True) as server:
        jane = Instance(server, tmp_path)
        async with jane.run() as user:
            assert user.connection.facts.mechanism.startswith("SCRAM-")
            assert jane.tokens.kept[jane.jane].mechanism.startswith("HT-")
            assert "tui-xmpp/" in user.jid
        async with jane.run() as user:
            assert user.connection.facts.mechanism.startswith("HT-")


async def test_c_fast_03_a_refused_token_is_dropped_and_the_password_taken(tmp_path: Path) -> None:
    async with LoopbackServer("longbourn.lit", is_instant=True) as server:
        jane = Instance(server, tmp_path)
        async with jane.run() as user:
            client_id = str(user.client.recall(f"client_id {jane.jane}"))
        [token] = server.tokens.tokens("jane", client_id)
        server.tokens.invalidate("jane", client_id, token)
        async with jane.run() as user:
            assert user.connection.facts.mechanism.startswith("SCRAM-")
            assert jane.jane not in jane.tokens.kept


def outgoing(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was written, flush by flush."""
    lines = [record.getMessage() for record in caplog.records if record.name == "tui_xmpp.wire"]
    return [line for line in lines if " out " in line]


async def test_c_bind2_01_a_cut_session_is_back_with_the_authentication_itself(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level("DEBUG", "tui_xmpp.wire")
    async with LoopbackServer("longbourn.lit", is_instant=True) as server:
        jane, lizzy = Instance(server, tmp_path), server.add_user("lizzy", PASSWORD)
        async with jane.run() as user:
            jid = user.jid
            caplog.clear()
            server.stream(jane.jane).drop()
            await user.until(lambda _: user.connection.facts.is_resumed and user.connection.phase is Phase.ONLINE)
            assert user.jid == jid
            assert user.connection.facts.mechanism.startswith("HT-")
            flushes = outgoing(caplog)
            [logged_in] = [number for number, line in enumerate(flushes) if "<authenticate" in line]
            # Two headers and STARTTLS come before: after TLS there is the header, and the login is the resumption.
            assert logged_in == 3
            assert "<resume" in flushes[logged_in]
            assert not any("<bind xmlns" in line for line in flushes[logged_in + 1 :])
            await user.does(SendMessage(user.account, lizzy, "back"))
            await user.until(lambda _: user.messages(lizzy)[-1].delivery is Delivery.ACKNOWLEDGED)


async def comes_back(user: User, server: LoopbackServer) -> None:
    """Cut the stream and wait for the next one."""
    began = user.connection.facts.since
    server.stream(user.account).drop()
    await user.until(lambda _: user.connection.facts.since not in (None, began))
    assert user.connection.facts.is_resumed


async def test_x_198_04_x_352_a_resumed_session_is_told_anew_whether_anyone_looks(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level("DEBUG", "tui_xmpp.wire")
    async with LoopbackServer("longbourn.lit", is_instant=True) as server:
        jane = Instance(server, tmp_path)
        async with jane.run() as user:
            for is_active in (False, True):
                await user.does(SetActivity(user.account, is_active))
                caplog.clear()
                await comes_back(user, server)
                await user.settle()
                told = [line for line in outgoing(caplog) if "urn:xmpp:csi:0" in line]
                assert len(told) == 1
                assert ("<active" if is_active else "<inactive") in told[0]
                assert user.connection.facts.can_pre_approve
            await user.does(PreApproveSubscription(user.account, BareJID.parse("lizzy@longbourn.lit")))


@asynccontextmanager
async def resumed_late(jane: Instance) -> AsyncGenerator[None]:
    """Resume Jane's session over one more stream, as a server does that comes late to one that was given up."""
    with closing(connect(jane.folder / "archive.sqlite")) as connection:
        kept = resumption.read(connection, jane.jane).opened
    assert kept is not None
    config = InitiatorConfig(
        jane.jane.domain,
        jane.jane,
        stream_management=StreamManagementWish(),
        resumption=ResumptionState(kept.id, kept.jid, kept.handled, None),
    )
    login = Credentials("jane", Password(PASSWORD))
    async with WireClient(jane.server.connect_memory(), TlsPolicy(jane.jane.domain), config, login) as late:
        async with asyncio.timeout(10):
            await late.until(Resumed)
        yield


@pytest.mark.parametrize(
    ("is_instant", "breaks_off_after"),
    [(True, 700), (False, 1100), (True, None)],
    ids=["with the login", "after the login", "never"],
)
async def test_x_198_04_a_session_taken_over_is_taken_back_where_a_login_of_ours_broke_off_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_instant: bool, breaks_off_after: int | None
) -> None:
    if not is_instant:
        monkeypatch.setattr(Login, "_instant_login", lambda _: None)
    async with LoopbackServer("longbourn.lit", is_instant=True) as server:
        jane, lizzy = Instance(server, tmp_path), server.add_user("lizzy", PASSWORD)
        async with jane.run() as user:
            if breaks_off_after is not None:
                jane.dial.breaks_off_after = breaks_off_after
                await comes_back(user, server)
                await user.settle()  # all is acknowledged, and on disk
                assert len(jane.dial.transports) == 3
            began = user.connection.facts.since
            async with resumed_late(jane):
                if breaks_off_after is None:
                    await user.until(lambda _: user.connection.phase is Phase.STOPPED)
                    assert "Another session has taken over" in user.connection.reason
                    return
                await user.until(lambda _: user.connection.facts.since not in (None, began))
                assert user.connection.facts.is_resumed
                await user.does(SendMessage(user.account, lizzy, "still here"))
                await user.until(lambda _: user.messages(lizzy)[-1].delivery is Delivery.ACKNOWLEDGED)


async def test_x_198_04_what_is_sent_and_asked_across_a_cut_arrives_once(tmp_path: Path) -> None:
    async with LoopbackServer("longbourn.lit", is_instant=True) as server:
        jane, lizzy = Instance(server, tmp_path), server.add_user("lizzy", PASSWORD)
        async with jane.run() as user:
            for number in range(20):
                if number % 5 == 2:
                    # The server reads no more, so that what is written is lost with the link.
                    server.stream(jane.jane).freeze()
                user.submit(SendMessage(user.account, lizzy, str(number)))
                if number % 5 == 4:
                    server.stream(jane.jane).drop()
                    server.streams[-1].thaw()
                    async with asyncio.timeout(20):
                        await user.until(lambda _: user.connection.phase is Phase.ONLINE)
            await user.until(lambda _: {m.delivery for m in user.messages(lizzy)} == {Delivery.ACKNOWLEDGED})
            waiting = [message.body() for message in server.realm.account(lizzy).waiting]
            assert waiting == [str(number) for number in range(20)]


async def test_x_198_a_goodbye_ends_the_session_for_good(tmp_path: Path) -> None:
    async with LoopbackServer("longbourn.lit", is_instant=True) as server:
        jane = Instance(server, tmp_path)
        async with jane.run():
            pass
        async with jane.run() as user:
            assert not user.connection.facts.is_resumed
