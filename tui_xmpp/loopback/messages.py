"""Where a message goes: RFC 6121 §8.5, table 1, and the store for those who are away (XEP-0160)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.loopback import archives
from tui_xmpp.loopback.payloads import Delay
from tui_xmpp.loopback.session import Account
from tui_xmpp.xmpp.stanza import Message, MessageType
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

if TYPE_CHECKING:
    from tui_xmpp.loopback.realm import Realm

_NOBODY = "There is no such account here."
_NOT_CONNECTED = "This client is not connected."


def arrived(realm: Realm, account: Account | None, message: Message) -> None:
    """Deliver, store, refuse or drop a message for one of our domains."""
    kind = message.type
    if account is None:
        realm.refuse(message, ErrorCondition.SERVICE_UNAVAILABLE, _NOBODY)  # §8.5.1
        return
    if realm.keeps_archives and message.from_ is not None:
        message = archives.keep(realm, account, message.from_, message)
    if isinstance(message.to, FullJID):
        session = account.sessions.get(message.to.resource)
        if session is not None:  # §8.5.3.1
            realm.hand_over(session, message)
            archives.copy_received(realm, account, message, [session])
            return
        if kind in (MessageType.HEADLINE, MessageType.ERROR):  # §8.5.3.2.1
            return
        if kind is not MessageType.CHAT:
            realm.refuse(message, ErrorCondition.SERVICE_UNAVAILABLE, _NOT_CONNECTED)
            return
    if kind is MessageType.ERROR:  # §8.5.2
        return
    if kind is MessageType.GROUPCHAT:
        realm.refuse(message, ErrorCondition.SERVICE_UNAVAILABLE, "A person is no room.")
        return
    reachable = account.reachable()
    if kind is MessageType.HEADLINE:
        for session in reachable:
            realm.hand_over(session, message)
    elif reachable:
        chosen = [session for session in reachable if session.priority == reachable[0].priority]
        for session in chosen:
            realm.hand_over(session, message)
        archives.copy_received(realm, account, message, chosen)
    elif message.body() is not None or message.subject() is not None:
        delay = Delay(realm.clock.now(), BareJID(None, account.jid.domain), "Offline storage")
        account.waiting.append(message.with_payloads(delay))
