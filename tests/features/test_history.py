"""Carbons, archive and read position: what is believed, what is dropped, what is asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.engine import ACCOUNT, Scene, ScriptedServer, canonical, online
from tui_xmpp.core.commands import FillGap, LoadOlder, MarkRead, OpenConversation, StopCatchUp
from tui_xmpp.core.model import Delivery, Direction, Message
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive
from tui_xmpp.worker.context import random_id

ROMEO = BareJID.parse("romeo@montague.example")
INFO = (
    "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:mam:2'/>"
    "<feature var='urn:xmpp:sid:0'/><feature var='urn:xmpp:carbons:2'/><feature var='http://jabber.org/protocol/pubsub#publish-options'/></query>"
)
FIN = (
    "<fin xmlns='urn:xmpp:mam:2' complete='{complete}'><set xmlns='http://jabber.org/protocol/rsm'>"
    "<first>{first}</first><last>{last}</last></set></fin>"
)
NOTHING = "<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'/></fin>"


class ArchivingServer(ScriptedServer):
    """Says that it archives and answers queries from a list, oldest first, a page of ``size`` at a time."""

    def __init__(self, *bodies: str, size: int = 3) -> None:
        super().__init__()
        self.archive = list(bodies)
        self.size = size
        self.lost: set[str] = set()
        self.queries: list[str] = []
        self.on_query: Callable[[], object] | None = None
        self.are_carbons_on = False
        self.answers["{http://jabber.org/protocol/disco#info}query"] = INFO
        self.answers["{http://jabber.org/protocol/pubsub}pubsub"] = (
            "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        )

    def result(self, number: int, queryid: str, sender: str = "") -> str:
        stamp = f"2020-01-01T00:{number // 60:02}:{number % 60:02}Z"
        words = self.archive[number]
        return (
            f"<message{sender}><result xmlns='urn:xmpp:mam:2' queryid='{queryid}' id='a{number}'>"
            f"<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>"
            f"<message xmlns='jabber:client' from='{ROMEO}/x' to='{ACCOUNT}' type='chat' id='m{number}'>"
            f"{words and f'<body>{words}</body>'}</message></forwarded></result></message>"
        )

    def _take(self, transport, element, stanza) -> None:  # type: ignore[no-untyped-def]
        self.are_carbons_on |= element.find("{urn:xmpp:carbons:2}enable") is not None and element.get("type") == "set"
        query = element.find("{urn:xmpp:mam:2}query")
        if query is not None:
            page = query.find("{http://jabber.org/protocol/rsm}set")
            after = page.findtext("{http://jabber.org/protocol/rsm}after")
            before = page.findtext("{http://jabber.org/protocol/rsm}before")
            self.queries.append(f"after {after}" if after else f"before {before}" if before is not None else "start")
            if self.on_query is not None:
                self.on_query()
            numbers = range(len(self.archive))
            if after in self.lost or before in self.lost:
                answer = "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
                transport.write(f"<iq type='error' id='{element.get('id')}'>{answer}</iq>".encode())
                return
            if before is not None:
                there = numbers[: int(before[1:])] if before else numbers
                chosen = there[-self.size :]
            else:
                there = numbers[int(after[1:]) + 1 :] if after else numbers
                chosen = there[: self.size]
            complete = str(len(there) <= self.size).lower()
            results = "".join(self.result(number, query.get("queryid")) for number in chosen)
            self.answers["{urn:xmpp:mam:2}query"] = NOTHING
            if chosen:
                fin = FIN.format(complete=complete, first=f"a{chosen[0]}", last=f"a{chosen[-1]}")
                self.answers["{urn:xmpp:mam:2}query"] = fin
            transport.write(results.encode())
        super()._take(transport, element, stanza)


@asynccontextmanager
async def archiving(*bodies: str, size: int = 3, **options: object) -> AsyncIterator[tuple[Scene, ArchivingServer]]:
    server = ArchivingServer(*bodies, size=size)
    async with online(server, make_id=random_id, **options) as scene:
        yield scene, server


def messages(scene: Scene) -> tuple[Message, ...]:
    return scene.client.views.conversation(ACCOUNT, ROMEO).messages


def bodies(scene: Scene) -> list[str]:
    return [message.body for message in messages(scene)]


def carbon(kind: str, inner: str, sender: str = f" from='{ACCOUNT}'") -> str:
    return (
        f"<message{sender} to='{ACCOUNT}/balcony'><{kind} xmlns='urn:xmpp:carbons:2'>"
        f"<forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></{kind}></message>"
    )


def message(sender: str, to: str, body: str = "hello", more: str = "") -> str:
    return f"<message xmlns='jabber:client' from='{sender}' to='{to}' type='chat'><body>{body}</body>{more}</message>"


OURS, THEIRS = f"{ACCOUNT}/garden", f"{ROMEO}/orchard"


# -- XEP-0280 -----------------------------------------------------------------------------------------------------


async def test_x_280_carbons_are_switched_on_where_the_server_has_them() -> None:
    async with archiving() as (_, server):
        assert server.are_carbons_on
    silent = ArchivingServer()
    silent.answers["{http://jabber.org/protocol/disco#info}query"] = ""
    async with online(silent):
        assert (silent.are_carbons_on, silent.queries) == (False, [])


async def test_x_280_carbons_are_switched_on_anew_in_each_new_session() -> None:
    async with archiving() as (scene, server):
        server.are_carbons_on = False
        server.cut()
        await scene.client.settle()
        assert server.are_carbons_on


REFUSED = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"


async def logs_in_again(scene: Scene, server: ArchivingServer) -> str:
    """Let the stream break and the next session begin; return where it begins to ask the archive."""
    asked = len(server.queries)
    server.cut()
    await scene.client.settle()
    return server.queries[asked]


async def test_x_313_02_what_comes_live_is_held_and_not_fetched_again() -> None:
    async with archiving("one") as (scene, server):
        server.archive.append("two")
        await scene.hears(message(THEIRS, ACCOUNT_JID, "two", more=STANZA_ID.format(ACCOUNT, "a1")))
        assert await logs_in_again(scene, server) == "after a1"


async def test_x_280_without_copies_what_comes_live_is_not_all_that_was_said() -> None:
    async with archiving("one") as (scene, server):
        server.answers["{urn:xmpp:carbons:2}enable"] = REFUSED
        assert await logs_in_again(scene, server) == "after a0"
        assert any("Messages of your other devices will not be seen here." in line for line in scene.log)
        server.archive += ["said by our other device", "two"]
        await scene.hears(message(THEIRS, ACCOUNT_JID, "two", more=STANZA_ID.format(ACCOUNT, "a2")))
        assert await logs_in_again(scene, server) == "after a0"


async def test_x_280_copies_of_both_directions_are_rows() -> None:
    async with archiving() as (scene, _):
        assert await scene.hears(carbon("sent", message(OURS, THEIRS, "mine"))) == []
        assert await scene.hears(carbon("received", message(THEIRS, OURS, "theirs"))) == []
        assert [(one.body, one.direction, one.delivery) for one in messages(scene)] == [
            ("mine", Direction.OUTGOING, Delivery.ACKNOWLEDGED),
            ("theirs", Direction.INCOMING, Delivery.RECEIVED),
        ]
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 1


@pytest.mark.parametrize(
    "forged",
    [
        carbon("sent", message(OURS, THEIRS), sender=" from='tybalt@capulet.example'"),
        carbon("received", message(THEIRS, OURS), sender=" from='tybalt@capulet.example/x'"),
        carbon("received", message(THEIRS, OURS), sender=f" from='{ACCOUNT}/garden'"),
        carbon("sent", message("tybalt@capulet.example/x", THEIRS)),
        carbon("received", message(THEIRS, "tybalt@capulet.example")),
        carbon("received", f"<x xmlns='jabber:client'>{message(THEIRS, OURS)}</x>"),
        carbon("received", message(THEIRS, OURS, more="<sent xmlns='urn:xmpp:carbons:2'/>")),
        carbon("received", f"<iq xmlns='jabber:client' type='set' id='x' from='{THEIRS}'/>"),
        carbon("received", message(THEIRS, OURS) * 2),
        carbon("received", message("not a jid@@", OURS)),
        carbon("sent", message("not a jid@@", THEIRS)),
        carbon("sent", message(OURS, THEIRS).replace(f"from='{OURS}'", "")),
        carbon("sent", message(OURS, THEIRS).replace(f"to='{THEIRS}'", "")),
    ],
)  # fmt: skip
async def test_x_280_01_s_01_forged_and_odd_carbons_change_nothing(forged: str) -> None:
    async with archiving() as (scene, _):
        assert await scene.hears(forged) == []
        assert scene.client.views.contacts(ACCOUNT) == ()


# -- XEP-0359 -----------------------------------------------------------------------------------------------------

STANZA_ID = "<stanza-id xmlns='urn:xmpp:sid:0' by='{}' id='{}'/>"


@pytest.mark.parametrize(
    ("ids", "believed"),
    [
        (STANZA_ID.format(ACCOUNT, "1"), "1"),
        (STANZA_ID.format(ROMEO, "1"), None),
        (STANZA_ID.format(f"{ACCOUNT}/x", "1"), None),
        (STANZA_ID.format(ACCOUNT, "1") + STANZA_ID.format(ROMEO, "2"), "1"),
        (STANZA_ID.format(ACCOUNT, "1") * 2, None),
    ],
)
async def test_x_359_01_only_our_own_archive_names_messages(ids: str, believed: str | None) -> None:
    async with archiving() as (scene, _):
        await scene.hears(message(THEIRS, ACCOUNT_JID, more=ids))
        assert [one.archive_id for one in messages(scene)] == [believed]


ACCOUNT_JID = f"{ACCOUNT}/balcony"
ORIGIN_ID = "<origin-id xmlns='urn:xmpp:sid:0' id='{}'/>"
LOOKS_LIKE_IT = f"<x xmlns='made:up' by='{ACCOUNT}' id='9'/>"


@pytest.mark.parametrize(
    ("ids", "origin_id", "archive_id"),
    [
        (STANZA_ID.format(ACCOUNT, "1") + ORIGIN_ID.format("2"), "2", "1"),
        (LOOKS_LIKE_IT + STANZA_ID.format(ACCOUNT, "1") + ORIGIN_ID.format("2"), "2", "1"),
        (LOOKS_LIKE_IT + ORIGIN_ID.format("2"), "2", None),
        (LOOKS_LIKE_IT, None, None),
        (ORIGIN_ID.format("") + STANZA_ID.format(ACCOUNT, ""), None, None),
    ],
)
async def test_x_359_the_ids_of_a_message_are_its_senders_and_its_archives(
    ids: str, origin_id: str | None, archive_id: str | None
) -> None:
    async with archiving() as (scene, _):
        await scene.hears(message(THEIRS, ACCOUNT_JID, more=ids))
        assert [(one.origin_id, one.archive_id) for one in messages(scene)] == [(origin_id, archive_id)]


@pytest.mark.parametrize("left_out", ["urn:xmpp:mam:2", "urn:xmpp:sid:0"])
async def test_x_359_01_a_server_that_says_one_of_the_two_sets_ids(left_out: str) -> None:
    server = ArchivingServer()
    server.answers["{http://jabber.org/protocol/disco#info}query"] = INFO.replace(left_out, "made:up")
    async with online(server, make_id=random_id) as scene:
        await scene.hears(message(THEIRS, ACCOUNT_JID, more=STANZA_ID.format(ACCOUNT, "1")))
        assert [one.archive_id for one in messages(scene)] == ["1"]


async def test_x_359_01_nobody_s_ids_count_where_the_server_does_not_strip_them() -> None:
    async with online() as scene:
        await scene.hears(message(THEIRS, ACCOUNT_JID, more=STANZA_ID.format(ACCOUNT, "1")))
        assert [one.archive_id for one in messages(scene)] == [None]


# -- XEP-0313 -----------------------------------------------------------------------------------------------------


async def test_x_313_02_the_next_login_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    async with archiving("one", "two", archive=Archive.open(tmp_path / "a.db")) as (scene, server):
        assert server.queries == ["before "]
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert bodies(scene) == ["one", "two"]
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 0
    said = ["one", "two", *(f"missed {n}" for n in range(7))]
    async with archiving(*said, archive=Archive.open(tmp_path / "a.db")) as (scene, server):
        assert server.queries == ["after a1", "after a4", "after a7"]
        view = scene.client.views.conversation(ACCOUNT, ROMEO)
        assert (view.unread, view.messages) == (7, ())
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert bodies(scene) == said
        account = scene.client.views.account(ACCOUNT)
        assert account is not None
        assert (account.catch_up.received, account.catch_up.is_running) == (7, False)


@pytest.mark.parametrize("has_field", [True, False])
async def test_x_313_04_rooms_are_left_out_in_words_where_the_server_knows_the_word(has_field: bool) -> None:
    server = ArchivingServer("one")
    if has_field:
        field = "<feature var='urn:xmpp:mam:2#groupchat-field'/></query>"
        server.answers["{http://jabber.org/protocol/disco#info}query"] = INFO.replace("</query>", field)
    async with online(server, make_id=random_id) as scene:
        server.cut()
        await scene.client.settle()
        (query,) = [stanza for stanza in server.heard() if "<query" in stanza and "urn:xmpp:mam:2" in stanza]
        field = '<field var="include-groupchat"><value>false</value></field>'
        assert (field in query) is has_field
        assert ("urn:xmpp:mam:2</value>" in query) is has_field, "the form says what it is"


async def test_x_313_02_an_expired_place_becomes_a_gap_that_is_filled_on_demand(tmp_path: Path) -> None:
    async with archiving("one", "two", archive=Archive.open(tmp_path / "a.db")):
        pass
    server = ArchivingServer("one", "two", *(f"missed {n}" for n in range(7)))
    server.lost = {"a1"}
    async with online(server, make_id=random_id, archive=Archive.open(tmp_path / "a.db")) as scene:
        assert server.queries == ["after a1", "before "]
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert bodies(scene) == ["one", "two", "missed 4", "missed 5", "missed 6"]
        (gap,) = scene.client.views.conversation(ACCOUNT, ROMEO).gaps
        assert gap.before_key == messages(scene)[2].key
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 3
        await scene.does(FillGap(ACCOUNT, ROMEO, gap.gap))
        assert bodies(scene) == ["one", "two", *(f"missed {n}" for n in range(7))]
        assert scene.client.views.conversation(ACCOUNT, ROMEO).gaps == ()


async def test_filling_a_gap_is_broken_off_as_catching_up_is(tmp_path: Path) -> None:
    async with archiving("one", "two", archive=Archive.open(tmp_path / "a.db")):
        pass
    server = ArchivingServer("one", "two", *(f"missed {n}" for n in range(20)))
    server.lost = {"a1"}
    async with online(server, make_id=random_id, archive=Archive.open(tmp_path / "a.db")) as scene:
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        (gap,) = scene.client.views.conversation(ACCOUNT, ROMEO).gaps
        asked = len(server.queries)
        server.on_query = lambda: scene.client.submit(StopCatchUp(ACCOUNT))
        await scene.does(FillGap(ACCOUNT, ROMEO, gap.gap))
        assert len(server.queries) - asked <= 2, "one is refused, its place being forgotten"
        (smaller,) = scene.client.views.conversation(ACCOUNT, ROMEO).gaps
        assert smaller.gap != gap.gap


async def test_older_history_comes_from_the_server_where_the_disk_has_no_more() -> None:
    import tui_xmpp.features.xep0313_archive as xep0313

    said = [f"old {n}" for n in range(9)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xep0313, "FIRST", 3)
        async with archiving(*said) as (scene, server):
            assert server.queries == ["before "]
            await scene.does(OpenConversation(ACCOUNT, ROMEO))
            assert scene.client.views.conversation(ACCOUNT, ROMEO).has_older
            server.heard()
            for _ in range(3):
                await scene.does(LoadOlder(ACCOUNT, ROMEO))
            assert bodies(scene) == said
            assert not scene.client.views.conversation(ACCOUNT, ROMEO).has_older
            assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 0


async def test_older_history_stands_before_the_newer_though_pages_without_a_word_lie_between() -> None:
    import tui_xmpp.features.xep0313_archive as xep0313

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xep0313, "FIRST", 3)
        async with archiving("one", "two", "three", "", "", "", "new", "newer", "newest") as (scene, _):
            await scene.does(OpenConversation(ACCOUNT, ROMEO))
            await scene.does(LoadOlder(ACCOUNT, ROMEO))
            assert bodies(scene) == ["one", "two", "three", "new", "newer", "newest"]


async def test_a_chat_of_which_nothing_is_stored_is_asked_for_too() -> None:
    import tui_xmpp.features.xep0313_archive as xep0313

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xep0313, "FIRST", 3)
        async with archiving("one", "two", "", "", "", "") as (scene, _):
            await scene.does(OpenConversation(ACCOUNT, ROMEO))
            view = scene.client.views.conversation(ACCOUNT, ROMEO)
            assert (view.messages, view.has_older) == ((), True)
            await scene.does(LoadOlder(ACCOUNT, ROMEO))
            assert bodies(scene) == ["one", "two"]
        async with archiving("", "", "", "") as (scene, _):
            await scene.does(OpenConversation(ACCOUNT, ROMEO))
            await scene.does(LoadOlder(ACCOUNT, ROMEO))
            assert not scene.client.views.conversation(ACCOUNT, ROMEO).has_older, "there never was anything"


async def test_x_313_01_s_02_results_nobody_asked_for_change_nothing() -> None:
    async with archiving("one") as (scene, server):
        before = bodies(scene)
        for sender in ("", f" from='{ACCOUNT}'", " from='tybalt@capulet.example'"):
            await scene.hears(server.result(0, "guessed", sender).replace("one", "forged"))
            await scene.hears(server.result(0, "", sender).replace("one", "forged"))
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert (before, bodies(scene)) == ([], ["one"])


async def test_x_313_01_s_02_results_from_another_archive_change_nothing() -> None:
    class Meddling(ArchivingServer):
        def result(self, number: int, queryid: str, sender: str = "") -> str:
            forged = super().result(number, queryid, " from='tybalt@capulet.example'").replace("one", "forged")
            return re.sub("id='a0'", "id='f0'", forged) + super().result(number, queryid)

    server = Meddling("one")
    async with online(server) as scene:
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert bodies(scene) == ["one"]


class Altering(ArchivingServer):
    """Changes a word of each result it gives, or of the end of them."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__("one")
        self.change = old, new

    def result(self, number: int, queryid: str, sender: str = "") -> str:
        return super().result(number, queryid, sender).replace(*self.change)


