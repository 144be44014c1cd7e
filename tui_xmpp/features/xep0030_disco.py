"""XEP-0030: service discovery: what this client is and does, generated from the features; and asking others."""

from __future__ import annotations

from collections.abc import Iterable

from tui_xmpp.features.feature import Context, Feature, RefusedError, answers
from tui_xmpp.features.xep0004_forms import told_in
from tui_xmpp.jid import JID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import attribute, children, payload, rest
from tui_xmpp.xmpp.stanza import Iq, IqType
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
NODE = "https://pypi.org/project/tui-xmpp"
"""Names this software in entity capabilities (XEP-0115 §4)."""
_CAPABILITIES = (f"{NODE}#", "urn:xmpp:caps#")
"""How the nodes begin under which our capabilities are asked for (XEP-0115 §6.2, XEP-0390 §4.4)."""


@payload(INFO, "identity")
class Identity:
    category: str = attribute()
    type: str = attribute()
    name: str = attribute(default="")
    lang: str = attribute(namespace=ns.XML, default="")


@payload(INFO, "feature")
class Var:
    var: str = attribute()


@payload(INFO, "query")
class Info:
    """An answer, or with nothing in it the question. ``forms`` are data forms as they came (XEP-0128)."""

    node: str | None = attribute(default=None)
    identities: tuple[Identity, ...] = children(default=())
    features: tuple[Var, ...] = children(default=())
    forms: tuple[Element, ...] = rest(default=())

    @property
    def vars(self) -> frozenset[str]:
        return frozenset(feature.var for feature in self.features)

    @property
    def told(self) -> frozenset[str]:
        """All that is said: the features and, besides, what stands in forms (XEP-0128)."""
        return self.vars.union(told_in(self.forms))


@payload(ITEMS, "item")
class Entry:
    jid: str = attribute()
    node: str | None = attribute(default=None)
    name: str = attribute(default="")


@payload(ITEMS, "query")
class Items:
    node: str | None = attribute(default=None)
    items: tuple[Entry, ...] = children(default=())


@dataclass(slots=True)
class OwnInfo:
    """The answer to disco#info, made once."""

    info: Info | None = None


def describe(features: Iterable[Feature]) -> Info:
    """Return what a client with these features says of itself."""
    announced = sorted({var for feature in features for var in feature.disco})
    return Info(None, (Identity("client", "console", "tui_xmpp"),), tuple(map(Var, announced)))


def own_info(ctx: Context) -> Info:
    held = ctx.state(OwnInfo)
    if held.info is None:
        held.info = describe(ctx.features)
    return held.info


async def ask_info(ctx: Context, peer: JID, node: str | None = None) -> Info:
    """Ask an entity what it is and does; raise ``RequestError`` when it does not say."""
    reply = await ctx.request(Iq(to=peer, type=IqType.GET).with_payloads(Info(node)))
    return reply.payload(Info) or Info()


def answer_info(ctx: Context, iq: Iq, query: Info) -> Info:
    if query.node is not None and not query.node.startswith(_CAPABILITIES):
        raise RefusedError(ErrorCondition.ITEM_NOT_FOUND)
    own = own_info(ctx)
    return Info(query.node, own.identities, own.features)


def answer_items(ctx: Context, iq: Iq, query: Items) -> Items:
    return Items(query.node)


FEATURE = Feature(
    spec="XEP-0030",
    title="Service Discovery",
    version="2.5.0",
    disco=(INFO, ITEMS),
    inbound=(answers(IqType.GET, Info, answer_info), answers(IqType.GET, Items, answer_items)),
)
