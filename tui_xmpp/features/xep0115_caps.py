"""XEP-0115: entity capabilities: a hash of what one can do, sent with presence; others' hashes verified before use.

What is proved for a hash is kept from run to run, so that nobody is asked for it again.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections import OrderedDict
from dataclasses import field

from tui_xmpp.core.events import CapabilitiesProved
from tui_xmpp.features.feature import (
    Arrival,
    Context,
    Feature,
    Kept,
    NotConnectedError,
    PresenceDecorator,
    RequestError,
    derives_from_presences,
)
from tui_xmpp.features.xep0004_forms import FORMS
from tui_xmpp.features.xep0030_disco import NODE, Info, ask_info, own_info
from tui_xmpp.features.xep0390_caps2 import CAPS2, Caps2, Hash, best_hash
from tui_xmpp.features.xep0390_caps2 import is_proved as is_proved_2
from tui_xmpp.jid import JID, BareJID, FullJID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.element import Element, qualified
from tui_xmpp.xmpp.payload import PayloadError, attribute, decode, payload, tag_of
from tui_xmpp.xmpp.stanza import Presence, PresenceType

CAPS = "http://jabber.org/protocol/caps"
_HASHES = {"sha-1": "sha1", "sha-256": "sha256", "sha-512": "sha512"}
_MOST = 1000
_LONGEST = 20_000
"""Characters of all features together from which an answer is not kept."""


@payload(CAPS, "c")
class Caps:
    node: str = attribute()
    ver: str = attribute()
    hash: str | None = attribute(default=None)


_CAPS, _CAPS2 = tag_of(Caps), tag_of(Caps2)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an entity says the answer to disco#info at ``node`` hashes to."""

    node: str
    hash: Caps | Hash

    @property
    def name(self) -> str:
        """What the answer goes by once it is proved: the same for all who claim the same hash."""
        if isinstance(self.hash, Hash):
            return self.node
        return f"{CAPS}#{self.hash.hash}.{self.hash.ver}"

    def is_proved(self, info: Info) -> bool:
        return is_proved_2(info, self.hash) if isinstance(self.hash, Hash) else is_proved(info, self.hash)


@dataclass(slots=True)
class Known:
    """Proved capabilities by the name of their hash and what each resource last claimed, both bounded (S-17)."""

    proved: OrderedDict[str, frozenset[str]] = field(default_factory=OrderedDict)
    claims: OrderedDict[FullJID, Claim] = field(default_factory=OrderedDict)
    own: Caps | None = None


def verification_string(info: Info) -> str:
    """Return the string that is hashed (XEP-0115 §5.1); raise ``ValueError`` for an ill-formed answer (§5.4)."""
    identities = [f"{one.category}/{one.type}/{one.lang}/{one.name}" for one in info.identities]
    features = [one.var for one in info.features]
    forms = sorted(filter(None, map(_form_parts, info.forms)))
    kinds = [form[0] for form in forms]
    for parts in (identities, features, kinds):
        if len(set(parts)) != len(parts):
            raise ValueError("something is listed twice")
    parts = [*sorted(identities), *sorted(features), *(part for form in forms for part in form)]
    if any("<" in part for part in parts):
        raise ValueError("a value contains the separator")
    return "".join(f"{part}<" for part in parts)


def _form_parts(form: Element) -> list[str]:
    """Return FORM_TYPE, then each field's name and sorted values; nothing for a form that does not count."""
    kind: str | None = None
    fields: list[tuple[str, list[str]]] = []
    if form.tag != qualified(FORMS, "x"):
        return []
    for one in form.iterfind(qualified(FORMS, "field")):
        values = sorted(value.text or "" for value in one.iterfind(qualified(FORMS, "value")))
        if one.get("var") != "FORM_TYPE":
            fields.append((one.get("var", ""), values))
        elif one.get("type") == "hidden":
            if len(set(values)) != 1:
                raise ValueError("FORM_TYPE has more than one value")
            kind = values[0]
    if kind is None:
        return []
    return [kind, *(part for name, values in sorted(fields) for part in (name, *values))]