TYBALT = "tybalt@capulet.example"
AGREED = "<iq xmlns='jabber:client' type='result' id='x'/>"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"from='{ROMEO}/x' to='{ACCOUNT}'", f"from='{ROMEO}/x' to='{TYBALT}'"),
        (f"from='{ROMEO}/x'", ""),
        ("type='chat'", "type='groupchat'"),
        ("<body>one</body>", "<active xmlns='http://jabber.org/protocol/chatstates'/>"),
        ("id='a0'", "id=''"),
        ("stamp='2020-01-01T00:00:00Z'", "stamp='once upon a time'"),
        ("</message></forwarded>", f"</message>{AGREED}</forwarded>"),
    ],
    ids=["others", "nobody's", "room", "no-word", "no-id", "no-time", "more-than-one"],
)
async def test_x_313_what_is_no_message_with_the_account_is_not_kept(old: str, new: str) -> None:
    assert old in ArchivingServer("one").result(0, "q")
    async with online(Altering(old, new), make_id=random_id, archive=Archive.in_memory()) as scene:
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert bodies(scene) == []
        assert scene.client.views.conversation(ACCOUNT, BareJID.parse(TYBALT)).messages == ()


@pytest.mark.parametrize(
    ("addresses", "direction"),
    [
        (f"from='{OURS}' to='{ROMEO}'", Direction.OUTGOING),
        (f"from='{ROMEO}/x'", Direction.INCOMING),
    ],
)
async def test_x_313_messages_of_the_account_are_kept_with_their_senders_id(
    addresses: str, direction: Direction
) -> None:
    inner = f"{addresses} type='chat' id='m0'>{ORIGIN_ID.format('o1')}"
    server = Altering(f"from='{ROMEO}/x' to='{ACCOUNT}' type='chat' id='m0'>", inner)
    async with online(server, make_id=random_id, archive=Archive.in_memory()) as scene:
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert [(one.body, one.direction, one.origin_id, one.archive_id) for one in messages(scene)] == [
            ("one", direction, "o1", "a0")
        ]


