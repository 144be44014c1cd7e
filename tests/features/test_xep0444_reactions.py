"""XEP-0444 as transcripts: the specification's own examples, and whose reactions are believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engine import ACCOUNT, PASSWORD, Scene, ScriptedServer, canonical, engine_of, online
from tui_xmpp.core.commands import Disconnect, OpenConversation, ProvidePassword, React, ReadReactionRules, SendMessage
from tui_xmpp.core.model import Delivery, Direction, Message, Reaction, ReactionRules
from tui_xmpp.core.reactions import emojis_by
from tui_xmpp.features.xep0444_reactions import reaction_of, rules_of
from tui_xmpp.jid import BareJID
from tui_xmpp.net.transport import Transport
from tui_xmpp.storage.archive import Archive
from tui_xmpp.xmpp.element import Element, parse_element
from tui_xmpp.xmpp.stanza import Iq

ROMEO = BareJID.parse("romeo@montague.example")
TYBALT = BareJID.parse("tybalt@capulet.example")
FROM = "from='romeo@montague.example/orchard' type='chat'"
HELLO = f"<message {FROM} id='744f6e18-a57a-11e9-a656-4889e7820c76'><body>Hello, world!</body></message>"
WAVE, TURTLE = "👋", "🐢"
MOST = "urn:xmpp:reactions:0:restrictions max_reactions_per_user"
ALLOWED = "urn:xmpp:reactions:0:restrictions allowlist"


def reactions(id_: str, *emojis: str, sender: str = FROM, key: str = "r1", more: str = "") -> str:
    inner = "".join(f"<reaction>{emoji}</reaction>" for emoji in emojis)
    return (
        f"<message {sender} id='{key}'><reactions id='{id_}' xmlns='urn:xmpp:reactions:0'>{inner}</reactions>"
        f"<store xmlns='urn:xmpp:hints'/>{more}</message>"
    )


def said(scene: Scene, peer: BareJID = ROMEO) -> tuple[Message, ...]:
    return scene.client.views.conversation(ACCOUNT, peer).messages


def theirs(scene: Scene) -> tuple[str, ...]:
    (message,) = said(scene)
    return emojis_by(message, Direction.INCOMING)


def ours(scene: Scene) -> tuple[str, ...]:
    (message,) = said(scene)
    return emojis_by(message, Direction.OUTGOING)


# -- what comes ---------------------------------------------------------------------------------------------------


async def test_x_444_01_examples_4_to_7_a_reaction_more_of_them_and_none() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "Hello, world!"))
        for key, emojis in (("r1", (WAVE,)), ("r2", (WAVE, TURTLE)), ("r3", ())):
            assert await scene.hears(reactions("id3", *emojis, key=key)) == []
            assert theirs(scene) == emojis
            assert [message.body for message in said(scene)] == ["Hello, world!"]
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 0
        assert scene.client.views.arrivals() == ()


async def test_x_444_any_device_of_theirs_speaks_for_them() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "Hello, world!"))
        await scene.hears(reactions("id3", WAVE))
        await scene.hears(reactions("id3", TURTLE, sender="from='romeo@montague.example/crypt' type='chat'", key="r2"))
        assert theirs(scene) == (TURTLE,)


async def test_s_11_a_reaction_from_another_conversation_is_ignored_and_opens_none() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "Hello, world!"))
        await scene.hears(reactions("id3", WAVE, sender="from='tybalt@capulet.example/street' type='chat'"))
        assert theirs(scene) == ()
        assert said(scene, TYBALT) == ()
        assert (ACCOUNT, TYBALT) not in scene.client.views.conversations()


async def test_x_444_our_other_device_reacts_for_us() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.hears(HELLO)
        inner = reactions(
            "744f6e18-a57a-11e9-a656-4889e7820c76", WAVE, sender=f"from='{ACCOUNT}/chamber' to='{ROMEO}' type='chat'"
        ).replace("<message", "<message xmlns='jabber:client'", 1)
        envelope = (
            "<message from='{}' to='{}/balcony'><sent xmlns='urn:xmpp:carbons:2'>"
            "<forwarded xmlns='urn:xmpp:forward:0'>{}</forwarded></sent></message>"
        )
        await scene.hears(envelope.format(ROMEO, ACCOUNT, inner))
        assert ours(scene) == ()
        await scene.hears(envelope.format(ACCOUNT, ACCOUNT, inner))
        assert ours(scene) == (WAVE,)


async def test_a_reaction_that_comes_before_its_message_waits_for_it() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.hears(reactions("744f6e18-a57a-11e9-a656-4889e7820c76", WAVE))
        await scene.hears(HELLO)
        assert theirs(scene) == (WAVE,)
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 1


FALLBACK = "<body>&gt; Hello, world!\n👋</body><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reactions:0'{}"


@pytest.mark.parametrize("end", ["/>", "><body/></fallback>", "><body start='0' end='17'/></fallback>"])
async def test_x_444_words_that_stand_in_for_a_reaction_are_no_message(end: str) -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "Hello, world!"))
        await scene.hears(reactions("id3", WAVE, more=FALLBACK.format(end)))
        assert theirs(scene) == (WAVE,)


@pytest.mark.parametrize(
    "more",
    [
        "<body>words</body>",
        "<body>words</body><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'/>",
        "<body>👋 words</body><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reactions:0'>"
        "<body start='0' end='2'/></fallback>",
    ],
    ids=["not-declared", "of-another-kind", "in-part"],
)
async def test_words_that_say_more_than_a_reaction_are_not_lost(more: str) -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "Hello, world!"))
        await scene.hears(reactions("id3", WAVE, more=more))
        assert ["words" in message.body for message in said(scene)] == [False, True]


async def test_words_that_claim_to_stand_in_for_a_reaction_that_is_not_there_are_a_message() -> None:
    async with online() as scene:
        await scene.hears(f"<message {FROM}>{FALLBACK.format('/>')}</message>")
        assert len(said(scene)) == 1


@pytest.mark.parametrize(
    "inner",
    ["", "<reactions xmlns='urn:xmpp:reactions:0'/>", "<reactions id='' xmlns='urn:xmpp:reactions:0'/>",
     "<reactions id='a' xmlns='urn:xmpp:reactions:0'/><reactions id='a' xmlns='urn:xmpp:reactions:0'/>"],
    ids=["none", "without-id", "empty-id", "twice"],
)  # fmt: skip
def test_x_444_what_is_not_as_it_must_be_is_no_reaction(inner: str) -> None:
    assert reaction_of(parse_element(f"<message>{inner}</message>"), "") is None


def test_s_55_hostile_emoji_are_left_out() -> None:
    inner = "".join(
        f"<reaction>{text}</reaction>" for text in ("a", WAVE, WAVE, "👋👋", "&#x202e;", "", f"{TURTLE}\n", "x" * 9999)
    )
    element = parse_element(f"<message><reactions id='a' xmlns='urn:xmpp:reactions:0'>{inner}</reactions></message>")
    assert reaction_of(element, "") == Reaction("a", (WAVE, TURTLE))


# -- what goes ----------------------------------------------------------------------------------------------------


def sent(key: str, *emojis: str, id_: str = "744f6e18-a57a-11e9-a656-4889e7820c76") -> str:
    inner = "".join(f"<reaction>{emoji}</reaction>" for emoji in emojis)
    return canonical(
        f"<message type='chat' id='{key}' to='romeo@montague.example'>"
        f"<reactions xmlns='urn:xmpp:reactions:0' id='{id_}'>{inner}</reactions><store xmlns='urn:xmpp:hints'/>"
        f"<origin-id xmlns='urn:xmpp:sid:0' id='{key}'/></message>"
    )


async def test_x_444_ours_goes_out_whole_with_the_hint_to_keep_it() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.hears(HELLO)
        (hello,) = said(scene)
        keys = iter(("id4", "id5", "id6"))
        for emojis in ((WAVE,), (WAVE, TURTLE), ()):
            assert await scene.does(React(ACCOUNT, ROMEO, hello.key, emojis)) == [sent(next(keys), *emojis)]
            assert ours(scene) == emojis
        assert await scene.does(React(ACCOUNT, ROMEO, hello.key, ())) == []


async def test_x_444_the_origin_id_is_named_where_there_is_one() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.hears(HELLO.replace("</message>", "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>"))
        (hello,) = said(scene)
        assert await scene.does(React(ACCOUNT, ROMEO, hello.key, (WAVE,))) == [sent("id4", WAVE, id_="o1")]


async def test_what_is_chosen_offline_goes_out_once_as_it_was_last_and_is_shown_meanwhile() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.hears(HELLO)
        (hello,) = said(scene)
        await scene.does(Disconnect(ACCOUNT))
        scene.server.heard()
        await scene.does(React(ACCOUNT, ROMEO, hello.key, (WAVE,)))
        await scene.does(React(ACCOUNT, ROMEO, hello.key, (TURTLE,)))
        assert said(scene)[0].reactions[0].delivery is Delivery.QUEUED
        assert ours(scene) == (TURTLE,)
        heard = await scene.does(ProvidePassword(ACCOUNT, PASSWORD))
        assert [one.count(TURTLE) - one.count(WAVE) for one in heard if "<reactions" in one] == [1]
        assert said(scene)[0].reactions[0].delivery is Delivery.SENT


async def test_x_444_example_10_what_is_refused_is_as_before_and_the_log_says_why() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.hears(HELLO)
        (hello,) = said(scene)
        await scene.does(React(ACCOUNT, ROMEO, hello.key, (WAVE,)))
        await scene.does(React(ACCOUNT, ROMEO, hello.key, (WAVE, TURTLE)))
        await scene.hears(
            "<message from='romeo@montague.example' to='juliet@capulet.example' type='error' id='id5'>"
            "<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
            "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Only hearts are allowed.</text></error></message>"
        )
        assert ours(scene) == (WAVE,)
        assert scene.log[-1] == (
            "romeo@montague.example does not accept this as it is (not-acceptable). "
            "Your reaction 👋 🐢 was not delivered. It says: “Only hearts are allowed.”"
        )


async def test_s_04_nobody_else_refuses_a_reaction() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.hears(HELLO)
        await scene.does(React(ACCOUNT, ROMEO, said(scene)[0].key, (WAVE,)))
        await scene.hears(
            "<message from='tybalt@capulet.example' type='error' id='id4'><error type='cancel'>"
            "<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
        assert ours(scene) == (WAVE,)


async def test_what_cannot_be_reacted_to_says_so() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.hears(f"<message {FROM}><body>No id</body></message>")
        (message,) = said(scene)
        assert await scene.fails(React(ACCOUNT, ROMEO, message.key, (WAVE,))) == (
            "This message came without an id, so that no reaction could name it."
        )
        assert await scene.fails(React(ACCOUNT, ROMEO, "gone", (WAVE,))) == (
            "This message is no longer here to react to."
        )


async def test_a_reaction_survives_the_end_of_the_program_and_goes_out_in_the_next_run(tmp_path: Path) -> None:
    async with online(archive=Archive.open(tmp_path / "a.sqlite")) as scene:
        await scene.hears(HELLO)
        key = said(scene)[0].key
        await scene.does(Disconnect(ACCOUNT))
        await scene.does(React(ACCOUNT, ROMEO, key, (WAVE,)))
    async with engine_of(ScriptedServer(), archive=Archive.open(tmp_path / "a.sqlite")) as scene:
        heard = await scene.does(ProvidePassword(ACCOUNT, PASSWORD))
        assert [one.count(WAVE) for one in heard if "<reactions" in one] == [1]
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert ours(scene) == (WAVE,)
        assert said(scene)[0].reactions[0].delivery is Delivery.SENT


# -- what a peer takes --------------------------------------------------------------------------------------------

# XEP-0444 §2.2, example 3.
RESTRICTED = """
<query xmlns='http://jabber.org/protocol/disco#info'>
  <feature var='urn:xmpp:reactions:0'/>
  <x xmlns='jabber:x:data' type='result'>
    <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:reactions:0:restrictions</value></field>
    <field var='max_reactions_per_user'><value>1</value></field>
    <field var='allowlist'><value>💘</value><value>❤️</value><value>💜</value></field>
  </x>
