"""A hole in what is held of a real server's archive: how it arises, is kept, is drawn, and is filled."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.account import KnownPassword, User, logged_in, settings_of, started
from tests.support.past import Past
from tests.support.slixmpp_peer import Peers
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import MarkRead, OpenConversation, SendMessage, StopCatchUp
from tui_xmpp.core.settings import Settings
from tui_xmpp.core.store import Store
from tui_xmpp.features import xep0313_archive
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.blocks import gap_stop
from tui_xmpp.worker.client import Client
from tui_xmpp.worker.engine import SessionEngine

PAGE = 10
MISSED = 60


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert xep0313_archive.ask_page.__kwdefaults__ is not None
    monkeypatch.setitem(xep0313_archive.ask_page.__kwdefaults__, "most", PAGE)


def said(user: User, peer: BareJID) -> list[str]:
    return [message.body for message in user.messages(peer)]


def words(there: Past) -> str:
    """Return what is drawn of the conversation, however it is wrapped."""
    log = there.app.main.conversation.log_lines
    return " ".join(" ".join(log.render_line(y).text for y in range(log.size.height)).split())


async def some_pages(user: User) -> None:
    """Wait until catching up is under way and has brought something."""

    def is_begun() -> bool:
        view = user.views.account(user.account)
        return view is not None and view.catch_up.is_running and view.catch_up.received >= PAGE

    await user.until(lambda _: is_begun())


@pytest.mark.parametrize("is_offline_told", [False, True])
async def test_a_gap_arises_is_kept_drawn_and_filled_in_the_archive_s_order(
    server: XmppServer, peers: Peers, tmp_path: Path, is_offline_told: bool
) -> None:
    """What the server stored for who is offline comes besides, by the second and in no order of the archive's."""
    account = server.user("user")
    jane, charles = await peers.login(server), await peers.login(server)
    peer, other = BareJID.parse(jane.bare_jid), BareJID.parse(charles.bare_jid)
    await jane.send_presence()
    async with logged_in(server, account, data=tmp_path) as user:
        await user.does(SendMessage(user.account, peer, "before"))
        await jane.wait_for("message", body="before")
        await jane.send_message(account.jid, "the last one seen")
        await user.hears(peer, "the last one seen")
        await user.does(MarkRead(user.account, peer))
    if not is_offline_told:
        another = await peers.login(server, account, resource="another")
        await another.send_presence()
    expected = ["before", "the last one seen"]
    for number in range(MISSED):
        await jane.send_message(account.jid, f"missed {number}")
        expected.append(f"missed {number}")
        if number % 10 == 3:
            await charles.roster()
            await jane.roster()
            await charles.send_message(account.jid, f"aside {number}")
            await charles.roster()
    await jane.roster()  # the server answers when it has taken all before

    # It arises: the user does not want to wait, and others write meanwhile.
    settings = settings_of(server, account)
    async with started(settings, account.password, data=tmp_path) as user:
        await some_pages(user)
        await user.does(StopCatchUp(user.account))
        await jane.send_message(account.jid, "said meanwhile")
        expected.append("said meanwhile")
        await user.does(OpenConversation(user.account, peer))
        await user.hears(peer, "said meanwhile")
        await user.settle()
        (gap,) = user.views.conversation(user.account, peer).gaps
        held = said(user, peer)
        assert len(held) == len(set(held)), "each once"
        assert held[-1] == "said meanwhile"
        if not is_offline_told:
            assert held == [body for body in expected if body in set(held)], "what is held stands in order"
            assert 3 < len(held) < len(expected)

    # It is kept, drawn and filled: the program was ended and started again.
    archive = Archive.open(tmp_path / "archive.sqlite")
    client = Client(Store(), Settings((settings,)))
    client.attach(lambda: SessionEngine(client, archive=archive, passwords=KnownPassword(account.password)))
    app = TuiXmppApp(client)
    async with app.run_test(size=(100, 40)) as pilot:
        there = Past(app, pilot, archive)
        await there.settle()
        await there.do("chat", str(peer))
        (drawn,) = client.views.conversation(settings.jid, peer).gaps
        assert drawn.gap == gap.gap
        assert drawn.before_key is not None
        log = app.main.conversation.log_lines
        async with asyncio.timeout(30):
            while log.cursor != gap_stop(drawn.before_key):
                await pilot.press("up")
            assert "Enter loads them." in words(there)
            while client.views.conversation(settings.jid, peer).gaps:
                await there.press("enter")
        assert "still be at the server" not in words(there)
        assert [message.body for message in client.views.conversation(settings.jid, peer).messages] == expected
        await there.do("chat", str(other))
        asides = [message.body for message in client.views.conversation(settings.jid, other).messages]
        assert asides == [f"aside {number}" for number in range(3, MISSED, 10)]
        await client.close()


async def test_who_leaves_while_catching_up_misses_nothing_the_next_time(
    server: XmppServer, peers: Peers, tmp_path: Path
) -> None:
    account = server.user("user")
    jane = await peers.login(server)
    peer = BareJID.parse(jane.bare_jid)
    async with logged_in(server, account, data=tmp_path) as user:
        await jane.send_message(account.jid, "seen")
        await user.hears(peer, "seen")
    expected = ["seen", *(f"missed {number}" for number in range(MISSED))]
    for body in expected[1:]:
        await jane.send_message(account.jid, body)
    await jane.roster()
    async with started(settings_of(server, account), account.password, data=tmp_path) as user:
        await some_pages(user)
        await jane.send_message(account.jid, "said meanwhile")
    expected.append("said meanwhile")
    async with logged_in(server, account, data=tmp_path) as user:
        await user.does(OpenConversation(user.account, peer))
        assert said(user, peer) == expected
        assert user.views.conversation(user.account, peer).gaps == ()