async def test_s_08_an_archive_s_stamp_is_never_in_the_future() -> None:
    server = Altering("2020-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
    async with online(server, make_id=random_id, archive=Archive.in_memory()) as scene:
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert [one.stamp for one in messages(scene)] == [scene.clock.now()]


@pytest.mark.parametrize(
    ("fin", "words"),
    [
        (FIN.replace("complete=", "stable='false' complete="), "is being changed; what was missed comes later."),
        (FIN.replace("complete='{complete}'", "complete='perhaps'"), "gave an answer that cannot be read."),
        ("<fin xmlns='made:up'/>", "does not keep to what it was asked."),
    ],
    ids=["unstable", "unreadable", "no-end"],
)
async def test_x_313_nothing_is_kept_of_a_page_without_a_sound_end(
    fin: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "FIN", fin)
    async with archiving("one", archive=Archive.in_memory()) as (scene, server):
        assert any(line.endswith(words) for line in scene.log)
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert bodies(scene) == []
        assert await logs_in_again(scene, server) == "before ", "it is asked for again"


async def test_s_02_a_result_after_the_end_of_its_query_changes_nothing() -> None:
    class Late(ArchivingServer):
        queryid = ""

        def result(self, number: int, queryid: str, sender: str = "") -> str:
            self.queryid = queryid
            return super().result(number, queryid, sender)

    server = Late("one")
    async with online(server) as scene:
        await scene.hears(server.result(0, server.queryid).replace("one", "late").replace("a0", "a1"))
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert bodies(scene) == ["one"]


async def test_s_56_an_archive_that_gives_more_than_asked_is_not_believed() -> None:
    class Flooding(ArchivingServer):
        def result(self, number: int, queryid: str, sender: str = "") -> str:
            results = (super(Flooding, self).result(number, queryid) for _ in range(300))
            return "".join(re.sub("id='a0'", f"id='f{n}'", result) for n, result in enumerate(results))

    async with online(Flooding("one")) as scene:
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert bodies(scene) == []
        assert any("does not keep to what it was asked" in line for line in scene.log)


async def test_catching_up_can_be_broken_off_and_leaves_a_gap(tmp_path: Path) -> None:
    async with archiving("one", archive=Archive.open(tmp_path / "a.db")):
        pass

    class Long(ArchivingServer):
        scene: Scene | None = None

        def _take(self, transport, element, stanza) -> None:  # type: ignore[no-untyped-def]
            if len(self.queries) == 1 and self.scene is not None:
                self.scene.client.submit(StopCatchUp(ACCOUNT))
            super()._take(transport, element, stanza)

    from tests.support.engine import PASSWORD, engine_of
    from tui_xmpp.core.commands import ProvidePassword

    server = Long("one", *(f"missed {n}" for n in range(30)))
    async with engine_of(server, make_id=random_id, archive=Archive.open(tmp_path / "a.db")) as scene:
        server.scene = scene
        await scene.fails(ProvidePassword(ACCOUNT, PASSWORD))
        assert len(server.queries) < 10
        assert server.queries[-1] == "before "
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert len(scene.client.views.conversation(ACCOUNT, ROMEO).gaps) == 1


# -- XEP-0490 -----------------------------------------------------------------------------------------------------

EVENT = (
    "<message type='headline' from='{sender}'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
    "<items node='urn:xmpp:mds:displayed:0'><item id='{peer}'><displayed xmlns='urn:xmpp:mds:displayed:0'>"
    "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.example' id='{id}'/></displayed></item></items></event>"
    "</message>"
)


@pytest.mark.parametrize(("sender", "unread"), [(str(ACCOUNT), 0), (str(ROMEO), 1), ("capulet.example", 1)])
async def test_s_06_only_the_own_account_says_what_was_read(sender: str, unread: int) -> None:
    async with archiving() as (scene, _):
        await scene.hears(message(THEIRS, ACCOUNT_JID, more=STANZA_ID.format(ACCOUNT, "7")))
        await scene.hears(EVENT.format(sender=sender, peer=ROMEO, id="7"))
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == unread


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("by='juliet@capulet.example'", "by='coven@chat.shakespeare.lit'"),
        ("node='urn:xmpp:mds:displayed:0'", "node='urn:xmpp:bookmarks:1'"),
        ("item id='romeo@montague.example'", "item id='@@'"),
        ("item id='romeo@montague.example'", "item"),
        ("item id='romeo@montague.example'", "item id='romeo@montague.example/orchard'"),
        ("xmlns='urn:xmpp:mds:displayed:0'>", "xmlns='made:up'>"),
        (" id='7'/>", "/>"),
        ("type='headline'", "type='chat'"),
        (" id='7'/>", " id='8'/>"),
    ],
    ids=["a-room's", "another-node", "no-address", "no-item", "a-device", "no-payload", "broken", "type", "unknown-id"],
)
async def test_x_490_01_what_is_none_of_our_reading_changes_nothing(old: str, new: str) -> None:
    event = EVENT.format(sender=ACCOUNT, peer=ROMEO, id="7")
    assert old in event
    async with archiving(archive=Archive.in_memory()) as (scene, _):
        await scene.hears(message(THEIRS, ACCOUNT_JID, more=STANZA_ID.format(ACCOUNT, "7")))
        await scene.hears(event.replace(old, new))
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 1
        await scene.hears(carbon("received", event.replace("<message", "<message xmlns='jabber:client'")))
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 1, "a copy is no word of the account's own"
        await scene.hears(event)
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 0


