"""What the server itself answers: rosters, blocking, discovery, ping, version, time (RFC 6120 §8.2.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from tui_xmpp import __version__
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import JID, BareJID, FullJID, JIDError
from tui_xmpp.loopback import archives, pep, presences
from tui_xmpp.loopback.payloads import (
    BLOCKING,
    CARBONS,
    DISCO_INFO,
    DISCO_ITEMS,
    MAM,
    PING,
    PUBLISH_OPTIONS,
    PUBSUB,
    STANZA_IDS,
    TIME,
    VERSION,
    ArchiveQuery,
    Block,
    BlockedItem,
    BlockList,
    CopiesOff,
    CopiesOn,
    DiscoFeature,
    DiscoInfo,
    DiscoItems,
    EntityTime,
    Identity,
    Ping,
    PubSub,
    RosterQuery,
    Unblock,
    Version,
)
from tui_xmpp.loopback.roster import RosterError
from tui_xmpp.loopback.session import Account, Session
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import qualified
from tui_xmpp.xmpp.payload import PayloadError, tag_of
from tui_xmpp.xmpp.stanza import Iq, IqType
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

if TYPE_CHECKING:
    from tui_xmpp.loopback.realm import Realm

P = TypeVar("P")


class RefusedError(TuiXmppError):
    """A request is answered with an error of this condition."""

    def __init__(self, condition: ErrorCondition, sentence: str) -> None:
        super().__init__(sentence)
        self.condition = condition


Service: TypeAlias = "Callable[[Realm, Account, Session, Iq], object | None]"


def sent(realm: Realm, account: Account, session: Session, iq: Iq) -> None:
    """Answer what is for the server or the user's own account, carry on the rest."""
    is_own = iq.to is None or iq.to == account.jid
    if not is_own and not (iq.to is not None and iq.to.bare.local is None and iq.to.domain in realm.domains):
        realm.route(iq)
        return
    if iq.type is IqType.RESULT:
        pep.take_result(session, iq)
    if not iq.is_request or iq.child is None:
        return
    service = (_OF_ACCOUNT if is_own else _OF_SERVER).get((iq.type, str(iq.child.tag)))
    if service is None:
        realm.refuse(iq, ErrorCondition.SERVICE_UNAVAILABLE)
        return
    try:
        answer = service(realm, account, session, iq)
    except (RefusedError, RosterError) as refused:
        realm.refuse(iq, refused.condition, str(refused))
    except pep.NodeError as refused:
        realm.refuse(iq, refused.condition, str(refused), refused.application)
    except PayloadError as error:
        realm.refuse(iq, ErrorCondition.BAD_REQUEST, str(error))
    else:
        realm.hand_over(session, iq.result() if answer is None else iq.result(answer))


def arrived(realm: Realm, account: Account | None, iq: Iq) -> None:
    """Deliver an iq to the resource it names, or answer for an account (RFC 6121 §8.5)."""
    sender = iq.from_
    if account is not None and isinstance(iq.to, FullJID):
        session = account.sessions.get(iq.to.resource)
        if session is not None:
            realm.hand_over(session, iq)
            return
    elif account is not None and sender is not None and iq.type is IqType.GET and iq.child is not None:
        asker = realm.session(sender)
        is_friend = account.roster[sender.bare].state.is_seen_by_contact
        if is_friend and asker is not None and iq.child.tag == tag_of(DiscoInfo):
            realm.hand_over(asker, iq.result(_ACCOUNT_INFO))
            return
    is_meddling = account is not None and iq.child is not None and iq.child.tag == tag_of(RosterQuery)
    realm.refuse(iq, ErrorCondition.FORBIDDEN if is_meddling else ErrorCondition.SERVICE_UNAVAILABLE)


def _required(iq: Iq, cls: type[P]) -> P:
    found = iq.payload(cls)
    assert found is not None  # noqa: S101  the service is looked up by its payload's tag
    return found


# --- the roster (RFC 6121 §2) ---