def version_of(info: Info, algorithm: str = "sha-1") -> str:
    """Return the ``ver`` of an answer; raise ``ValueError`` for an ill-formed one or an unknown algorithm."""
    if algorithm not in _HASHES:
        raise ValueError("an unknown hash")
    digest = hashlib.new(_HASHES[algorithm], verification_string(info).encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def own_caps(ctx: Context) -> Caps:
    known = ctx.state(Known)
    if known.own is None:
        known.own = Caps(NODE, version_of(own_info(ctx)), "sha-1")
    return known.own


def decorate(ctx: Context, presence: Presence) -> Presence:
    return presence.with_payloads(own_caps(ctx)) if presence.type is PresenceType.AVAILABLE else presence


def claim_of(caps: Caps | None, caps2: Caps2 | None = None) -> Claim | None:
    """Return what to ask for and compare with: the safer hash where both are there."""
    found = best_hash(caps2) if caps2 is not None else None
    if found is not None:
        return Claim(f"{CAPS2}#{found.algo}.{found.value}", found)
    return None if caps is None else Claim(f"{caps.node}#{caps.ver}", caps)


def take_claim(ctx: Context, arrival: Arrival[Presence]) -> None:
    peer, parts = arrival.stanza.from_, arrival.parts
    if not isinstance(peer, FullJID) or (_CAPS not in parts and _CAPS2 not in parts):
        return
    try:
        claim = claim_of(
            decode(Caps, parts[_CAPS]) if _CAPS in parts else None,
            decode(Caps2, parts[_CAPS2]) if _CAPS2 in parts else None,
        )
    except PayloadError:
        return
    claims = ctx.state(Known).claims
    claims.pop(peer, None)
    if claim is not None and len(claim.node) <= _LONGEST:
        claims[peer] = claim
    if len(claims) > _MOST:
        claims.popitem(last=False)


def drop_claim(ctx: Context, arrival: Arrival[Presence]) -> None:
    if isinstance(arrival.stanza.from_, FullJID):
        ctx.state(Known).claims.pop(arrival.stanza.from_, None)


def restore(ctx: Context, kept: Kept) -> None:
    ctx.state(Known).proved.update(kept.capabilities)


async def capabilities(ctx: Context, peer: FullJID) -> frozenset[str]:
    """Return the features of a peer's client and what its forms say, asking it when none are proved.

    Raise ``RequestError`` as asking does.
    """
    return await _features(ctx, peer, ctx.state(Known).claims.get(peer))


async def _features(ctx: Context, entity: JID, claim: Claim | None) -> frozenset[str]:
    """Return what an entity says it does; what does not match its hash is believed now and never kept (S-17)."""
    proved = ctx.state(Known).proved
    if claim is not None and claim.name in proved:
        return proved[claim.name]
    info = await ask_info(ctx, entity, claim.node if claim else None)
    features = info.told
    if claim is not None and sum(map(len, features)) <= _LONGEST and claim.is_proved(info):
        proved[claim.name] = features
        if len(proved) > _MOST:
            proved.popitem(last=False)
        ctx.emit(CapabilitiesProved(ctx.account, claim.name, features))
    return features


# -- what the own account and its server do -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offers:
    """What the own account and its server say they do, as disco vars."""

    account: frozenset[str] = frozenset()
    server: frozenset[str] = frozenset()


@dataclass(slots=True)
class Asked:
    """The question put to them on a stream, once for all who want to know."""

    stream: object = None
    answer: asyncio.Task[Offers] | None = None
    offers: Offers = field(default_factory=Offers)
    """What they said last; nothing before they did."""


async def offered(ctx: Context) -> Offers:
    """Return what the own account and its server offer; nothing where they do not say."""
    asked = ctx.state(Asked)
    if asked.answer is None or asked.stream is not ctx.stream:
        asked.stream, asked.answer = ctx.stream, asyncio.create_task(_ask_home(ctx, asked))
    return await asyncio.shield(asked.answer)


async def _ask_home(ctx: Context, asked: Asked) -> Offers:
    account, server = await asyncio.gather(
        _offers_of(ctx, ctx.jid.bare, None),
        _offers_of(ctx, BareJID(None, ctx.jid.domain), _server_claim(ctx)),
    )
    asked.offers = Offers(account, server)
    return asked.offers


def _server_claim(ctx: Context) -> Claim | None:
    """Return what the server says of itself in its stream features (XEP-0115 §6.3)."""
    element = ctx.stream.element(CAPS, "c")
    try:
        return None if element is None else claim_of(decode(Caps, element))
    except PayloadError:
        return None


async def _offers_of(ctx: Context, entity: BareJID, claim: Claim | None) -> frozenset[str]:
    try:
        return await _features(ctx, entity, claim)
    except (RequestError, NotConnectedError, PayloadError):
        return frozenset()


def is_proved(info: Info, claim: Caps) -> bool:
    """Tell whether an answer has the hash that was claimed for it (XEP-0115 §5.4)."""
    try:
        return version_of(info, claim.hash or "") == claim.ver
    except ValueError:
        return False


FEATURE = Feature(
    spec="XEP-0115",
    title="Entity Capabilities",
    version="1.6.0",
    disco=(CAPS,),
    inbound=(
        derives_from_presences(PresenceType.AVAILABLE, handler=take_claim),
        derives_from_presences(PresenceType.UNAVAILABLE, handler=drop_claim),
    ),
    outbound=(PresenceDecorator(decorate),),
    on_restored=restore,
)