ITEMS = (
    "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='{node}'><item id='{peer}'>"
    "<displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='a7'/></displayed>"
    "</item></items></pubsub>"
)


@pytest.mark.parametrize(
    ("node", "by", "unread"),
    [
        ("urn:xmpp:mds:displayed:0", ACCOUNT, 0),
        ("urn:xmpp:mds:displayed:0", ROMEO, 1),
        ("urn:xmpp:bookmarks:1", ACCOUNT, 1),
    ],
)
async def test_x_490_01_how_far_was_read_meanwhile_is_learned_at_login(node: str, by: BareJID, unread: int) -> None:
    server = ArchivingServer()
    async with online(server, make_id=random_id, archive=Archive.in_memory()) as scene:
        await scene.hears(message(THEIRS, ACCOUNT_JID, more=STANZA_ID.format(ACCOUNT, "a7")))
        server.answers["{http://jabber.org/protocol/pubsub}pubsub"] = ITEMS.format(node=node, peer=ROMEO, by=by)
        server.cut()
        await scene.client.settle()
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == unread


async def test_x_490_01_reading_is_told_to_the_other_devices_once() -> None:
    import tui_xmpp.features.xep0490_displayed as xep0490

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xep0490, "PAUSE", 0.0)
        async with archiving() as (scene, server):
            server.answers["{http://jabber.org/protocol/pubsub}pubsub"] = ""
            await scene.hears(message(THEIRS, ACCOUNT_JID, more=STANZA_ID.format(ACCOUNT, "7")))
            scene.client.submit(MarkRead(ACCOUNT, ROMEO))
            while not (told := [stanza for stanza in server.heard_so_far if "<publish " in stanza]):
                await server.heard_more()
            assert canonical("<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.example' id='7'/>") in told[0]
            assert "<value>whitelist</value>" in told[0]
            assert f'<item id="{ROMEO}">' in told[0]
            await scene.hears(EVENT.format(sender=ACCOUNT, peer=ROMEO, id="7"))


