"""What each stanza error condition of RFC 6120 §8.3.3 means to the user, in one sentence.

``{who}`` is the address that answered, ``{where}`` its server.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tui_xmpp.core.model import Failure
from tui_xmpp.jid import JID
from tui_xmpp.xmpp.stanza_errors import ErrorCondition, StanzaError

_C = ErrorCondition

MEANINGS: Final[Mapping[ErrorCondition, str]] = MappingProxyType(
    {
        _C.BAD_REQUEST: "{who} could not read what this program sent",
        _C.CONFLICT: "{who} says that something of this name exists already",
        _C.FEATURE_NOT_IMPLEMENTED: "{who} does not offer this",
        _C.FORBIDDEN: "{who} does not allow you to do this",
        _C.GONE: "{who} can no longer be reached at this address",
        _C.INTERNAL_SERVER_ERROR: "{where} has an internal error; try again later",
        _C.ITEM_NOT_FOUND: "{where} says that this account or item does not exist",
        _C.JID_MALFORMED: "{where} says that the address is not valid",
        _C.NOT_ACCEPTABLE: "{who} does not accept this as it is",
        _C.NOT_ALLOWED: "{who} allows nobody to do this",
        _C.NOT_AUTHORIZED: "{who} wants you to prove who you are first",
        _C.POLICY_VIOLATION: "{where} refused this because of its policy",
        _C.RECIPIENT_UNAVAILABLE: "{who} is not there now; try again later",
        _C.REDIRECT: "{who} asks to be reached at another address",
        _C.REGISTRATION_REQUIRED: "{who} wants you to register first",
        _C.REMOTE_SERVER_NOT_FOUND: "Your server cannot find {where}; check the address",
        _C.REMOTE_SERVER_TIMEOUT: "Your server could not reach {where} in time; try again later",
        _C.RESOURCE_CONSTRAINT: "{where} is too busy; try again later",
        _C.SERVICE_UNAVAILABLE: "{who} cannot be reached or does not take this",
        _C.SUBSCRIPTION_REQUIRED: "{who} takes this only from contacts who may see their presence",
        _C.UNDEFINED_CONDITION: "{who} refused for a reason of its own",
        _C.UNEXPECTED_REQUEST: "{who} did not expect this now",
    }
)


_BLOCKED = "{urn:xmpp:blocking:errors}blocked"
"""The own server's word that the user has blocked whom they write to (XEP-0191 §3.3)."""


def explain(error: StanzaError, peer: JID, otherwise: str = "") -> str:
    """Say in a sentence what ``peer`` answered and, in ``otherwise``, what that means for what was wanted."""
    is_blocked = error.application is not None and error.application.tag == _BLOCKED
    meaning = "You have blocked {who}: /unblock lets you write again" if is_blocked else MEANINGS[error.condition]
    meaning = meaning.format(who=peer.bare, where=peer.domain)
    return f"{meaning} ({error.condition.value}). {otherwise}".rstrip()


def failure_of(error: StanzaError, peer: JID, otherwise: str = "") -> Failure:
    """Return the error as the reason shown beside what failed; ``text`` is the peer's own words."""
    return Failure(error.condition.value, explain(error, peer, otherwise), error.text or "")
