"""XEP-0115: entity capabilities: a hash of what one can do, sent with presence; others' hashes verified before use."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from dataclasses import field

from tui_xmpp.features.feature import (
    Context,
    Feature,
    PresenceDecorator,
    RequestError,
    annotates,
)
from tui_xmpp.features.xep0030_disco import NODE, Info, ask_info, own_info
from tui_xmpp.jid import FullJID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.element import Element, qualified
from tui_xmpp.xmpp.payload import attribute, payload
from tui_xmpp.xmpp.stanza import Message, Presence, PresenceType

CAPS = "http://jabber.org/protocol/caps"
_FORM = "jabber:x:data"
_HASHES = {"sha-1": "sha1", "sha-256": "sha256", "sha-512": "sha512"}
_MOST = 1000


@payload(CAPS, "c")
class Caps:
    node: str = attribute()
    ver: str = attribute()
    hash: str | None = attribute(default=None)


@dataclass(slots=True)
class Known:
    """Verified capabilities by hash and what each resource last claimed, both bounded (S-17)."""

    infos: OrderedDict[tuple[str, str], Info] = field(default_factory=OrderedDict)
    claims: OrderedDict[FullJID, Caps] = field(default_factory=OrderedDict)
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
    if form.tag != qualified(_FORM, "x"):
        return []
    for one in form.iterchildren(qualified(_FORM, "field")):
        values = sorted(value.text or "" for value in one.iterchildren(qualified(_FORM, "value")))
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


def take_claim(ctx: Context, stanza: Message | Presence, caps: Caps) -> None:
    if not isinstance(stanza, Presence) or not isinstance(stanza.from_, FullJID):
        return
    claims = ctx.state(Known).claims
    claims[stanza.from_] = caps
    claims.move_to_end(stanza.from_)
    if len(claims) > _MOST:
        claims.popitem(last=False)


async def capabilities(ctx: Context, peer: FullJID) -> frozenset[str]:
    """Return the features of a peer's client, asking it when no verified answer is cached; empty when it does not say.

    What does not match its hash is believed for this answer and never cached (S-17).
    """
    known = ctx.state(Known)
    claim = known.claims.get(peer)
    key = (claim.hash or "", claim.ver) if claim else ("", "")
    if key in known.infos:
        known.infos.move_to_end(key)
        return known.infos[key].vars
    try:
        info = await ask_info(ctx, peer, f"{claim.node}#{claim.ver}" if claim else None)
    except RequestError:
        return frozenset()
    if claim and is_proved(info, claim):
        known.infos[key] = info
        if len(known.infos) > _MOST:
            known.infos.popitem(last=False)
    return info.vars


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
    inbound=(annotates(Caps, take_claim),),
    outbound=(PresenceDecorator(decorate),),
)