def published(archive_id: str, peer: object = ROMEO, *, more: str = "") -> str:
    return canonical(
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:mds:displayed:0'>"
        f"<item id='{peer}'><displayed xmlns='urn:xmpp:mds:displayed:0'>{STANZA_ID.format(ACCOUNT, archive_id)}"
        "</displayed></item></publish><publish-options><x xmlns='jabber:x:data' type='submit'>"
        "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
        "<field var='pubsub#persist_items'><value>true</value></field>"
        f"<field var='pubsub#access_model'><value>whitelist</value></field>{more}</x></publish-options></pubsub>"
    )


ALL_OF_THEM = (
    '<field var="pubsub#max_items"><value>max</value></field>'
    '<field var="pubsub#send_last_published_item"><value>never</value></field>'
)
MADE = canonical(
    "<pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='urn:xmpp:mds:displayed:0'/><configure>"
    "<x xmlns='jabber:x:data' type='submit'>"
    "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#node_config</value></field>"
    "<field var='pubsub#persist_items'><value>true</value></field>"
    "<field var='pubsub#access_model'><value>whitelist</value></field>"
    "<field var='pubsub#max_items'><value>1000</value></field>"
    "<field var='pubsub#send_last_published_item'><value>never</value></field></x></configure></pubsub>"
)
PUBSUB = "{http://jabber.org/protocol/pubsub}pubsub"


