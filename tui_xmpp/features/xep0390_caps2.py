"""XEP-0390: entity capabilities 2.0, sent beside the first ones: no two answers share a hash by a trick."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from tui_xmpp.features.feature import Context, Feature, PresenceDecorator
from tui_xmpp.features.xep0004_forms import FORMS
from tui_xmpp.features.xep0030_disco import Info, own_info
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.element import qualified
from tui_xmpp.xmpp.payload import attribute, children, payload, text
from tui_xmpp.xmpp.stanza import Presence, PresenceType

CAPS2 = "urn:xmpp:caps"
_HASHES = "urn:xmpp:hashes:2"
_ALGORITHMS = {"sha-256": "sha256", "sha3-256": "sha3_256"}


@payload(_HASHES, "hash")
class Hash:
    algo: str = attribute()
    value: str = text()


@payload(CAPS2, "c")
class Caps2:
    hashes: tuple[Hash, ...] = children(default=())


@dataclass(slots=True)
class OwnCaps2:
    caps: Caps2 | None = None


def _joined(parts: Iterable[bytes], end: bytes) -> bytes:
    return b"".join(sorted(parts)) + end


def hash_input(info: Info) -> bytes:
    """Return the octets that are hashed (XEP-0390 §4.1)."""
    features = _joined((one.var.encode() + b"\x1f" for one in info.features), b"\x1c")
    identities = _joined(
        (
            b"".join(part.encode() + b"\x1f" for part in (one.category, one.type, one.lang, one.name)) + b"\x1e"
            for one in info.identities
        ),
        b"\x1c",
    )
    forms = []
    for form in info.forms:
        fields = []
        for one in form.iterfind(qualified(FORMS, "field")):
            values = [(value.text or "").encode() + b"\x1f" for value in one.iterfind(qualified(FORMS, "value"))]
            fields.append(one.get("var", "").encode() + b"\x1f" + _joined(values, b"\x1e"))
        forms.append(_joined(fields, b"\x1d"))
    return features + identities + _joined(forms, b"\x1c")


def caps_of(info: Info) -> Caps2:
    """Return the hashes of what is announced."""
    octets = hash_input(info)
    return Caps2(
        tuple(
            Hash(name, base64.b64encode(hashlib.new(function, octets).digest()).decode())
            for name, function in _ALGORITHMS.items()
        )
    )


def best_hash(caps: Caps2) -> Hash | None:
    """Return the hash among those claimed that can be checked here."""
    return next((one for one in caps.hashes if one.algo in _ALGORITHMS), None)


def is_proved(info: Info, claimed: Hash) -> bool:
    """Tell whether an answer has the hash that was claimed for it (XEP-0390 §5)."""
    return claimed in caps_of(info).hashes


def decorate(ctx: Context, presence: Presence) -> Presence:
    if presence.type is not PresenceType.AVAILABLE:
        return presence
    own = ctx.state(OwnCaps2)
    if own.caps is None:
        own.caps = caps_of(own_info(ctx))
    return presence.with_payloads(own.caps)


FEATURE = Feature(
    spec="XEP-0390",
    title="Entity Capabilities 2.0",
    version="0.3.2",
    disco=(CAPS2,),
    outbound=(PresenceDecorator(decorate),),
)
