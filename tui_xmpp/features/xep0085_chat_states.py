"""XEP-0085: who is writing just now."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import field

from tui_xmpp.core.commands import NotifyTyping
from tui_xmpp.core.events import ChatStateChanged
from tui_xmpp.core.model import ChatState
from tui_xmpp.core.settings import PrivacySettings
from tui_xmpp.features.feature import (
    Arrival,
    Context,
    Feature,
    MessageDecorator,
    NotConnectedError,
    RequestError,
    carries_out,
    derives_from_messages,
)
from tui_xmpp.features.rfc6121_messages import is_fresh
from tui_xmpp.features.xep0115_caps import Known, capabilities
from tui_xmpp.features.xep0184_receipts import is_for_a_contact, sees_us
from tui_xmpp.features.xep0334_hints import NoStore
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.element import build
from tui_xmpp.xmpp.payload import PayloadError, tag_of
from tui_xmpp.xmpp.stanza import Body, Message, MessageType

CHAT_STATES = "http://jabber.org/protocol/chatstates"

PAUSE = 5.0
"""Seconds without a key after which the writer pauses."""

_BODY = tag_of(Body)
_STATES = {f"{{{CHAT_STATES}}}{state.value}": state for state in ChatState}


@dataclass(slots=True)
class Typing:
    """To whom the user is writing now, and what they were last told."""

    peer: BareJID | None = None
    told: ChatState = ChatState.ACTIVE
    timer: asyncio.TimerHandle | None = None
    latest: NotifyTyping | None = None
    """What the user did last, unless a message has gone out since."""

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer = None


@dataclass(slots=True)
class Support:
    """Which contacts want states and which answered without one, and which of their devices were asked.

    Until one is known to want them nobody is told more than a message says (XEP-0085 §5.1). Who once sent a state or
    whose device says that it knows them wants them: Profanity leaves them out after a receipt that brings none.
    """

    wanted: dict[BareJID, bool] = field(default_factory=dict)
    asked: set[FullJID] = field(default_factory=set)


async def is_wanted(ctx: Context, peer: BareJID) -> bool:
    """Tell whether a contact is known to want states: by what they sent, else by what their devices say they do."""
    support = ctx.state(Support)
    if not support.wanted.get(peer):
        devices = {device for device in ctx.state(Known).claims if device.bare == peer} - support.asked
        for device in devices:
            support.asked.add(device)
            with suppress(NotConnectedError, RequestError, PayloadError):
                if CHAT_STATES in await capabilities(ctx, device):
                    support.wanted[peer] = True
    return support.wanted.get(peer, False)


async def notify(ctx: Context, command: NotifyTyping) -> None:
    typing = ctx.state(Typing)
    typing.stop()
    typing.latest = command
    if typing.peer is not None and typing.peer != command.peer:
        _tell(ctx, typing.peer, ChatState.ACTIVE)
        typing.told = ChatState.ACTIVE
    typing.peer = command.peer
    if not ctx.has_room or not sees_us(ctx, command.peer):
        return
    if not await is_wanted(ctx, command.peer) or typing.latest is not command:
        return
    _tell(ctx, command.peer, ChatState.COMPOSING if command.is_typing else ChatState.ACTIVE)
    if command.is_typing:
        # The one timer there is, and only while someone types.
        typing.timer = asyncio.get_running_loop().call_later(PAUSE, _tell, ctx, command.peer, ChatState.PAUSED)


def _tell(ctx: Context, peer: BareJID, state: ChatState) -> None:
    typing = ctx.state(Typing)
    if state is typing.told or not ctx.has_room or not sees_us(ctx, peer):
        return
    typing.told = state
    with suppress(NotConnectedError):
        ctx.send(_say(Message(to=peer, type=MessageType.CHAT), state).with_payloads(NoStore()))


def _say(message: Message, state: ChatState) -> Message:
    return message.with_payloads(build(CHAT_STATES, state.value))


def decorate(ctx: Context, message: Message) -> Message:
    """Let what is sent end the writing of it, and show that states are wanted here unless they are not there."""
    if not is_for_a_contact(ctx, message) or message.to is None or not sees_us(ctx, message.to.bare):
        return message
    typing = ctx.state(Typing)
    if typing.peer == message.to.bare:
        typing.stop()
        typing.told, typing.latest = ChatState.ACTIVE, None
    return _say(message, ChatState.ACTIVE) if ctx.state(Support).wanted.get(message.to.bare, True) else message


def take(ctx: Context, arrival: Arrival[Message]) -> None:
    sender = arrival.stanza.from_
    if sender is None:
        return
    state = next((_STATES[tag] for tag in arrival.parts if tag in _STATES), None)
    if sees_us(ctx, sender.bare):
        wanted = ctx.state(Support).wanted
        if state is not None:
            wanted[sender.bare] = True
        elif _BODY in arrival.parts:
            wanted.setdefault(sender.bare, False)
    if state is not None and is_fresh(ctx, arrival):
        ctx.emit(ChatStateChanged(ctx.account, sender.bare, state))


def _is_enabled(privacy: PrivacySettings) -> bool:
    return privacy.sends_typing


FEATURE = Feature(
    spec="XEP-0085",
    title="Chat State Notifications",
    version="2.1",
    disco=(CHAT_STATES,),
    inbound=(derives_from_messages(MessageType.CHAT, handler=take),),
    outbound=(MessageDecorator(decorate),),
    commands=(carries_out(NotifyTyping, notify, works_offline=True),),
    is_enabled=_is_enabled,
)