class KeepingServer(ArchivingServer):
    """Answers what is set in the account's own nodes one way after the other, and stays with the last."""

    def __init__(self, *to_set: str | None) -> None:
        super().__init__()
        self.to_set = list(to_set)

    def _take(self, transport, element, stanza) -> None:  # type: ignore[no-untyped-def]
        to_get = self.answers[PUBSUB]
        if element.find(PUBSUB) is not None and element.get("type") == "set":
            self.answers[PUBSUB] = self.to_set.pop(0) if len(self.to_set) > 1 else self.to_set[0]
        super()._take(transport, element, stanza)
        self.answers[PUBSUB] = to_get

    async def was_set(self, count: int) -> list[str]:
        """Wait until so much was set, and return it."""
        async with asyncio.timeout(10):
            while len(said := re.findall(r'<iq [^>]*type="set"[^>]*>(<pubsub.*)</iq>', "\n".join(self._sent))) < count:
                await self.heard_more()
        return said


@asynccontextmanager
async def keeping(*to_set: str | None) -> AsyncIterator[tuple[Scene, KeepingServer]]:
    """Give a server that answers so, and a client that tells at once what was read."""
    server = KeepingServer(*to_set)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui_xmpp.features.xep0490_displayed.PAUSE", 0.0)
        async with online(server, make_id=random_id) as scene:
            yield scene, server


