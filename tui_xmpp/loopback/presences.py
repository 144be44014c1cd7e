"""Presence through the server: broadcast, directed, probed, and the subscriptions behind it (RFC 6121 §3, §4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_xmpp.jid import JID, BareJID, FullJID
from tui_xmpp.loopback import subscriptions
from tui_xmpp.loopback.payloads import Delay
from tui_xmpp.loopback.roster import Contact
from tui_xmpp.loopback.session import Account, Session
from tui_xmpp.loopback.subscriptions import Effect, Subscription
from tui_xmpp.xmpp.stanza import Presence, PresenceType
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

if TYPE_CHECKING:
    from tui_xmpp.loopback.realm import Realm

_COMING_AND_GOING = (PresenceType.AVAILABLE, PresenceType.UNAVAILABLE)


def sent(realm: Realm, account: Account, session: Session, presence: Presence) -> None:
    """Handle what a resource sends; clients do not probe, and unknown types mean nothing."""
    if presence.type in subscriptions.SUBSCRIPTION_TYPES:
        if presence.to is not None and presence.to.bare != account.jid:
            subscription_sent(realm, account, replace(presence, to=presence.to.bare))
    elif presence.type in _COMING_AND_GOING:
        if presence.to is None:
            broadcast(realm, account, session, presence)
        else:
            if presence.type is PresenceType.AVAILABLE:
                session.directed.add(presence.to)
            else:
                session.directed.discard(presence.to)
            realm.route(presence)
    elif presence.type is PresenceType.ERROR and presence.to is not None:
        realm.route(presence)


def arrived(realm: Realm, account: Account | None, presence: Presence) -> None:
    """Deliver presence that somebody addressed to one of our domains."""
    if presence.type in subscriptions.SUBSCRIPTION_TYPES:
        _subscription_arrived(realm, account, presence)
    elif account is None or presence.to is None:
        return
    elif isinstance(presence.to, FullJID):
        session = account.sessions.get(presence.to.resource)
        if session is not None:
            realm.hand_over(session, presence)
    elif presence.type in _COMING_AND_GOING:
        for session in account.available():
            realm.hand_over(session, presence)


# --- coming and going ---


def broadcast(realm: Realm, account: Account, session: Session, presence: Presence) -> None:
    """Tell those who may see ``account`` what one resource is doing (RFC 6121 §4.2.2, §4.4.2, §4.5.2)."""
    before = session.presence
    is_available = presence.type is PresenceType.AVAILABLE
    session.presence = presence if is_available else None
    if is_available or before is not None:
        for contact in account.roster:
            if contact.state.is_seen_by_contact and not account.blocks(contact.jid):
                _tell_subscriber(realm, contact.jid, presence)
        for own in account.available():
            realm.hand_over(own, replace(presence, to=account.jid))
    if not is_available:
        for target in sorted(session.directed):
            if not account.roster[target.bare].state.is_seen_by_contact and target.domain in realm.domains:
                realm.route(replace(presence, to=target))
        session.directed.clear()
        if before is not None:
            delay = Delay(realm.clock.now(), session.jid)
            account.last_unavailable = replace(presence, id=None).with_payloads(delay)
        return
    if before is None:
        _probe(realm, account, session)
        for request in tuple(account.requests.values()):
            realm.hand_over(session, request)
    if session.priority >= 0 and account.waiting:
        waiting, account.waiting = account.waiting, []
        for message in waiting:
            realm.hand_over(session, message)


def _tell_subscriber(realm: Realm, subscriber: BareJID, presence: Presence) -> None:
    account = realm.accounts.get(subscriber)
    if account is None or presence.from_ is None or account.blocks(presence.from_):
        return
    if account.roster[presence.from_.bare].state.sees_contact:
        for session in account.available():
            realm.hand_over(session, replace(presence, to=subscriber))


def _probe(realm: Realm, account: Account, session: Session) -> None:
    """Ask for the presence of everyone the user sees and answer at once (RFC 6121 §4.3)."""
    for contact in account.roster:
        if not contact.state.sees_contact or contact.jid.domain not in realm.domains or account.blocks(contact.jid):
            continue
        seen = realm.accounts.get(contact.jid)
        if seen is None or not seen.roster[account.jid].state.is_seen_by_contact:
            withdrawn = Presence(account.jid, contact.jid, realm.new_id(), type=PresenceType.UNSUBSCRIBED)
            realm.later(lambda withdrawn=withdrawn: realm.route(withdrawn))  # type: ignore[misc]
        elif not seen.blocks(account.jid):
            here = [one.presence for one in seen.available() if one.presence is not None]
            last = here or ([seen.last_unavailable] if seen.last_unavailable is not None else [])
            for presence in last:
                realm.hand_over(session, replace(presence, to=session.jid))


def reveal(realm: Realm, account: Account, peer: JID) -> None:
    """Send ``peer`` the present state of every available resource."""
    for session in account.available():
        if session.presence is not None and peer.domain in realm.domains:
            realm.route(replace(session.presence, to=peer.bare))


def hide(realm: Realm, account: Account, peer: JID) -> None:
    """Tell ``peer`` that every resource is gone, as far as it may know."""
    for session in account.available():
        if peer.domain in realm.domains:
            realm.route(Presence(peer.bare, session.jid, type=PresenceType.UNAVAILABLE))


# --- subscriptions ---


def subscription_sent(realm: Realm, account: Account, presence: Presence) -> None:
    """Handle a subscription stanza of one of our users (RFC 6121 §3.1.2, §3.2.2, §3.3.2, §3.4.2)."""
    assert isinstance(presence.to, BareJID)  # noqa: S101
    peer, kind = presence.to, presence.type
    before = account.roster[peer]
    step = subscriptions.sent(kind, before.state)
    is_approved = step.effect is Effect.APPROVE or (before.is_approved and kind is not PresenceType.UNSUBSCRIBED)
    if not step.state.is_asked:
        account.requests.pop(peer, None)
    if step.effect is Effect.PASS:
        # The contact's server answers in a later turn, so the push below comes first.
        routed = replace(presence, from_=account.jid, id=presence.id or realm.new_id())
        asker = presence.from_
        realm.later(lambda: _route_subscription(realm, account, routed, asker, before.state, step.state))
    realm.keep(
        account,
        replace(
            before,
            state=step.state,
            is_approved=is_approved,
            is_listed=before.is_listed or is_approved or not _is_hidden(step.state),
        ),
    )


def remove_contact(realm: Realm, account: Account, contact: Contact) -> None:
    """Take a contact out of the roster and end what ties both together (RFC 6121 §2.5.2)."""
    realm.keep(account, Contact(contact.jid))
    account.requests.pop(contact.jid, None)
    state = contact.state
    for kind, is_due in (
        (PresenceType.UNSUBSCRIBE, state.sees_contact or state.is_asking),
        (PresenceType.UNSUBSCRIBED, state.is_seen_by_contact or state.is_asked),
    ):
        if is_due:
            after = subscriptions.sent(kind, state).state
            stanza = Presence(contact.jid, account.jid, realm.new_id(), type=kind)
            _route_subscription(realm, account, stanza, None, state, after)
            state = after


def _is_hidden(state: Subscription) -> bool:
    return state in (Subscription.NONE, Subscription.NONE_PENDING_IN)


def _route_subscription(
    realm: Realm, account: Account, presence: Presence, asker: JID | None, before: Subscription, after: Subscription
) -> None:
    peer = presence.to
    assert peer is not None  # noqa: S101
    if peer.domain not in realm.domains:
        if asker is not None:
            unreachable = f"{peer.domain} cannot be reached from here."
            realm.refuse(replace(presence, from_=asker), ErrorCondition.REMOTE_SERVER_NOT_FOUND, unreachable)
        return
    realm.route(presence)
    _follow(realm, account, peer, before, after)


def _follow(realm: Realm, account: Account, peer: JID, before: Subscription, after: Subscription) -> None:
    """Show or hide the user's presence as the contact gained or lost the right to it."""
    if after.is_seen_by_contact and not before.is_seen_by_contact:
        reveal(realm, account, peer)
    elif before.is_seen_by_contact and not after.is_seen_by_contact:
        hide(realm, account, peer)


