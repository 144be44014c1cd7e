"""IQ discipline (RFC 6120 §8) and hostile stanzas: nothing a peer sends ends the stream or goes unanswered."""

from __future__ import annotations

import pytest

from tests.support.engine import ACCOUNT, ScriptedServer, canonical, online
from tui_xmpp.clock import ManualClock
from tui_xmpp.core.model import Phase
from tui_xmpp.features import FEATURES
from tui_xmpp.features.feature import Context, Feature, NoteRoute
from tui_xmpp.worker.context import random_id
from tui_xmpp.worker.dispatch import Bucket
from tui_xmpp.xmpp.stanza import Message, Presence

ROMEO = "romeo@montague.example/orchard"
PING = "<ping xmlns='urn:xmpp:ping'/>"


@pytest.mark.parametrize("type_", ["get", "set"])
async def test_c_stz_03_unknown_payload_is_service_unavailable(type_: str) -> None:
    async with online() as scene:
        (answer,) = await scene.hears(f"<iq type='{type_}' id='q1' from='{ROMEO}'><x xmlns='made:up'/></iq>")
        assert answer == canonical(
            f"<iq type='error' id='q1' to='{ROMEO}'><error type='cancel'>"
            "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        )


@pytest.mark.parametrize(
    "iq",
    [
        f"<iq type='get' id='q1' from='{ROMEO}'/>",
        f"<iq type='get' id='q1' from='{ROMEO}'>{PING}{PING}</iq>",
        f"<iq type='ask' id='q1' from='{ROMEO}'>{PING}</iq>",
        f"<iq id='q1' from='{ROMEO}'>{PING}</iq>",
    ],
)
async def test_c_stz_03_malformed_request_is_a_bad_request(iq: str) -> None:
    async with online() as scene:
        (answer,) = await scene.hears(iq)
        assert "bad-request" in answer
        assert 'id="q1"' in answer


@pytest.mark.parametrize(
    "stanza",
    [
        f"<iq type='result' id='nobody-asked' from='{ROMEO}'/>",
        f"<iq type='error' id='nobody-asked' from='{ROMEO}'/>",
        f"<message type='error' id='x' from='{ROMEO}'><body>Hi</body></message>",
        f"<message type='error' from='{ROMEO}'><error/></message>",
        f"<presence type='error' from='{ROMEO}'><error/></presence>",
    ],
)
async def test_c_stz_04_results_and_errors_are_never_answered(stanza: str) -> None:
    async with online() as scene:
        assert await scene.hears(stanza) == []
        assert scene.client.views.conversations() == ()


async def test_who_notes_several_payloads_is_asked_once_about_each_stanza() -> None:
    asked: list[Message | Presence] = []

    def note(ctx: Context, stanza: Message | Presence) -> None:
        asked.append(stanza)

    routes = tuple(NoteRoute(f"{{made:up}}{name}", note) for name in ("one", "two"))
    async with online(features=(Feature(spec="", title="", inbound=routes), *FEATURES)) as scene:
        await scene.hears(f"<message from='{ROMEO}' type='chat'><one xmlns='made:up'/><two xmlns='made:up'/></message>")
        assert len(asked) == 1


def test_c_stz_02_ids_are_long_and_never_alike() -> None:
    ids = [random_id() for _ in range(500)]
    assert len({*ids}) == 500
    assert {len(bytes.fromhex(id_)) for id_ in ids} == {12}


HOSTILE = [
    "<message from='@@'><body>Hi</body></message>",
    "<message from=''><body>Hi</body></message>",
    "<presence from='a@b@c/d'/>",
    "<presence to='//' from='romeo@montague.example/x'/>",
    "<iq type='set' id='p' from='\u200b@@'><query xmlns='jabber:iq:roster'><item jid='x@y'/></query></iq>",
    f"<iq type='get' from='{ROMEO}'>{PING}</iq>",
    "<message/>",
    "<presence/>",
    "<iq/>",
    "<message from='r@m.example'><delay xmlns='urn:xmpp:delay' stamp='x' from='@'/><body>&#10;</body></message>",
    "<message from='romeo@montague.example' type='error'><error><what xmlns='x'/></error></message>",
    "<presence type='subscribe'/>",
    "<presence type='subscribe' from='juliet@capulet.example'/>",
]


@pytest.mark.parametrize("stanza", HOSTILE)
async def test_s_29_hostile_stanza_leaves_the_stream_alive(stanza: str) -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        await scene.hears(stanza)
        assert await scene.hears(f"<iq type='get' id='alive' from='{ROMEO}'>{PING}</iq>") == [
            canonical(f"<iq type='result' id='alive' to='{ROMEO}'/>")
        ]
        assert server.logins == 1
        assert scene.client.views.requests() == ()
        assert scene.client.views.contacts(ACCOUNT) == () or "message" in stanza


async def test_s_29_unreadable_sender_does_not_pass_for_the_account() -> None:
    async with online() as scene:
        push = "<query xmlns='jabber:iq:roster'><item jid='tybalt@capulet.example' subscription='both'/></query>"
        assert await scene.hears(f"<iq type='set' id='p' from='@@'>{push}</iq>") == []
        assert scene.client.views.contacts(ACCOUNT) == ()


async def test_s_29_a_flood_of_broken_stanzas_is_a_few_lines_in_the_log() -> None:
    async with online() as scene:
        before = len(scene.log)
        await scene.hears("<message from='@@'><body>Hi</body></message>" * 1000)
        assert 1 <= len(scene.log) - before <= 5


async def test_s_52_flood_of_requests_gets_few_answers_and_others_still_get_theirs() -> None:
    clock = ManualClock()
    async with online(clock=clock) as scene:
        flood = "".join(f"<iq type='get' id='f{n}' from='{ROMEO}/{n}'>{PING}</iq>" for n in range(300))
        answers = await scene.hears(flood)
        assert sum('type="result"' in answer for answer in answers) == 20
        assert sum("resource-constraint" in answer for answer in answers) == 10
        assert len(answers) == 30
        assert len(await scene.hears(f"<iq type='get' id='n' from='nurse@capulet.example/x'>{PING}</iq>")) == 1
        server = "".join(f"<iq type='get' id='s{n}' from='capulet.example'>{PING}</iq>" for n in range(300))
        assert len(await scene.hears(server)) == 300
        clock.advance(10)
        assert len(await scene.hears(f"<iq type='get' id='again' from='{ROMEO}'>{PING}</iq>")) == 1


def test_s_52_bucket_refills_up_to_its_burst() -> None:
    bucket = Bucket(rate=2, burst=3)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(1.0) for _ in range(3)] == [True, True, False]
    assert [bucket.take(1000.0) for _ in range(4)] == [True, True, True, False]