async def reads(scene: Scene, archive_id: str | None, sender: str = THEIRS) -> None:
    """Let a message come that the archive knows by this id, and the user read it."""
    ids = "" if archive_id is None else STANZA_ID.format(ACCOUNT, archive_id)
    scene.server.says(message(sender, ACCOUNT_JID, more=ids))
    await scene.client.settle()
    scene.client.submit(MarkRead(ACCOUNT, BareJID.parse(sender.partition("/")[0])))
    await scene.client.settle()


async def test_x_490_01_example_what_is_read_is_published_word_for_word_and_once() -> None:
    async with keeping("") as (scene, server):
        await reads(scene, None)
        await reads(scene, "7")
        assert await server.was_set(1) == [published("7", more=ALL_OF_THEM)]
        await reads(scene, "8", TYBALT)
        said = await server.was_set(2)
        assert said[1:] == [published("8", TYBALT, more=ALL_OF_THEM)]


async def test_x_490_01_what_was_read_elsewhere_is_not_told_again() -> None:
    async with keeping("") as (scene, server):
        await scene.hears(EVENT.format(sender=ACCOUNT, peer=ROMEO, id="7"))
        await reads(scene, "7")
        await reads(scene, "8")
        assert await server.was_set(1) == [published("8", more=ALL_OF_THEM)]


