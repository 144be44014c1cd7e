"""XEP-0461 and XEP-0428 as transcripts: what a message answers, and what of its body only repeats that."""

from __future__ import annotations

import pytest

from tests.support.engine import ACCOUNT, canonical, online
from tui_xmpp.core.commands import CorrectMessage, SendMessage
from tui_xmpp.core.model import Reply
from tui_xmpp.jid import BareJID, parse_jid
from tui_xmpp.storage.archive import Archive

ANNA = BareJID.parse("anna@example.com")
TABLET = parse_jid("anna@example.com/tablet")
QUOTED = "> Anna wrote:\n> We should bake a cake\n"
FALLBACK = "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='{start}' end='{end}'/></fallback>"
ANSWER = "<reply to='anna@example.com/tablet' id='message-id1' xmlns='urn:xmpp:reply:0'/>"


async def reply_in(xml: str) -> Reply | None:
    async with online() as scene:
        await scene.hears(f"<message from='anna@example.com/tablet' id='m' type='chat'>{xml}</message>")
        (message,) = scene.client.views.conversation(ACCOUNT, ANNA).messages
        return message.reply


async def test_x_461_example_3_a_reply_names_what_it_answers() -> None:
    assert await reply_in(f"<body>Great idea!</body>{ANSWER}") == Reply("message-id1", TABLET)


async def test_x_428_x_461_example_4_the_quotation_that_repeats_it_is_known() -> None:
    quoted = QUOTED.replace(">", "&gt;")
    xml = f"<body>{quoted}Great idea!</body>{ANSWER}{FALLBACK.format(start=0, end=38)}"
    assert await reply_in(xml) == Reply("message-id1", TABLET, 38)


@pytest.mark.parametrize(
    "fallback",
    [
        FALLBACK.format(start=0, end=9999),
        FALLBACK.format(start=0, end=-1),
        FALLBACK.format(start=3, end=5),
        FALLBACK.format(start="x", end=5),
        FALLBACK.format(start=0, end=5).replace("urn:xmpp:reply:0", "urn:xmpp:other"),
    ],
)
async def test_x_428_x_461_01_a_quotation_that_cannot_be_one_is_none(fallback: str) -> None:
    assert await reply_in(f"<body>Great idea!</body>{ANSWER}{fallback}") == Reply("message-id1", TABLET)


async def test_a_reply_to_nothing_is_a_message() -> None:
    assert await reply_in("<body>Great idea!</body><reply xmlns='urn:xmpp:reply:0'/>") is None


async def test_x_461_our_reply_names_the_message_and_marks_the_quotation_also_when_corrected() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        reply = Reply("message-id1", TABLET, len(QUOTED))
        expected = (
            "<message type='chat' id='{id}' to='anna@example.com'><body>{body}</body>"
            "<reply xmlns='urn:xmpp:reply:0' id='message-id1' to='anna@example.com/tablet'/>{rest}"
            "<origin-id xmlns='urn:xmpp:sid:0' id='{id}'/></message>"
        )
        fallback = FALLBACK.format(start=0, end=len(QUOTED))
        body = QUOTED.replace(">", "&gt;")
        assert await scene.does(SendMessage(ACCOUNT, ANNA, f"{QUOTED}Great", reply=reply)) == [
            canonical(expected.format(id="id3", body=f"{body}Great", rest=fallback))
        ]
        replace_ = "<replace xmlns='urn:xmpp:message-correct:0' id='id3'/>"
        assert await scene.does(CorrectMessage(ACCOUNT, ANNA, "id3", f"{QUOTED}Great idea!")) == [
            canonical(expected.format(id="id4", body=f"{body}Great idea!", rest=fallback + replace_))
        ]
        assert await scene.does(CorrectMessage(ACCOUNT, ANNA, "id3", "Great idea!")) == [
            canonical(expected.format(id="id5", body="Great idea!", rest=replace_))
        ]