def _get_roster(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    session.is_interested = True
    known = _required(iq, RosterQuery).ver
    missed = None if known is None else account.roster.items_since(known)
    if missed is None:
        return RosterQuery(None if known is None else account.roster.version, account.roster.items())
    for version, item in missed:
        push = RosterQuery(version, (item,))
        realm.later(lambda push=push: realm.push_to(session, push))  # type: ignore[misc]
    return None


def _set_roster(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    item = account.roster.requested(_required(iq, RosterQuery).items)
    if item.subscription == "remove":
        contact = account.roster[item.jid]
        realm.later(lambda: presences.remove_contact(realm, account, contact))
    else:
        realm.keep(account, account.roster.renamed(item))
    return None


# --- blocking (XEP-0191) ---


def _get_block_list(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    session.wants_block_list = True
    return BlockList(tuple(BlockedItem(jid) for jid in account.blocked))


def _block(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    block = _required(iq, Block)
    if not block.items:
        raise RefusedError(ErrorCondition.BAD_REQUEST, "Say whom to block.")
    for jid in (item.jid for item in block.items):
        if jid not in account.blocked:
            for friend in _seers(account, jid):
                presences.hide(realm, account, friend)
            account.blocked.append(jid)
            account.requests.pop(jid.bare, None)
    _push_blocking(realm, account, block)
    return None


def _unblock(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    unblock = _required(iq, Unblock)
    for jid in [item.jid for item in unblock.items] or list(account.blocked):
        if jid in account.blocked:
            account.blocked.remove(jid)
            for friend in _seers(account, jid):
                presences.reveal(realm, account, friend)
    _push_blocking(realm, account, unblock)
    return None


def _seers(account: Account, jid: JID) -> list[JID]:
    """Return the contacts covered by a block list's item that see the user."""
    return [
        contact.jid
        for contact in account.roster
        if contact.state.is_seen_by_contact
        and jid in (contact.jid, contact.jid.bare, BareJID(None, contact.jid.domain))
    ]


def _push_blocking(realm: Realm, account: Account, payload: object) -> None:
    for session in account.sessions.values():
        if session.wants_block_list:
            realm.later(lambda session=session: realm.push_to(session, payload))  # type: ignore[misc]


# --- the archive and copies (XEP-0313, XEP-0280) ---


def _query_archive(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    if not realm.keeps_archives:
        raise RefusedError(ErrorCondition.SERVICE_UNAVAILABLE, "Nothing is archived here.")
    try:
        return archives.answer(realm, account, session, _required(iq, ArchiveQuery))
    except archives.UnknownEntryError as error:
        raise RefusedError(ErrorCondition.ITEM_NOT_FOUND, "The archive has no such entry.") from error
    except JIDError as error:
        raise RefusedError(ErrorCondition.BAD_REQUEST, str(error)) from error


def _copies_on(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    if not realm.keeps_archives:
        raise RefusedError(ErrorCondition.SERVICE_UNAVAILABLE, "Nothing is copied here.")
    session.wants_copies = True
    return None


def _copies_off(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    session.wants_copies = False
    return None


# --- what the account's devices publish for each other (XEP-0163) ---


def _serve_node(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    if not realm.keeps_archives:
        raise RefusedError(ErrorCondition.SERVICE_UNAVAILABLE, "Nothing is published here.")
    return pep.answer(realm, account, _required(iq, PubSub))


# --- what the server says of itself (XEP-0030, XEP-0092, XEP-0199, XEP-0202) ---

_NAME: Final = "tui_xmpp loopback"
_FEATURES: Final = (DISCO_INFO, DISCO_ITEMS, PING, VERSION, TIME, BLOCKING, "msgoffline", "jabber:iq:roster")
_SERVER_INFO: Final = DiscoInfo(
    None, (Identity("server", "im", _NAME),), tuple(DiscoFeature(var) for var in sorted(_FEATURES))
)
_ACCOUNT_INFO: Final = DiscoInfo(
    None, (Identity("account", "registered"),), (DiscoFeature(DISCO_INFO), DiscoFeature(DISCO_ITEMS))
)


def _server_info(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    return _about(iq, _with(_SERVER_INFO, CARBONS) if realm.keeps_archives else _SERVER_INFO)


def _account_info(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    if not realm.keeps_archives:
        return _about(iq, _ACCOUNT_INFO)
    whole = _with(_ACCOUNT_INFO, MAM, STANZA_IDS, PUBLISH_OPTIONS, f"{PUBSUB}#publish", f"{PUBSUB}#persistent-items")
    return _about(iq, replace(whole, identities=(*whole.identities, Identity("pubsub", "pep"))))


def _with(info: DiscoInfo, *features: str) -> DiscoInfo:
    return replace(info, features=(*info.features, *map(DiscoFeature, features)))


def _about(iq: Iq, info: DiscoInfo) -> DiscoInfo:
    if _required(iq, DiscoInfo).node is not None:
        raise RefusedError(ErrorCondition.ITEM_NOT_FOUND, "There is no such node.")
    return info


def _no_items(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    return _required(iq, DiscoItems)


def _pong(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    return None


def _version(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    return Version(_NAME, __version__)


def _time(realm: Realm, account: Account, session: Session, iq: Iq) -> object | None:
    return EntityTime("+00:00", realm.clock.now())


_SESSION: Final = qualified(ns.SESSION, "session")

_OF_ACCOUNT: Final[Mapping[tuple[IqType, str], Service]] = MappingProxyType(
    {
        (IqType.GET, tag_of(RosterQuery)): _get_roster,
        (IqType.SET, tag_of(RosterQuery)): _set_roster,
        (IqType.GET, tag_of(BlockList)): _get_block_list,
        (IqType.SET, tag_of(Block)): _block,
        (IqType.SET, tag_of(Unblock)): _unblock,
        (IqType.GET, tag_of(DiscoInfo)): _account_info,
        (IqType.GET, tag_of(DiscoItems)): _no_items,
        (IqType.GET, tag_of(Ping)): _pong,
        (IqType.SET, tag_of(ArchiveQuery)): _query_archive,
        (IqType.SET, tag_of(CopiesOn)): _copies_on,
        (IqType.SET, tag_of(CopiesOff)): _copies_off,
        (IqType.GET, tag_of(PubSub)): _serve_node,
        (IqType.SET, tag_of(PubSub)): _serve_node,
        (IqType.SET, _SESSION): _pong,
    }
)
_OF_SERVER: Final[Mapping[tuple[IqType, str], Service]] = MappingProxyType(
    {
        (IqType.GET, tag_of(DiscoInfo)): _server_info,
        (IqType.GET, tag_of(DiscoItems)): _no_items,
        (IqType.GET, tag_of(Ping)): _pong,
        (IqType.GET, tag_of(Version)): _version,
        (IqType.GET, tag_of(EntityTime)): _time,
        (IqType.SET, _SESSION): _pong,
    }
)
