"""XEP-0334: what servers are asked to do with messages that say nothing to be read."""

from __future__ import annotations

from tests.features.test_confirmations import ACTIVE, FROM, MARKABLE, REQUEST, ROMEO, server_of
from tests.support.engine import ACCOUNT, online
from tui_xmpp.core.commands import MarkRead, NotifyTyping, SendMessage

STORE, NO_STORE = '<store xmlns="urn:xmpp:hints"/>', '<no-store xmlns="urn:xmpp:hints"/>'


async def test_x_334_confirmations_are_kept_for_who_is_offline_and_writing_is_kept_by_nobody() -> None:
    async with online(server_of()) as scene:
        [receipt] = await scene.hears(
            f"<message type='chat' id='m1' {FROM}><body>O</body>{REQUEST}{MARKABLE}</message>"
        )
        [marker] = await scene.does(MarkRead(ACCOUNT, ROMEO))
        await scene.hears(ACTIVE)
        [writing] = await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=True))
        [message] = await scene.does(SendMessage(ACCOUNT, ROMEO, "O"))
        assert [STORE in sent for sent in (receipt, marker, writing, message)] == [True, True, False, False]
        assert [NO_STORE in sent for sent in (receipt, marker, writing, message)] == [False, False, True, False]
        assert "urn:xmpp:hints" not in message, "what is to be read is kept as the server thinks fit"