async def test_requests_of_a_lost_stream_are_answered() -> None:
    from tui_xmpp.core.commands import RemoveContact
    from tui_xmpp.jid import BareJID

    server = ScriptedServer()
    async with online(server) as scene:
        server.answers["{jabber:iq:roster}query"] = None
        ticket = scene.client.submit(RemoveContact(ACCOUNT, BareJID.parse("romeo@montague.example")))
        await server.heard_more()
        server.answers["{jabber:iq:roster}query"] = ""
        server.cut()
        await scene.client.settle()
        (answer,) = [one for one in scene.client.take().answers if one.ticket == ticket]
        assert answer.failure == "The connection of juliet@capulet.example was lost before the answer came."
        view = scene.client.views.account(ACCOUNT)
        assert view is not None
        assert view.connection.phase is Phase.ONLINE


@pytest.mark.parametrize(
    ("sender", "is_taken"),
    [
        ("", True),
        (" from='juliet@capulet.example'", True),
        (" from='juliet@capulet.example/balcony'", True),
        (" from='capulet.example'", False),
        (" from='tybalt@capulet.example/x'", False),
        (" from='juliet@capulet.example/other'", False),
        (" from='@@'", False),
    ],
)
async def test_s_04_answer_is_taken_from_the_one_who_was_asked(sender: str, is_taken: bool) -> None:
    from tui_xmpp.core.commands import RemoveContact
    from tui_xmpp.jid import BareJID

    server = ScriptedServer()
    async with online(server) as scene:
        server.answers["{jabber:iq:roster}query"] = None
        scene.client.submit(RemoveContact(ACCOUNT, BareJID.parse("romeo@montague.example")))
        await server.heard_more()
        server.says(f"<iq type='result' id='id3'{sender}/>")
        server.says(f"<iq type='get' id='marker' from='{ROMEO}'>{PING}</iq>")
        while not any("marker" in stanza for stanza in server.heard_so_far):
            await server.heard_more()
        answers = scene.client.take().answers
        assert bool([one for one in answers if isinstance(one.command, RemoveContact)]) is is_taken
        server.says("<iq type='result' id='id3'/>")