async def test_x_490_01_a_server_that_takes_no_word_for_a_number_gets_a_node_made_first() -> None:
    refusal = "<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    async with keeping(refusal, "", "") as (scene, server):
        await reads(scene, "7")
        assert await server.was_set(3) == [published("7", more=ALL_OF_THEM), MADE, published("7")]
        assert not any("were not told" in line for line in scene.log)


@pytest.mark.parametrize(
    ("condition", "is_tried_again"),
    [("forbidden", False), ("conflict", False), ("not-allowed", False), ("internal-server-error", True)],
)
async def test_x_490_01_whoever_may_not_publish_does_not_try_again(condition: str, is_tried_again: bool) -> None:
    refusal = f"<error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    async with keeping(refusal) as (scene, server):
        await reads(scene, "7")
        await server.was_set(3)
        await scene.client.settle()
        await reads(scene, "8")
        if is_tried_again:
            await server.was_set(6)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(await server.was_set(3)) == (6 if is_tried_again else 3)


async def test_x_490_01_what_a_cut_broke_off_is_told_in_the_next_session() -> None:
    async with keeping(None, "") as (scene, server):
        await scene.hears(message(THEIRS, ACCOUNT_JID, more=STANZA_ID.format(ACCOUNT, "a7")))
        scene.client.submit(MarkRead(ACCOUNT, ROMEO))
        await server.was_set(1)  # and not answered
        server.cut()
        assert await server.was_set(2) == 2 * [published("a7", more=ALL_OF_THEM)]


@pytest.mark.parametrize("answer", ["", "<pubsub xmlns='http://jabber.org/protocol/pubsub'/>", "<pubsub xmlns='x'/>"])
async def test_x_490_01_that_nothing_was_read_yet_is_an_answer(answer: str) -> None:
    async with archiving() as (scene, server):
        server.answers[PUBSUB] = answer
        server.heard()
        await logs_in_again(scene, server)
        asked = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:mds:displayed:0'/></pubsub>"
        assert sum(canonical(asked) in stanza and 'type="get"' in stanza for stanza in server.heard()) == 1
        await scene.hears(
            f"<message from='{ACCOUNT}'><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>"
        )


async def test_x_223_01_s_07_nothing_is_published_where_the_node_may_be_public() -> None:
    import tui_xmpp.features.xep0490_displayed as xep0490

    refusal = (
        "<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        "<precondition-not-met xmlns='http://jabber.org/protocol/pubsub#errors'/></error>"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xep0490, "PAUSE", 0.0)
        async with archiving() as (scene, server):
            server.answers["{http://jabber.org/protocol/pubsub}pubsub"] = refusal  # a node of other ways is there
            server.heard()
            await scene.hears(message(THEIRS, ACCOUNT_JID, more=STANZA_ID.format(ACCOUNT, "7")))
            scene.client.submit(MarkRead(ACCOUNT, ROMEO))
            while not any("were not told" in line for line in scene.log):
                await server.heard_more()
                await scene.client.settle()
            published = [stanza for stanza in server.heard() if "<publish " in stanza]
            assert published
            for stanza in published:  # each only on the condition that the node is ours alone
                assert "<publish-options>" in stanza
                assert "<value>whitelist</value>" in stanza


async def test_s_07_a_server_that_knows_no_conditions_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import tui_xmpp.features.xep0490_displayed as xep0490

    monkeypatch.setattr(xep0490, "PAUSE", 0.0)
    server = ArchivingServer()
    server.answers["{http://jabber.org/protocol/disco#info}query"] = INFO.replace("#publish-options", "#publish")
    async with online(server, make_id=random_id) as scene:
        await scene.hears(message(THEIRS, ACCOUNT_JID, more=STANZA_ID.format(ACCOUNT, "a7")))
        sent = await scene.does(MarkRead(ACCOUNT, ROMEO))
        server.cut()
        await scene.client.settle()
        assert not any("pubsub" in stanza for stanza in (*sent, *server.heard())), "nor is it asked"
