"""The loopback's archive and copies, as the client uses them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.account import KnownPassword, User
from tui_xmpp.core.commands import LoadOlder, OpenConversation, SendMessage
from tui_xmpp.core.settings import AccountSettings, Settings
from tui_xmpp.core.store import Store
from tui_xmpp.features import xep0313_archive
from tui_xmpp.jid import BareJID
from tui_xmpp.loopback import archives
from tui_xmpp.loopback.dial import LoopbackDialer
from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.storage.archive import Archive
from tui_xmpp.worker.client import Client
from tui_xmpp.worker.engine import SessionEngine

LIZZY = BareJID.parse("lizzy@longbourn.lit")


@asynccontextmanager
async def logged_in(server: LoopbackServer, name: str, folder: Path) -> AsyncGenerator[User]:
    account = server.add_user(name, "secret")
    client = Client(Store(), Settings((AccountSettings(account),)))
    client.attach(
        lambda: SessionEngine(
            client,
            dial=LoopbackDialer(server),
            archive=Archive.open(folder / name / "archive.sqlite"),
            passwords=KnownPassword("secret"),
            is_wire_logged=True,
        )
    )
    user = User(client, account)
    client.start()
    try:
        await user.online()
        await user.settle()
        yield user
    finally:
        await client.close()


def server_of(*, is_instant: bool = True) -> LoopbackServer:
    return LoopbackServer("longbourn.lit", is_instant=is_instant, keeps_archives=True)


def bodies(user: User, peer: BareJID = LIZZY) -> list[str]:
    return [message.body for message in user.messages(peer)]


@pytest.mark.parametrize("is_instant", [True, False])
async def test_x_280_what_one_device_says_and_hears_is_seen_on_the_other(tmp_path: Path, is_instant: bool) -> None:
    async with (
        server_of(is_instant=is_instant) as server,
        logged_in(server, "lizzy", tmp_path) as lizzy,
        logged_in(server, "jane", tmp_path / "desk") as desk,
        logged_in(server, "jane", tmp_path / "bed") as bed,
    ):
        for one in (desk, bed):
            await one.does(OpenConversation(one.account, LIZZY))
        await desk.does(SendMessage(desk.account, LIZZY, "Netherfield Park is let at last"))
        await lizzy.hears(desk.account, "Netherfield Park is let at last")
        await lizzy.does(SendMessage(lizzy.account, desk.account, "Is it?"))
        for one in (desk, bed):
            await one.until(lambda _: bodies(one) == ["Netherfield Park is let at last", "Is it?"])  # noqa: B023


async def test_x_313_history_is_paged_in_from_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xep0313_archive, "FIRST", 10)
    monkeypatch.setattr(archives, "LARGEST_PAGE", 10)
    said = [f"line {number}" for number in range(35)]
    async with server_of() as server, logged_in(server, "lizzy", tmp_path) as lizzy:
        jane = server.add_user("jane", "secret")
        for line in said:
            await lizzy.does(SendMessage(lizzy.account, jane, line))
        await lizzy.settle()
        server.realm.account(jane).waiting.clear()
        async with logged_in(server, "jane", tmp_path) as user:
            await user.does(OpenConversation(jane, LIZZY))
            assert bodies(user) == said[-10:]
            for _ in range(3):
                await user.does(LoadOlder(jane, LIZZY))
            assert bodies(user) == said


async def test_c_bind2_02_the_archive_is_asked_only_when_something_was_missed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "tui_xmpp.wire")

    def asked() -> int:
        """Return how often Jane asked the archive, and forget it."""
        lines = [record.getMessage() for record in caplog.records if record.name == "tui_xmpp.wire"]
        caplog.clear()
        return sum(" out " in line and "queryid" in line and "jane@" in line.split(" out ")[0] for line in lines)

    async with server_of() as server, logged_in(server, "lizzy", tmp_path) as lizzy:
        jane = server.add_user("jane", "secret")
        await lizzy.does(SendMessage(lizzy.account, jane, "first"))
        async with logged_in(server, "jane", tmp_path):
            assert asked() == 1
        async with logged_in(server, "jane", tmp_path):
            assert asked() == 0
        await lizzy.does(SendMessage(lizzy.account, jane, "missed"))
        async with logged_in(server, "jane", tmp_path) as user:
            assert asked() == 1
            await user.does(OpenConversation(jane, LIZZY))
            assert bodies(user) == ["first", "missed"]
        async with logged_in(server, "jane", tmp_path):
            assert asked() == 0


async def test_c_bind2_02_copies_asked_for_while_binding_are_not_asked_for_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "tui_xmpp.wire")
    async with server_of() as server, logged_in(server, "jane", tmp_path):
        lines = [record.getMessage() for record in caplog.records if record.name == "tui_xmpp.wire"]
        said = "".join(line for line in lines if " out " in line)
        assert "http://jabber.org/protocol/disco#info" in said, "what the server offers has been looked at"
        assert said.count("urn:xmpp:carbons:2") == 1


async def test_x_313_where_what_was_sent_stands_is_asked_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xep0313_archive, "QUIET", 0.05)
    monkeypatch.setattr(xep0313_archive, "PULSE", 0.02)
    async with server_of() as server, logged_in(server, "jane", tmp_path) as jane:
        server.add_user("lizzy", "secret")
        await jane.does(SendMessage(jane.account, LIZZY, "Where do I stand?"))
        entry = server.realm.account(jane.account).archive[0]
        await jane.until(lambda _: jane.messages(LIZZY)[-1].archive_id == entry.id)
    archive = Archive.open(tmp_path / "jane" / "archive.sqlite")
    assert archive.account_state(jane.account).head == entry.id
    archive.close()
