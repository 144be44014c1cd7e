"""Stream management, receipts and the instant login between this program and real servers."""

from __future__ import annotations

import time
from dataclasses import replace

from tests.support.account import User, logged_in, settings_of, started
from tests.support.proxy import Proxy
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import (
    AddContact,
    ApproveSubscription,
    MarkRead,
    NotifyTyping,
    OpenConversation,
    SendMessage,
)
from tui_xmpp.core.model import ChatState, Delivery, Show
from tui_xmpp.jid import BareJID


def state(user: User, peer: BareJID) -> Delivery | None:
    messages = [m for m in user.messages(peer) if m.is_outgoing]
    return messages[-1].delivery if messages else None


async def befriend(one: User, other: User) -> None:
    """Let both see each other."""
    await one.does(AddContact(one.account, other.account))
    await other.until(lambda _: other.request(one.account))
    await other.does(ApproveSubscription(other.account, one.account, is_asking_back=True))
    await one.until(lambda _: one.request(other.account))
    await one.does(ApproveSubscription(one.account, other.account))
    for each, peer in ((one, other.account), (other, one.account)):
        await each.until(lambda _: (view := each.contact(peer)) and view.show is Show.ONLINE)  # noqa: B023


async def test_a_message_climbs_the_ladder_up_to_displayed_and_writing_is_seen(server: XmppServer) -> None:
    async with logged_in(server) as jane, logged_in(server) as lizzy:
        await befriend(jane, lizzy)
        await jane.does(OpenConversation(jane.account, lizzy.account))
        await lizzy.does(OpenConversation(lizzy.account, jane.account))
        await jane.does(NotifyTyping(jane.account, lizzy.account, is_typing=True))
        view = lizzy.views.conversation
        await lizzy.until(lambda _: view(lizzy.account, jane.account).chat_state is ChatState.COMPOSING)
        await jane.does(SendMessage(jane.account, lizzy.account, "Netherfield Park is let at last"))
        await jane.until(lambda _: state(jane, lizzy.account) is Delivery.DELIVERED)
        assert view(lizzy.account, jane.account).chat_state is ChatState.ACTIVE
        await lizzy.does(MarkRead(lizzy.account, jane.account))
        await jane.until(lambda _: state(jane, lizzy.account) is Delivery.DISPLAYED)


async def test_x_198_04_a_cut_is_over_at_once_and_nobody_is_seen_to_leave(server: XmppServer) -> None:
    janes = server.user("jane")
    async with Proxy(server.starttls_port) as proxy:
        settings = replace(settings_of(server, janes), port=proxy.port)
        async with started(settings, janes.password) as jane, logged_in(server) as lizzy:
            await jane.online()
            await befriend(jane, lizzy)
            jid = jane.connection.facts.jid
            began = time.monotonic()
            await proxy.cut()
            await jane.until(lambda _: jane.connection.facts.is_resumed)
            print(f"back after {time.monotonic() - began:.3f} s")
            assert time.monotonic() - began < 10
            assert jane.connection.facts.jid == jid
            seen = jane.contact(lizzy.account)
            assert seen is not None
            assert seen.show is Show.ONLINE
            await jane.does(SendMessage(jane.account, lizzy.account, "still here"))
            await lizzy.hears(jane.account, "still here")
