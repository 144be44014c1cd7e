"""What a real server's end does to a session: the program comes back, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.account import settings_of, started
from tests.support.proxy import Proxy
from tests.support.slixmpp_peer import Peers
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import SendMessage, SetPresence
from tui_xmpp.core.model import Delivery, OwnPresence, Phase, Show
from tui_xmpp.jid import BareJID


@pytest.mark.parametrize("is_killed", [False, True], ids=["restarted", "killed"])
async def test_c_rec_after_the_servers_return_what_was_written_meanwhile_goes_out_once_in_order(
    server: XmppServer, peers: Peers, *, is_killed: bool
) -> None:
    account = server.user("jane")
    jane = BareJID.parse(account.jid)
    own = server.user("elizabeth")
    async with Proxy(server.starttls_port) as proxy:
        settings = replace(settings_of(server, own), port=proxy.port)
        async with started(settings, own.password) as user:
            await user.online()
            await user.does(SetPresence(user.account, OwnPresence(Show.AWAY, "Waiting", 4)))
            await user.settle()
            proxy.refuse()
            await asyncio.to_thread(server.kill if is_killed else server.stop)
            await user.until(lambda _: user.connection.phase is Phase.WAITING)
            assert user.connection.reason
            assert user.connection.retry_at is not None
            texts = [f"while away {number}" for number in range(10)]
            await user.does(*(SendMessage(user.account, jane, text) for text in texts))
            assert [m.delivery for m in user.messages(jane)] == [Delivery.QUEUED] * 10
            await asyncio.to_thread(server.start)
            peer = await peers.login(server, account)
            await peer.send_presence()
            proxy.heal()
            await user.online()
            await user.does(SendMessage(user.account, jane, "now"))
            received = [(await peer.wait_for("message", sender=user.jid)).body for _ in range(11)]
            assert received == [*texts, "now"]
            await user.until(lambda _: {m.delivery for m in user.messages(jane)} == {Delivery.ACKNOWLEDGED})
            assert user.views.account(user.account).own == OwnPresence(Show.AWAY, "Waiting", 4)  # type: ignore[union-attr]


async def test_c_rec_what_was_written_without_a_server_waits_on_disk_for_the_next_run(
    server: XmppServer, peers: Peers, tmp_path: Path
) -> None:
    account = server.user("lydia")
    peer = await peers.login(server)
    await peer.send_presence()
    jane = BareJID.parse(peer.bare_jid)
    texts = [f"from the post office {number}" for number in range(5)]
    async with Proxy(server.starttls_port) as proxy:
        settings = replace(settings_of(server, account), port=proxy.port)
        proxy.refuse()
        async with started(settings, account.password, data=tmp_path) as user:
            await user.until(lambda _: user.connection.phase is Phase.WAITING)
            await user.does(*(SendMessage(user.account, jane, text) for text in texts))
        proxy.heal()
        async with started(settings, account.password, data=tmp_path) as user:
            await user.online()
            assert [(await peer.wait_for("message")).body for _ in texts] == texts
        async with started(settings, account.password, data=tmp_path) as user:
            await user.online()
            await user.settle()
            await user.does(SendMessage(user.account, jane, "the last"))
            assert (await peer.wait_for("message")).body == "the last"  # and none of the others again
