"""RFC 6121 §5 as transcripts, and the ladder an outgoing message climbs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.engine import ACCOUNT, PASSWORD, Scene, ScriptedServer, canonical, engine_of, online
from tui_xmpp.core.commands import Connect, DiscardMessage, Disconnect, ProvidePassword, ResendMessage, SendMessage
from tui_xmpp.core.model import Delivery, Message, MessageKind, Severity
from tui_xmpp.jid import BareJID
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import build

ROMEO = BareJID.parse("romeo@montague.example")
SENT = (
    "<message type='chat' id='{id}' to='romeo@montague.example'><body>{body}</body>"
    "<origin-id xmlns='urn:xmpp:sid:0' id='{id}'/></message>"
)


def said(scene: Scene, peer: BareJID = ROMEO) -> tuple[Message, ...]:
    return scene.client.views.conversation(ACCOUNT, peer).messages


async def test_c_msg_05_message_goes_to_the_bare_address_with_an_origin_id() -> None:
    async with online() as scene:
        assert await scene.does(SendMessage(ACCOUNT, ROMEO, "Art thou <not> Romeo?")) == [
            canonical(SENT.format(id="id3", body="Art thou &lt;not&gt; Romeo?"))
        ]
        (message,) = said(scene)
        assert (message.key, message.delivery, message.is_outgoing) == ("id3", Delivery.SENT, True)


async def test_message_for_one_device_goes_there_and_a_subject_goes_along() -> None:
    async with online() as scene:
        (sent,) = await scene.does(SendMessage(ACCOUNT, ROMEO, "Hie hence", subject="Flight", to_resource="orchard"))
        assert 'to="romeo@montague.example/orchard"' in sent
        assert "<subject>Flight</subject><body>Hie hence</body>" in sent


async def test_empty_message_is_refused() -> None:
    async with online() as scene:
        assert await scene.fails(SendMessage(ACCOUNT, ROMEO, "")) == "An empty message is not sent."
        assert scene.server.heard() == []


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("type='chat'", MessageKind.CHAT),
        ("type='normal'", MessageKind.NORMAL),
        ("", MessageKind.NORMAL),
        ("type='shout'", MessageKind.NORMAL),
    ],
)
async def test_c_msg_01_types(type_: str, kind: MessageKind) -> None:
    async with online() as scene:
        await scene.hears(f"<message from='romeo@montague.example/orchard' id='m1' {type_}><body>Hi</body></message>")
        (message,) = said(scene)
        assert (message.kind, message.body, message.stanza_id) == (kind, "Hi", "m1")
        assert message.stamp == datetime(2026, 1, 1, 12, tzinfo=UTC)
        assert str(message.author) == "romeo@montague.example/orchard"


@pytest.mark.parametrize(
    ("sender", "severity"),
    [
        ("capulet.example", Severity.NOTICE),
        ("romeo@montague.example/orchard", Severity.NOTICE),
        ("tybalt@capulet.example/street", Severity.INFO),
        ("montague.example", Severity.INFO),
    ],
)
async def test_c_msg_02_a_headline_is_told_and_passes(sender: str, severity: Severity) -> None:
    server = ScriptedServer()
    server.answers["{jabber:iq:roster}query"] = (
        "<query xmlns='jabber:iq:roster' ver='v1'><item jid='romeo@montague.example' subscription='to'/></query>"
    )
    async with online(server) as scene:
        shown = "<subject>Maintenance</subject><body>Down at noon</body>"
        sent = await scene.hears(f"<message from='{sender}' id='m1' type='headline'>{shown}</message>")
        await scene.hears(f"<message from='{sender}' id='m2' type='headline'><body>  </body></message>")
        assert sent == [], "nobody answers it"
        told = [entry for entry in scene.client.views.log() if "announces" in entry.text]
        bare = sender.partition("/")[0]
        assert [(entry.text, entry.severity) for entry in told] == [
            (f"{bare} announces: Maintenance · Down at noon", severity)
        ]
        assert scene.client.views.conversations() == ()


async def test_c_msg_02_groupchat_from_a_room_not_joined_is_ignored() -> None:
    async with online() as scene:
        await scene.hears("<message from='romeo@montague.example/x' type='groupchat'><body>Hi</body></message>")
        assert said(scene) == ()


async def test_c_msg_03_bodies_and_subjects_by_language() -> None:
    async with online() as scene:
        await scene.hears(
            "<message from='romeo@montague.example/orchard' type='chat' xml:lang='cs'>"
            "<subject>Prosba</subject><subject xml:lang='en'>I implore you!</subject>"
            "<body>Proč?</body><body xml:lang='en'>Wherefore?</body><thread>t1</thread></message>"
        )
        (message,) = said(scene)
        assert (message.body, message.subject, message.thread) == ("Wherefore?", "I implore you!", "t1")
        assert message.bodies == (("cs", "Proč?"), ("en", "Wherefore?"))


async def test_c_msg_04_a_thread_is_taken_as_it_is_and_only_one() -> None:
    async with online() as scene:
        for thread in (
            "<thread parent='7edac73ab41e45c4aafa7b2d7b749080'>e0ffe42b28561960c6b12b944a092794b9683a38</thread>",
            "<thread/>",
            "",
        ):
            await scene.hears(
                f"<message from='romeo@montague.example/orchard' type='chat'><body>O</body>{thread}</message>"
            )
        assert [message.thread for message in said(scene)] == ["e0ffe42b28561960c6b12b944a092794b9683a38", "", ""]


async def test_c_stz_05_what_is_not_known_is_passed_over_and_the_rest_is_read() -> None:
    async with online() as scene:
        unknown = "<attention xmlns='urn:xmpp:attention:0'/><x xmlns='made:up'><body>Hear me</body></x>"
        await scene.hears(f"<message from='romeo@montague.example/orchard' type='chat'>{unknown}</message>")
        assert said(scene) == ()
        await scene.hears(
            f"<message from='romeo@montague.example/orchard' type='chat'>{unknown}<body>O</body></message>"
        )
        assert [message.body for message in said(scene)] == ["O"]


@pytest.mark.parametrize(
    ("condition", "meaning"), [("gone", "can no longer be reached"), ("redirect", "another address")]
)
async def test_c_stz_07_a_new_address_is_not_followed_unasked(condition: str, meaning: str) -> None:
    async with online() as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "O"))
        error = (
            f"<error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>"
            f"xmpp:tybalt@capulet.example</{condition}></error>"
        )
        assert await scene.hears(f"<message type='error' id='id3' from='{ROMEO}'>{error}</message>") == []
        (message,) = said(scene)
        assert message.failure is not None
        assert meaning in message.failure.sentence
        assert scene.client.views.conversations() == ((ACCOUNT, ROMEO),)


async def test_x_066_only_so_many_addresses_of_a_sane_length_are_taken() -> None:
    async with online() as scene:
        good = "".join(f"<x xmlns='jabber:x:oob'><url>https://a.example/{n}</url></x>" for n in range(20))
        bad = "<x xmlns='jabber:x:oob'><url/></x><x xmlns='jabber:x:oob'><url>https://" + "a" * 4096 + "</url></x>"
        await scene.hears(
            f"<message from='romeo@montague.example/orchard' type='chat'><body>O</body>{bad}{good}</message>"
        )
        assert [address for address, _ in said(scene)[0].files] == [f"https://a.example/{n}" for n in range(8)]


async def test_x_066_example_2_address_beside_the_text_is_kept() -> None:
    async with online() as scene:
        await scene.hears(
            "<message from='stpeter@jabber.example/work' type='chat'>"
            "<body>Yeah, but do you have a license to Jabber?</body>"
            "<x xmlns='jabber:x:oob'><url>http://www.jabber.org/images/psa-license.jpg</url></x>"
            "<x xmlns='jabber:x:oob'><desc>An address is missing here</desc></x>"
            "<x xmlns='jabber:x:oob'><url>http://www.jabber.org/</url><desc>A license to Jabber!</desc></x></message>"
        )
        (message,) = said(scene, BareJID.parse("stpeter@jabber.example"))
        assert message.files == (
            ("http://www.jabber.org/images/psa-license.jpg", ""),
            ("http://www.jabber.org/", "A license to Jabber!"),
        )


async def test_x_393_hint_against_styles_is_kept() -> None:
    async with online() as scene:
        await scene.hears(
            "<message from='romeo@montague.example/orchard' type='chat'><body>*not strong*</body>"
            "<unstyled xmlns='urn:xmpp:styling:0'/></message>"
        )
        await scene.hears("<message from='romeo@montague.example/orchard' type='chat'><body>*strong*</body></message>")
        assert [message.is_unstyled for message in said(scene)] == [True, False]


@pytest.mark.parametrize("children", ["", "<active xmlns='http://jabber.org/protocol/chatstates'/>", "<body/>"])
async def test_c_msg_07_message_without_text_is_not_shown(children: str) -> None:
    async with online() as scene:
        await scene.hears(f"<message from='romeo@montague.example/orchard' type='chat'>{children}</message>")
        assert said(scene) == ()


OMEMO = "eu.siacs.conversations.axolotl"
KEY = f"<encrypted xmlns='{OMEMO}'><header sid='27183'><key rid='31415'>BASE64ENCODED...</key></header>{{}}</encrypted>"
EME = "<encryption xmlns='urn:xmpp:eme:0' namespace='{}'/>"
MUC_USER = "http://jabber.org/protocol/muc#user"


@pytest.mark.parametrize(
    ("children", "sentence"),
    [
        (KEY.format("<payload>BASE64ENCODED</payload>"), "[Encrypted with OMEMO, which this program cannot read]"),
        ("<x xmlns='jabber:x:encrypted'>hQ</x>", "[Encrypted with OpenPGP, which this program cannot read]"),
        (EME.format("made:up"), "[Encrypted with made:up, which this program cannot read]"),
        ("<body>?OTR:AAMDsW1n.</body>", "[Encrypted with OTR, which this program cannot read]"),
        (
            "<x reason='please come' jid='assembly@rooms.pemberley.test' xmlns='jabber:x:conference'/>",
            "[Invitation to the room assembly@rooms.pemberley.test: “please come”. This program cannot enter rooms.]",
        ),
        (
            f"<x xmlns='{MUC_USER}'><invite from='crone1@shakespeare.lit/desktop'/></x>",
            "[Invitation to this room from crone1@shakespeare.lit/desktop. This program cannot enter rooms.]",
        ),
        (
            f"<body>I sent you an OMEMO encrypted message</body>{EME.format(OMEMO)}",
            "I sent you an OMEMO encrypted message",
        ),
    ],
    ids=["omemo", "openpgp", "x-380-another", "otr", "x-249", "x-045-example-58", "with-words-for-it"],
)
async def test_where_no_words_can_be_shown_a_sentence_stands(children: str, sentence: str) -> None:
    async with online() as scene:
        await scene.hears(f"<message from='romeo@montague.example/orchard' type='chat'>{children}</message>")
        assert [message.body for message in said(scene)] == [sentence]


@pytest.mark.parametrize(
    "children",
    [
        KEY.format(""),
        "<body>?OTR:AAIKAAAAwLY//addFgTEWJCis1tq6EDs1qfAC8OuBummsqXyaiJdlNBrKRT7Bc2ZRdCwmnqTkUTxWaAG8hXcUzlQwx==.</body>",
        f"<x xmlns='{MUC_USER}'/>",
        "<x xmlns='jabber:x:conference'/>",
    ],
    ids=["omemo-keys", "otr-keys", "no-invitation", "broken-invitation"],
)
async def test_what_only_programs_tell_each_other_is_not_shown(children: str) -> None:
    async with online() as scene:
        await scene.hears(f"<message from='romeo@montague.example/orchard' type='chat'>{children}</message>")
        assert said(scene) == ()


async def test_c_stz_01_message_without_sender_is_the_accounts_own() -> None:
    async with online() as scene:
        await scene.hears("<message><body>Note to self</body></message>")
        assert [message.body for message in said(scene, ACCOUNT)] == ["Note to self"]


ERROR = (
    "<message type='error' id='id3' from='{}'><error type='cancel'>"
    "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
    "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Banished</text></error></message>"
)


async def test_c_msg_01_error_shows_on_the_message_it_answers_and_is_not_answered() -> None:
    async with online() as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "Hi"))
        assert await scene.hears(ERROR.format(ROMEO)) == []
        (message,) = said(scene)
        assert message.delivery is Delivery.FAILED
        assert message.failure is not None
        assert (message.failure.condition, message.failure.text) == ("item-not-found", "Banished")
        assert message.failure.sentence == (
            "montague.example says that this account or item does not exist (item-not-found). "
            "The message was not delivered."
        )


async def test_a_refusal_said_twice_is_told_once() -> None:
    async with online() as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "Hi"))
        await scene.hears(ERROR.format(ROMEO))
        told = len(scene.log)
        await scene.hears(ERROR.format(ROMEO))
        assert len(scene.log) == told


async def test_s_04_error_from_someone_else_fails_nothing() -> None:
    async with online() as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "Hi"))
        before = scene.log
        await scene.hears(ERROR.format("tybalt@capulet.example"))
        await scene.hears(ERROR.format(ROMEO).replace("'id3'", "'id4'"))
        assert scene.log == before
        assert said(scene)[0].delivery is Delivery.SENT


async def test_failed_message_is_sent_again_under_its_own_id_or_given_up() -> None:
    async with online() as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "Hi"))
        assert await scene.fails(ResendMessage(ACCOUNT, ROMEO, "id3")) == "Only a message that failed is sent again."
        await scene.hears(ERROR.format(ROMEO))
        assert await scene.does(ResendMessage(ACCOUNT, ROMEO, "id3")) == [canonical(SENT.format(id="id3", body="Hi"))]
        assert said(scene)[0].delivery is Delivery.SENT
        told = len(scene.log)
        await scene.hears(ERROR.format(ROMEO))
        assert said(scene)[0].delivery is Delivery.FAILED
        assert scene.log[told:] == scene.log[told - 1 : told], "the second failure is news too, in the same words"
        assert scene.log[-1] == (
            "montague.example says that this account or item does not exist (item-not-found). "
            "“Hi” was not delivered. It says: “Banished”"
        )
        await scene.does(DiscardMessage(ACCOUNT, ROMEO, "id3"))
        assert said(scene) == ()
        assert await scene.fails(DiscardMessage(ACCOUNT, ROMEO, "id3")) is not None


async def test_what_is_written_offline_goes_out_after_login_in_order() -> None:
    server = ScriptedServer()
    async with engine_of(server) as scene:
        for body in ("one", "two", "three"):
            await scene.does(SendMessage(ACCOUNT, ROMEO, body))
        assert [message.delivery for message in said(scene)] == [Delivery.QUEUED] * 3
        await scene.does(DiscardMessage(ACCOUNT, ROMEO, "id2"))
        await scene.fails(ProvidePassword(ACCOUNT, PASSWORD))
        sent = [stanza for stanza in server.heard() if stanza.startswith("<message")]
        assert sent == [canonical(SENT.format(id=id_, body=body)) for id_, body in (("id1", "one"), ("id3", "three"))]
        assert [message.delivery for message in said(scene)] == [Delivery.SENT] * 2


async def test_what_is_written_between_two_streams_is_sent_once() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        await scene.does(Disconnect(ACCOUNT))
        await scene.does(SendMessage(ACCOUNT, ROMEO, "one"))
        await scene.does(Connect(ACCOUNT))
        await scene.does(Disconnect(ACCOUNT))
        sent = await scene.does(Connect(ACCOUNT))
        assert not any(stanza.startswith("<message") for stanza in sent)
        assert len(said(scene)) == 1


async def test_x_198_a_message_waits_until_it_is_agreed_whether_the_session_outlives_a_cut() -> None:
    server = ScriptedServer()
    server.features = (*server.features, build(ns.STREAM_MANAGEMENT, "sm"))
    async with online(server) as scene:
        for _ in range(2):
            sent = await scene.does(SendMessage(ACCOUNT, ROMEO, "one"))
            assert not any(stanza.startswith("<message") for stanza in sent)
            server.cut()
            await scene.client.settle()
        assert [message.delivery for message in said(scene)] == [Delivery.QUEUED] * 2
        server.heard()
        sent = await scene.hears("<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true'/>")
        assert [stanza for stanza in sent if stanza.startswith("<message")] == [
            canonical(SENT.format(id=id_, body="one")) for id_ in [message.key for message in said(scene)]
        ]
        assert [message.delivery for message in said(scene)] == [Delivery.SENT] * 2


async def test_x_198_without_an_agreement_messages_go_out_all_the_same() -> None:
    server = ScriptedServer()
    server.features = (*server.features, build(ns.STREAM_MANAGEMENT, "sm"))
    async with online(server) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "one"))
        failed = "<internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        assert await scene.hears(f"<failed xmlns='urn:xmpp:sm:3'>{failed}</failed>") == [
            canonical(SENT.format(id="id3", body="one"))
        ]


async def test_what_is_written_while_the_stream_is_closing_waits() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        server.faults.is_stalled = True
        scene.client.submit(Disconnect(ACCOUNT))
        await server.gone()
        ticket = scene.client.submit(SendMessage(ACCOUNT, ROMEO, "Parting is such sweet sorrow"))
        assert server.transport is not None
        server.transport.release()
        await scene.client.settle()
        assert [one.failure for one in scene.client.take().answers if one.ticket == ticket] == [None]
        assert said(scene)[0].delivery is Delivery.QUEUED


DELAYED = (
    "<message from='romeo@montague.example/orchard' type='chat'><body>Hi</body>"
    "<delay xmlns='urn:xmpp:delay'{by} stamp='{stamp}'/></message>"
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("by", "is_believed"),
    [
        (" from='capulet.example'", True),
        (" from='juliet@capulet.example'", True),
        (" from='romeo@montague.example'", False),
        (" from='montague.example'", False),
        (" from='@@'", False),
        ("", False),
    ],
)
async def test_s_08_delay_is_believed_from_the_own_server_only(by: str, is_believed: bool) -> None:
    async with online() as scene:
        await scene.hears(DELAYED.format(by=by, stamp="2025-12-31T23:59:59.5Z"))
        (message,) = said(scene)
        assert message.is_delayed is is_believed
        assert message.stamp == (datetime(2025, 12, 31, 23, 59, 59, 500000, tzinfo=UTC) if is_believed else NOON)


@pytest.mark.parametrize("stamp", ["", "yesterday", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00"])
async def test_s_09_impossible_stamp_is_no_stamp(stamp: str) -> None:
    async with online() as scene:
        await scene.hears(DELAYED.format(by=" from='capulet.example'", stamp=stamp))
        assert said(scene)[0].stamp == NOON


async def test_s_08_stamp_in_the_future_is_now() -> None:
    async with online() as scene:
        await scene.hears(DELAYED.format(by=" from='capulet.example'", stamp="2026-01-01T13:00:00Z"))
        assert said(scene)[0].stamp == NOON
