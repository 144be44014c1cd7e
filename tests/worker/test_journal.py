"""Durable first: what is seen is on disk, and a full disk ends nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.engine import ACCOUNT, PASSWORD, ScriptedServer, engine_of, online
from tests.support.facts import DARCY, ELIZABETH, NOON, incoming
from tui_xmpp.clock import ManualClock
from tui_xmpp.core.commands import (
    CloseConversation,
    Connect,
    Disconnect,
    LoadLatest,
    LoadOlder,
    MarkRead,
    OpenConversation,
    ProvidePassword,
    SaveDraft,
    SendMessage,
    SetPresence,
)
from tui_xmpp.core.events import ArchivePageReceived, Event, Logged, MessageReceived, StanzasHandled
from tui_xmpp.core.model import ArchiveEntry, Delivery, LogEntry, OwnPresence, Severity, Show
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive, ArchiveError
from tui_xmpp.worker import journal
from tui_xmpp.worker.journal import Journal
from tui_xmpp.worker.work import Work

ROMEO = BareJID.parse("romeo@montague.example")
HI = "<message from='romeo@montague.example/orchard' type='chat'><body>{}</body></message>"
ROSTER = "<query xmlns='jabber:iq:roster' ver='v7'><item jid='romeo@montague.example' name='Romeo'/></query>"


async def test_the_next_run_shows_roster_conversations_and_presence_before_it_connects(tmp_path: Path) -> None:
    server = ScriptedServer()
    server.answers["{jabber:iq:roster}query"] = ROSTER
    async with online(server, archive=Archive.open(tmp_path / "a.db")) as scene:
        await scene.hears(HI.format("one") + HI.format("two"))
        await scene.does(SaveDraft(ACCOUNT, ROMEO, "Dear Romeo"))
        await scene.does(SetPresence(ACCOUNT, OwnPresence(Show.DND, "Busy", 3)))
        await scene.does(SetPresence(ACCOUNT, OwnPresence(Show.XA, "Busy", 3), is_automatic=True))

    server = ScriptedServer()
    async with engine_of(server, archive=Archive.open(tmp_path / "a.db")) as scene:
        (contact,) = scene.client.views.contacts(ACCOUNT)
        assert (contact.name, contact.unread) == ("Romeo", 2)
        view = scene.client.views.account(ACCOUNT)
        assert view is not None
        assert view.own == OwnPresence(Show.DND, "Busy", 3)  # the user's own choice, not the idle clock's
        assert scene.client.views.conversation(ACCOUNT, ROMEO).draft == "Dear Romeo"
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        messages = scene.client.views.conversation(ACCOUNT, ROMEO).messages
        assert [message.body for message in messages] == ["one", "two"]
        await scene.fails(ProvidePassword(ACCOUNT, PASSWORD))
        assert 'ver="v7"' in server.heard()[0]


async def test_c_ros_02_version_of_a_push_is_kept_with_its_item(tmp_path: Path) -> None:
    async with online(archive=Archive.open(tmp_path / "a.db")) as scene:
        await scene.hears(
            "<iq type='set' id='p'><query xmlns='jabber:iq:roster' ver='v9'>"
            "<item jid='romeo@montague.example' subscription='both'/></query></iq>"
        )
    archive = Archive.open(tmp_path / "a.db")
    state = archive.account_state(ACCOUNT)
    archive.close()
    assert (state.roster_version, [item.jid for item in state.roster]) == ("v9", [ROMEO])


async def test_what_waited_at_the_end_of_a_run_goes_out_in_the_next_by_the_same_ids(tmp_path: Path) -> None:
    async with engine_of(ScriptedServer(), archive=Archive.open(tmp_path / "a.db")) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "one"))
        await scene.does(SendMessage(ACCOUNT, ROMEO, "two"))
    server = ScriptedServer()
    async with engine_of(server, archive=Archive.open(tmp_path / "a.db"), make_id=iter("abcdefgh").__next__) as scene:
        await scene.fails(ProvidePassword(ACCOUNT, PASSWORD))
        sent = [stanza for stanza in server.heard() if stanza.startswith("<message")]
        assert ['id="id1"' in sent[0], 'id="id2"' in sent[1], len(sent)] == [True, True, 2]
    server = ScriptedServer()
    async with engine_of(server, archive=Archive.open(tmp_path / "a.db"), make_id=iter("ijklmnop").__next__) as scene:
        await scene.fails(ProvidePassword(ACCOUNT, PASSWORD))
        assert not any(stanza.startswith("<message") for stanza in server.heard())
    archive = Archive.open(tmp_path / "a.db")
    states = [message.delivery for message in archive.page(ACCOUNT, ROMEO).messages]
    archive.close()
    assert states == [Delivery.SENT, Delivery.SENT]


async def test_pages_of_history(tmp_path: Path) -> None:
    async with online(archive=Archive.open(tmp_path / "a.db")) as scene:
        await scene.hears("".join(HI.format(n) for n in range(450)))
        view = scene.client.views.conversation
        await scene.does(CloseConversation(ACCOUNT, ROMEO))
        assert view(ACCOUNT, ROMEO).messages == ()
        assert view(ACCOUNT, ROMEO).unread == 450
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert [len(view(ACCOUNT, ROMEO).messages), view(ACCOUNT, ROMEO).has_older] == [200, True]
        await scene.does(LoadOlder(ACCOUNT, ROMEO))
        await scene.does(LoadOlder(ACCOUNT, ROMEO))
        await scene.does(LoadOlder(ACCOUNT, ROMEO))
        assert [message.body for message in view(ACCOUNT, ROMEO).messages] == [str(n) for n in range(450)]
        assert not view(ACCOUNT, ROMEO).has_older
        await scene.does(LoadLatest(ACCOUNT, ROMEO))
        await scene.does(MarkRead(ACCOUNT, ROMEO))
        assert view(ACCOUNT, ROMEO).unread == 0


async def test_without_an_archive_a_conversation_opens_with_what_is_in_memory() -> None:
    async with online() as scene:
        await scene.hears(HI.format("one"))
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        conversation = scene.client.views.conversation(ACCOUNT, ROMEO)
        assert [conversation.is_loaded, len(conversation.messages)] == [True, 1]


class FullDisk(Archive):
    """An archive whose disk may be full, and which tells what it was asked to keep."""

    is_full = False
    kept: list[Event]

    def write(self, events: Sequence[Event]) -> list[Event]:
        if self.is_full:
            raise ArchiveError("The archive could not be written: no space left on device.")
        return super().write(events)


async def test_a_full_disk_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    archive = FullDisk.open(tmp_path / "a.db")
    assert isinstance(archive, FullDisk)
    async with online(archive=archive) as scene:
        archive.is_full = True
        await scene.hears(HI.format("one"))
        await scene.hears(HI.format("two"))
        await scene.does(SendMessage(ACCOUNT, ROMEO, "three"))
        messages = scene.client.views.conversation(ACCOUNT, ROMEO).messages
        assert [message.body for message in messages] == ["one", "two", "three"]
        assert messages[-1].delivery is Delivery.SENT
        told = [line for line in scene.log if "no space left" in line]
        assert told == [
            "The archive could not be written: no space left on device. What is said now is shown but not kept."
        ]
        archive.is_full = False
        await scene.hears(HI.format("four"))
        archive.is_full = True
        await scene.hears(HI.format("five"))
        assert len([line for line in scene.log if "no space left" in line]) == 2


class SlowDisk(Archive):
    """An archive whose writes wait for permission."""

    permission: asyncio.Event
    loop: asyncio.AbstractEventLoop
    writes: list[int]

    def write(self, events: Sequence[Event]) -> list[Event]:
        self.writes.append(sum(isinstance(event, MessageReceived) for event in events))
        asyncio.run_coroutine_threadsafe(self.permission.wait(), self.loop).result()
        return super().write(events)


async def test_durable_first_nothing_is_seen_before_it_is_kept_and_a_burst_is_few_writes(tmp_path: Path) -> None:
    archive = SlowDisk.open(tmp_path / "a.db")
    assert isinstance(archive, SlowDisk)
    archive.permission, archive.loop, archive.writes = asyncio.Event(), asyncio.get_running_loop(), []
    archive.permission.set()
    server = ScriptedServer()
    async with online(server, archive=archive) as scene:
        archive.permission.clear()
        archive.writes.clear()
        ping = "<iq type='get' id='{}' from='romeo@montague.example/x'><ping xmlns='urn:xmpp:ping'/></iq>"
        for n in range(10):
            server.says(HI.format(n) + ping.format(f"m{n}"))
            while not any(f'"m{n}"' in stanza for stanza in server.heard_so_far):
                await server.heard_more()
        # Ten reads are handled, answered even; not one message is seen.
        assert scene.client.views.conversation(ACCOUNT, ROMEO).messages == ()
        archive.permission.set()
        await scene.client.settle()
        messages = scene.client.views.conversation(ACCOUNT, ROMEO).messages
        assert [message.body for message in messages] == [str(n) for n in range(10)]
        assert sum(archive.writes) == 10
        assert len(archive.writes) <= 2


async def test_what_the_screen_remembers_is_there_in_the_next_run(tmp_path: Path) -> None:
    async with engine_of(ScriptedServer(), archive=Archive.open(tmp_path / "a.db")) as scene:
        scene.client.remember("roster_width", 33)
    async with engine_of(ScriptedServer(), archive=Archive.open(tmp_path / "a.db")) as scene:
        assert scene.client.recall("roster_width") == 33


@pytest.mark.parametrize("command", [Connect(ACCOUNT), Disconnect(ACCOUNT)])
async def test_second_instance_shows_and_says_that_it_keeps_nothing(
    tmp_path: Path, command: Connect | Disconnect
) -> None:
    first = Archive.open(tmp_path / "a.db")
    async with online(archive=Archive.open(tmp_path / "a.db")) as scene:
        assert "Another tui-xmpp is using this archive: messages of this one are shown but not kept." in scene.log
        await scene.does(command)
    first.close()


async def test_a_page_read_before_a_write_is_known_before_what_was_written() -> None:
    """Else the screen would lack it: what a page of the archive brings to a chat that is not loaded is left to it."""
    gate, said = threading.Event(), incoming("new", peer=ROMEO)
    entry = ArchiveEntry("a1", said.stamp, replace(said, account=ACCOUNT, archive_id="a1"))

    def wait_at_gate(archive: Archive) -> None:
        gate.wait(5)

    async with engine_of(ScriptedServer(), archive=Archive.in_memory()) as scene:
        journal = scene.engine._journal
        journal.run(wait_at_gate)
        scene.client.submit(OpenConversation(ACCOUNT, ROMEO))
        await asyncio.sleep(0)  # it waits for the disk
        journal.record([ArchivePageReceived(ACCOUNT, (entry,), None, True, True, None, True)])
        gate.set()
        await scene.client.settle()
        view = scene.client.views.conversation(ACCOUNT, ROMEO)
        assert (view.is_loaded, [message.key for message in view.messages]) == (True, ["new"])
        # Left and opened again while something is written, it is open in the end.
        gate.clear()
        journal.run(wait_at_gate)
        journal.record([MessageReceived(ACCOUNT, replace(said, account=ACCOUNT, key="newer", body="newer"))])
        scene.client.submit(CloseConversation(ACCOUNT, ROMEO))
        scene.client.submit(OpenConversation(ACCOUNT, ROMEO))
        await asyncio.sleep(0)
        gate.set()
        await scene.client.settle()
        view = scene.client.views.conversation(ACCOUNT, ROMEO)
        assert (view.is_loaded, [message.key for message in view.messages]) == (True, ["new", "newer"])


# -- the journal by itself ----------------------------------------------------------------------------------------


class Gated(FullDisk):
    """An archive that writes when it may, and tells what it was asked to keep."""

    def __init__(self) -> None:
        made = Archive.in_memory()
        self.__dict__ = made.__dict__
        self.gate = threading.Event()
        self.gate.set()
        self.asked: list[Event] = []

    def write(self, events: Sequence[Event]) -> list[Event]:
        assert self.gate.wait(10)
        self.asked += events
        return super().write(events)


class Reader:
    """A journal and what it let be known."""

    def __init__(self, archive: Archive | None) -> None:
        self.known: list[Event] = []
        self.work = Work()
        self.journal = Journal(self.known.extend, archive, ManualClock(), self.work)

    @property
    def bodies(self) -> list[str]:
        return [event.message.body for event in self.known if isinstance(event, MessageReceived)]

    @property
    def told(self) -> list[str]:
        return [event.entry.text for event in self.known if isinstance(event, Logged)]


def said(body: str) -> MessageReceived:
    return MessageReceived(ELIZABETH, incoming(body))


async def test_without_an_archive_all_is_known_at_once() -> None:
    reader = Reader(None)
    assert reader.journal.record([said("one")]) is None
    assert reader.bodies == ["one"]
    assert await reader.journal.read(lambda archive: archive.outbox(ELIZABETH), None) is None
    reader.journal.run(Archive.close)
    await reader.journal.kept(0)
    await reader.journal.close()


async def test_what_is_not_for_the_disk_is_known_at_once_but_never_before_what_is() -> None:
    archive = Gated()
    reader = Reader(archive)
    passing = Logged(ELIZABETH, LogEntry(NOON, "passing", Severity.INFO, ELIZABETH))
    assert reader.journal.record([passing]) is None
    assert reader.journal.record([said("unkept")], is_kept=False) is None
    assert reader.known == [passing, said("unkept")]
    reader.known.clear()
    archive.gate.clear()
    for events, is_kept in (([said("one")], True), ([passing], True), ([said("two")], False), ([said("three")], True)):
        assert reader.journal.record(events, is_kept=is_kept) is not None
    await asyncio.sleep(0)
    assert reader.known == []
    archive.gate.set()
    await reader.journal.kept(10)
    assert [event for event in reader.known if isinstance(event, Logged)] == [passing]
    assert reader.bodies == ["one", "two", "three"]
    await reader.journal.close()
    assert [event.message.body for event in archive.asked if isinstance(event, MessageReceived)] == ["one", "three"]


async def test_reading_waits_while_the_disk_is_far_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_BACKLOG", 2)
    archive = Gated()
    reader = Reader(archive)
    archive.gate.clear()
    reader.journal.record([said("one"), said("two")])
    async with asyncio.timeout(10):
        await reader.journal.drain()  # not yet too much
    assert reader.bodies == []
    reader.journal.record([said("three")])
    draining = asyncio.create_task(reader.journal.drain())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not draining.done()
    archive.gate.set()
    async with asyncio.timeout(10):
        await draining
    assert reader.bodies == ["one", "two", "three"]
    await reader.journal.drain()
    await reader.journal.close()


async def test_whoever_waits_for_the_disk_waits_for_all_and_no_longer_than_agreed() -> None:
    archive = Gated()
    reader = Reader(archive)
    archive.gate.clear()
    for is_under_way in (False, True):
        reader.known.clear()
        reader.journal.record([said(f"written {is_under_way}")])
        if is_under_way:
            await asyncio.sleep(0)  # it is handed to the disk
        await reader.journal.kept(0.01)
        assert reader.bodies == []
        archive.gate.set()
        await reader.journal.kept(10)
        assert reader.bodies == [f"written {is_under_way}"]
        archive.gate.clear()
    archive.gate.set()
    await reader.journal.close()


async def test_what_the_disk_refused_is_said_and_kept_at_the_latest_at_the_end() -> None:
    archive = Gated()
    reader = Reader(archive)
    archive.is_full = True
    refused = reader.journal.record([said("one")])
    assert refused is not None
    assert await refused is False
    assert (reader.bodies, len(reader.told)) == (["one"], 1)
    archive.is_full = False
    taken = reader.journal.record([said("two")])
    assert taken is not None
    assert await taken is True
    assert reader.bodies == ["one", "two"], "what was known is no news"
    assert reader.told[1:] == ["The archive is written again; what was only shown is kept, too."]
    archive.is_full = True
    reader.journal.record([said("three")])
    await reader.journal.kept(10)
    archive.is_full = False
    await reader.journal.close()
    assert [message.body for message in archive.page(ELIZABETH, DARCY).messages] == ["one", "two", "three"]


async def test_an_acknowledgement_is_no_news_of_the_work_under_way() -> None:
    reader = Reader(Gated())
    begun = reader.work.begun
    reader.journal.record([StanzasHandled(ELIZABETH, 1)])
    await reader.journal.kept(10)
    assert reader.work.begun == begun
    reader.journal.record([said("one"), StanzasHandled(ELIZABETH, 2)])
    await reader.journal.kept(10)
    assert reader.work.begun == begun + 1
    await reader.journal.close()
