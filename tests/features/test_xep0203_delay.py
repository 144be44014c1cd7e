"""XEP-0203: the specification's own examples, and whose stamps are believed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.engine import ACCOUNT, online
from tui_xmpp.jid import BareJID

ROMEO = BareJID.parse("romeo@montague.net")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def test_x_203_example_1_a_message_sent_while_offline_has_the_time_it_was_said() -> None:
    async with online() as scene:
        await scene.hears(
            "<message from='romeo@montague.net/orchard' to='juliet@capulet.example' type='chat'>"
            "<body>O blessed, blessed night! I am afeard.</body>"
            "<delay xmlns='urn:xmpp:delay' from='capulet.example' stamp='2002-09-10T23:08:25Z'>Offline Storage</delay>"
            "</message>"
        )
        (message,) = scene.client.views.conversation(ACCOUNT, ROMEO).messages
        assert message.stamp == datetime(2002, 9, 10, 23, 8, 25, tzinfo=UTC)
        assert message.is_delayed


PRESENCE = (
    "<presence from='romeo@montague.net/orchard' to='juliet@capulet.example'><status>anon!</status><show>xa</show>"
    "<priority>1</priority><delay xmlns='urn:xmpp:delay'{} stamp='2002-09-10T23:41:07Z'/></presence>"
)


@pytest.mark.parametrize(
    ("by", "is_believed"),
    [
        (" from='romeo@montague.net/orchard'", True),
        (" from='romeo@montague.net'", True),
        (" from='capulet.example'", True),
        ("", True),
        (" from='tybalt@capulet.example'", False),
        (" from='montague.net'", False),
        (" from='@@'", False),
    ],
)
async def test_x_203_example_2_a_presence_has_been_so_since_then(by: str, is_believed: bool) -> None:
    async with online() as scene:
        await scene.hears(PRESENCE.format(by))
        (resource,) = scene.client.views.conversation(ACCOUNT, ROMEO).contact.resources
        then = datetime(2002, 9, 10, 23, 41, 7, tzinfo=UTC)
        assert resource.presence.since == (then if is_believed else NOON)


async def test_x_203_the_accounts_own_note_may_be_stamped_by_anybody_who_could_write_it() -> None:
    async with online() as scene:
        await scene.hears(
            "<message type='chat'><body>Note to self</body>"
            "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/></message>"
        )
        (message,) = scene.client.views.conversation(ACCOUNT, ACCOUNT).messages
        assert message.stamp == datetime(2002, 9, 10, 23, 8, 25, tzinfo=UTC)
