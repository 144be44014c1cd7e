"""XEP-0163 in the small: what an account keeps in nodes of its own, and the news of them for its other devices.

Every node is for the account alone: nobody else is answered or told, whatever their subscription.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.loopback.payloads import (
    Caps,
    DiscoInfo,
    EventItem,
    EventItems,
    NodeItem,
    NodeItems,
    PreconditionNotMet,
    Publish,
    PublishOptions,
    PubSub,
    PubSubEvent,
)
from tui_xmpp.loopback.session import Account, Session
from tui_xmpp.xmpp.payload import PayloadError
from tui_xmpp.xmpp.stanza import Iq, IqType, Message, MessageType, Presence
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

if TYPE_CHECKING:
    from tui_xmpp.loopback.realm import Realm

MOST_ITEMS: Final = 1000
"""Items a node keeps; of more, those published first go."""
_MOST_NODES: Final = 50
_ACCESS: Final = "pubsub#access_model"
_ONLY_OURS: Final = "whitelist"


class NodeError(TuiXmppError):
    """What is asked of a node cannot be done."""

    def __init__(self, condition: ErrorCondition, sentence: str, application: object | None = None) -> None:
        super().__init__(sentence)
        self.condition = condition
        self.application = application


def answer(realm: Realm, account: Account, request: PubSub) -> PubSub | None:
    """Publish or give out items; raise :class:`NodeError`."""
    if request.publish is not None:
        return _published(realm, account, request.publish, request.options)
    if request.items is not None:
        return PubSub(items=_items(account, request.items))
    raise NodeError(ErrorCondition.FEATURE_NOT_IMPLEMENTED, "This server only publishes and gives out items.")


def _published(realm: Realm, account: Account, publish: Publish, options: PublishOptions | None) -> PubSub:
    if options is not None and _ONLY_OURS not in _values(options, _ACCESS, (_ONLY_OURS,)):
        what = "Every node here is for the account alone."
        raise NodeError(ErrorCondition.CONFLICT, what, PreconditionNotMet())
    if len(publish.items) != 1:
        raise NodeError(ErrorCondition.BAD_REQUEST, "Publish one item at a time.")
    if publish.node not in account.nodes and len(account.nodes) == _MOST_NODES:
        raise NodeError(ErrorCondition.RESOURCE_CONSTRAINT, "There are too many nodes.")
    id_ = publish_item(realm, account, publish.node, publish.items[0])
    return PubSub(publish=Publish(publish.node, (NodeItem(id_),)))


def publish_item(realm: Realm, account: Account, name: str, item: NodeItem) -> str:
    """Put an item into a node and tell the devices that want to know; return its id, made where it has none."""
    id_ = item.id or realm.new_id()
    node = account.nodes.setdefault(name, {})
    node.pop(id_, None)
    node[id_] = NodeItem(id_, item.parts)
    if len(node) > MOST_ITEMS:
        del node[next(iter(node))]
    news = PubSubEvent(EventItems(name, (EventItem(id_, item.parts),)))
    for session in account.available():
        if f"{name}+notify" in session.interests:
            told = Message(session.jid, account.jid, realm.new_id(), type=MessageType.HEADLINE)
            realm.hand_over(session, told.with_payloads(news))
    return id_


def _values(options: PublishOptions, var: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    return next((field.values for field in options.form.fields if field.var == var), otherwise)


def _items(account: Account, wanted: NodeItems) -> NodeItems:
    node = account.nodes.get(wanted.node)
    if node is None:
        raise NodeError(ErrorCondition.ITEM_NOT_FOUND, "There is no such node.")
    named = {item.id for item in wanted.items}
    return NodeItems(wanted.node, tuple(item for item in node.values() if not named or item.id in named))


# --- who wants to be told (XEP-0163 §4.3.2: what its capabilities say, asked once) ---


def take_presence(realm: Realm, account: Account, session: Session, presence: Presence) -> None:
    """Ask a resource whose capabilities are not known what it wants to be told of."""
    try:
        caps = presence.payload(Caps)
    except PayloadError:
        return
    if caps is None or caps.ver == session.caps:
        return
    session.caps, session.asked = caps.ver, realm.new_id()
    question = Iq(session.jid, account.jid, session.asked, type=IqType.GET)
    realm.hand_over(session, question.with_payloads(DiscoInfo(f"{caps.node}#{caps.ver}")))


def take_result(session: Session, iq: Iq) -> None:
    """Take a resource's answer to that."""
    if iq.id is None or iq.id != session.asked:
        return
    session.asked = None
    try:
        info = iq.payload(DiscoInfo)
    except PayloadError:
        return
    if info is not None:
        session.interests = frozenset(feature.var for feature in info.features)