</query>"""
HERE = "<presence from='romeo@montague.example/orchard'><c xmlns='http://jabber.org/protocol/caps' {}/></presence>"


class Gateway(ScriptedServer):
    """Answers for Romeo too, who is written to through another network."""

    def _take(self, transport: Transport, element: Element, stanza: object) -> None:
        super()._take(transport, element, stanza)
        if isinstance(stanza, Iq) and stanza.to is not None and stanza.to.bare == ROMEO:
            transport.write(f"<iq type='result' id='{stanza.id}' from='{stanza.to}'>{RESTRICTED}</iq>".encode())


async def test_x_444_2_2_example_3_what_a_device_takes_is_read_of_it() -> None:
    async with online(Gateway(), archive=Archive.in_memory()) as scene:
        await scene.hears(HELLO)
        assert await scene.does(ReadReactionRules(ACCOUNT, ROMEO)) == [], "nobody is there"
        assert scene.client.views.conversation(ACCOUNT, ROMEO).reaction_rules == ReactionRules()
        await scene.hears(HERE.format("hash='sha-1' node='n' ver='v'"))
        await scene.does(ReadReactionRules(ACCOUNT, ROMEO))
        rules = scene.client.views.conversation(ACCOUNT, ROMEO).reaction_rules
        assert (set(rules.allowed or ()), rules.most) == ({"💘", "❤️", "💜"}, 1)


@pytest.mark.parametrize(
    ("told", "rules"),
    [
        ([["urn:xmpp:reactions:0"]], ReactionRules()),
        ([[f"{MOST} 3"], [f"{MOST} 2", f"{MOST} none"]], ReactionRules(most=2)),
        ([[f"{MOST} -1"]], ReactionRules()),
        ([[f"{MOST} ²"]], ReactionRules()),
        ([[f"{ALLOWED} ❤", f"{ALLOWED} 👍"], [f"{ALLOWED} ❤️"]], ReactionRules(("❤️",))),
        ([[f"{ALLOWED} hats"]], ReactionRules(())),
    ],
)
def test_x_444_2_2_the_rules_of_all_devices_hold(told: list[list[str]], rules: ReactionRules) -> None:
    assert rules_of(told) == rules
