"""XEP-0313 and XEP-0280 in the small: what is said is kept for each account, and copied to its other devices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tui_xmpp.jid import JID
from tui_xmpp.loopback.payloads import (
    ArchiveFin,
    ArchiveQuery,
    ArchiveResult,
    CopyReceived,
    CopySent,
    Delay,
    Forwarded,
    KeepThis,
    PageFirst,
    PageSet,
    StanzaId,
)
from tui_xmpp.loopback.session import Account, Archived, Session
from tui_xmpp.xmpp.inline import ArchiveEnd, ArchiveMetadata, ArchiveStart
from tui_xmpp.xmpp.payload import tag_of
from tui_xmpp.xmpp.stanza import Message, MessageType, stanza_element

if TYPE_CHECKING:
    from tui_xmpp.loopback.realm import Realm

LARGEST_PAGE: Final = 250
MOST_ENTRIES: Final = 30_000
"""Entries an archive keeps; of more, the oldest tenth goes."""
_STANZA_ID: Final = tag_of(StanzaId)
_KEEP_THIS: Final = tag_of(KeepThis)


class UnknownEntryError(LookupError):
    """A page was asked for beside an entry that is not in the archive."""


def is_kept(message: Message) -> bool:
    """Tell whether a message says something that is worth keeping, or says itself that it is."""
    is_worth_it = message.body() is not None or any(part.tag == _KEEP_THIS for part in message.children)
    return message.type in (MessageType.CHAT, MessageType.NORMAL) and is_worth_it


def keep(realm: Realm, account: Account, peer: JID, message: Message) -> Message:
    """Keep a message in an account's archive; return it with its id there, and with no such id of anybody else."""
    children = tuple(part for part in message.children if part.tag != _STANZA_ID or part.get("by") != str(account.jid))
    message = replace(message, children=children)
    if not realm.keeps_archives or not is_kept(message):
        return message
    entry = Archived(realm.new_id(), realm.clock.now(), peer.bare, message)
    if len(account.archive) == MOST_ENTRIES:
        del account.archive[: MOST_ENTRIES // 10]
        account.places = {each.id: place for place, each in enumerate(account.archive)}
    account.places[entry.id] = len(account.archive)
    account.archive.append(entry)
    return message.with_payloads(StanzaId(entry.id, account.jid))


def metadata(account: Account) -> ArchiveMetadata:
    """Return what the archive holds, as Bind 2 tells it."""
    if not account.archive:
        return ArchiveMetadata()
    return ArchiveMetadata(ArchiveStart(account.archive[0].id), ArchiveEnd(account.archive[-1].id))


def answer(realm: Realm, account: Account, session: Session, query: ArchiveQuery) -> ArchiveFin:
    """Send a page of results and return what ends it; raise :class:`UnknownEntryError`."""
    wanted = query.page or PageSet()
    entries = account.archive
    peer = query.peer
    first, last = 0, len(entries)
    if wanted.after:
        first = _place(account, wanted.after) + 1
    if wanted.before:
        last = _place(account, wanted.before)
    there = [place for place in range(first, last) if peer is None or entries[place].peer == peer]
    size = min(LARGEST_PAGE, wanted.max if wanted.max is not None else LARGEST_PAGE)
    chosen = there[-size:] if wanted.before is not None else there[:size]
    if size == 0:
        chosen = []
    for place in chosen:
        realm.hand_over(session, _result(account, session, entries[place], query.queryid))
    count = len(entries) if peer is None else sum(entry.peer == peer for entry in entries)
    if not chosen:
        return ArchiveFin(complete=not there, page=PageSet(count=count))
    first_index = chosen[0] if peer is None else None
    edges = PageSet(first=PageFirst(entries[chosen[0]].id, first_index), last=entries[chosen[-1]].id, count=count)
    return ArchiveFin(complete=len(chosen) == len(there), page=edges)


def _place(account: Account, id_: str) -> int:
    try:
        return account.places[id_]
    except KeyError:
        raise UnknownEntryError(id_) from None


def _result(account: Account, session: Session, entry: Archived, queryid: str | None) -> Message:
    forwarded = Forwarded(Delay(entry.stamp), (stanza_element(entry.message),))
    return Message(to=session.jid, from_=account.jid).with_payloads(ArchiveResult(entry.id, forwarded, queryid))


def copy_received(realm: Realm, account: Account, message: Message, reached: list[Session]) -> None:
    """Copy what came for the account to those of its devices it did not go to."""
    _copy(realm, account, message, reached, CopyReceived(Forwarded(None, (stanza_element(message),))))


def copy_sent(realm: Realm, account: Account, message: Message, sender: Session) -> None:
    """Copy what one device sends to the others."""
    _copy(realm, account, message, [sender], CopySent(Forwarded(None, (stanza_element(message),))))


def _copy(realm: Realm, account: Account, message: Message, without: list[Session], payload: object) -> None:
    if message.type is not MessageType.CHAT:
        return
    for session in tuple(account.sessions.values()):
        if session.wants_copies and session not in without:
            copy = Message(to=session.jid, from_=account.jid, type=message.type)
            realm.hand_over(session, copy.with_payloads(payload))
