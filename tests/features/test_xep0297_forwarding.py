"""XEP-0297: a stanza in a stanza is nothing live, whoever sends it, unless a specification says what it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.engine import ACCOUNT, online
from tui_xmpp.features.xep0297_forwarding import Forwarded
from tui_xmpp.jid import BareJID
from tui_xmpp.xmpp.element import parse_element
from tui_xmpp.xmpp.payload import decode

# Example 2 of the specification, but for the addresses.
FORWARDED = (
    "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>"
    "<message from='juliet@capulet.lit/orchard' id='0202197' to='romeo@montague.lit' type='chat'"
    " xmlns='jabber:client'><body>Yet I should kill thee with much cherishing.</body>"
    "<mood xmlns='http://jabber.org/protocol/mood'><amorous/></mood></message></forwarded>"
)


def test_x_297_example_2_holds_a_message_and_when_it_was_said() -> None:
    forwarded = decode(Forwarded, parse_element(FORWARDED))
    assert forwarded.stamp == datetime(2010, 7, 10, 23, 8, 25, tzinfo=UTC)
    message = forwarded.message()
    assert message is not None
    assert (message.id, message.body()) == ("0202197", "Yet I should kill thee with much cherishing.")


@pytest.mark.parametrize("sender", ["", f" from='{ACCOUNT}'", " from='benvolio@montague.lit/pda'"])
async def test_x_297_a_bare_forward_is_not_a_message_of_whom_it_names(sender: str) -> None:
    async with online() as scene:
        envelope = f"<message{sender} to='{ACCOUNT}' type='chat' id='28gs'>{{}}</message>"
        assert await scene.hears(envelope.format(FORWARDED)) == []
        assert scene.client.views.conversations() == ()
        await scene.hears(envelope.format(f"<body>A most courteous exposition!</body>{FORWARDED}"))
        said = scene.client.views.conversation(ACCOUNT, BareJID.parse("juliet@capulet.lit")).messages
        assert said == (), "only what is said beside it"
        ((_, peer),) = scene.client.views.conversations()
        assert peer in (ACCOUNT, BareJID.parse("benvolio@montague.lit"))


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<presence xmlns='jabber:client'/>",
        "<message xmlns='jabber:server'/>",
        "<message xmlns='jabber:client'/>" * 2,
        "<message xmlns='jabber:client' from='@@'/>",
    ],
)
def test_x_297_anything_but_one_message_is_none(inner: str) -> None:
    forwarded = decode(Forwarded, parse_element(f"<forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded>"))
    assert forwarded.message() is None
    assert forwarded.stamp is None