def _subscription_arrived(realm: Realm, account: Account | None, presence: Presence) -> None:
    """Handle a subscription stanza for one of our users (RFC 6121 §3.1.3, §3.1.6, §3.2.3, §3.3.3)."""
    peer = presence.from_
    if peer is None or presence.to is None:
        return
    peer = peer.bare
    kind = presence.type
    if account is None:
        if kind is PresenceType.SUBSCRIBE:
            realm.route(Presence(peer, presence.to.bare, realm.new_id(), type=PresenceType.UNSUBSCRIBED))
        return
    before = account.roster[peer]
    step = subscriptions.received(kind, before.state, is_approved=before.is_approved)
    if step.effect is Effect.PASS:
        asks = kind is PresenceType.SUBSCRIBE
        for session in tuple(account.sessions.values()):
            if session.presence is not None if asks else session.is_interested:
                realm.hand_over(session, presence)
        if asks:
            account.requests[peer] = presence
    if not step.state.is_asked:
        account.requests.pop(peer, None)
    realm.keep(
        account,
        replace(before, state=step.state, is_listed=before.is_listed or not _is_hidden(step.state)),
    )
    if step.effect is Effect.ANSWER:
        realm.route(Presence(peer, account.jid, realm.new_id(), type=PresenceType.SUBSCRIBED))
        reveal(realm, account, peer)
    else:
        _follow(realm, account, peer, before.state, step.state)
