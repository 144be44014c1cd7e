"""What stands in the place of words that cannot be shown: encrypted ones, and an invitation that has none.

Nobody is left to believe that nothing was said. Words that the sender wrote for such readers are shown as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui_xmpp.core.text import sanitize_line
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import PayloadError, attribute, child, decode, payload, tag_of

_EME = "urn:xmpp:eme:0"
_MUC_USER = "http://jabber.org/protocol/muc#user"
_CONFERENCE = "jabber:x:conference"
_OMEMO = ("eu.siacs.conversations.axolotl", "urn:xmpp:omemo:1", "urn:xmpp:omemo:2")
_NAMES = {
    **dict.fromkeys(_OMEMO, "OMEMO"),
    "jabber:x:encrypted": "OpenPGP",
    "urn:xmpp:openpgp:0": "OpenPGP",
    "urn:xmpp:otr:0": "OTR",
}
_ENCRYPTED = {
    **{f"{{{namespace}}}encrypted": namespace for namespace in _OMEMO},
    "{jabber:x:encrypted}x": "jabber:x:encrypted",
    "{urn:xmpp:openpgp:0}openpgp": "urn:xmpp:openpgp:0",
}
_OTR = "?OTR:"
_OTR_DATA = ("?OTR:AAED", "?OTR:AAID", "?OTR:AAMD")
"""How messages of OTR's three versions begin; the others carry keys, and no words."""
_LONGEST = 200


@payload(_EME, "encryption")
class Encryption:
    """XEP-0380: by what a message is encrypted."""

    namespace: str = attribute()
    name: str = attribute(default="")


@payload(_CONFERENCE, "x")
class DirectInvitation:
    """XEP-0249: an invitation to a room by who is in it."""

    jid: str = attribute()
    reason: str = attribute(default="")


@payload(_MUC_USER, "invite")
class Invite:
    from_: str = attribute(default="")
    reason: str = child("reason", default="")


@payload(_MUC_USER, "x")
class MediatedInvitation:
    """XEP-0045 §7.8.2: an invitation that the room passes on."""

    invite: Invite | None = child(default=None)


_EXPLICIT, _DIRECT, _MEDIATED = tag_of(Encryption), tag_of(DirectInvitation), tag_of(MediatedInvitation)

TAGS = frozenset((*_ENCRYPTED, _EXPLICIT, _DIRECT, _MEDIATED))


def is_unreadable(body: str) -> bool:
    """Tell whether a body is no text but what a program without OTR should not show."""
    return body.startswith(_OTR)


def stand_in(parts: Mapping[object, Element], body: str = "") -> str:
    """Return a sentence in brackets for a message without a readable body; empty where nothing was said."""
    if body:
        return _unreadable("OTR") if body.startswith(_OTR_DATA) else ""
    try:
        return _encrypted(parts) or _invitation(parts)
    except PayloadError:
        return ""


def _encrypted(parts: Mapping[object, Element]) -> str:
    for tag, namespace in _ENCRYPTED.items():
        if (element := parts.get(tag)) is not None:
            # Without a payload it is keys that are exchanged (XEP-0384 §4.6).
            is_said = namespace not in _OMEMO or element.find(f"{{{namespace}}}payload") is not None
            return _unreadable(_NAMES[namespace]) if is_said else ""
    if (element := parts.get(_EXPLICIT)) is None:
        return ""
    told = decode(Encryption, element)
    return _unreadable(_NAMES.get(told.namespace) or sanitize_line(told.name or told.namespace, 40))


def _unreadable(method: str) -> str:
    return f"[Encrypted with {method}, which this program cannot read]"


def _invitation(parts: Mapping[object, Element]) -> str:
    if (element := parts.get(_MEDIATED)) is not None:
        invite = decode(MediatedInvitation, element).invite
        return "" if invite is None else _invited("this room", invite.reason, invite.from_)
    if (element := parts.get(_DIRECT)) is None:
        return ""
    direct = decode(DirectInvitation, element)
    return _invited(f"the room {sanitize_line(direct.jid, _LONGEST)}", direct.reason)


def _invited(room: str, reason: str, who: str = "") -> str:
    words = f": “{sanitize_line(reason, _LONGEST)}”" if reason.strip() else ""
    inviter = f" from {sanitize_line(who, _LONGEST)}" if who else ""
    return f"[Invitation to {room}{inviter}{words}. This program cannot enter rooms.]"
