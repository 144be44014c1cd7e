"""What is wrong with a stanza, as its sender is told (RFC 6120 §8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from tui_xmpp.jid import JID, JIDError, parse_jid
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element, build


class ErrorType(StrEnum):
    """RFC 6120 §8.3.2: what the sender can do about it."""

    AUTH = "auth"
    CANCEL = "cancel"
    CONTINUE = "continue"
    MODIFY = "modify"
    WAIT = "wait"


class ErrorCondition(StrEnum):
    """The defined conditions of RFC 6120 §8.3.3, in its order."""

    BAD_REQUEST = "bad-request"
    CONFLICT = "conflict"
    FEATURE_NOT_IMPLEMENTED = "feature-not-implemented"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    INTERNAL_SERVER_ERROR = "internal-server-error"
    ITEM_NOT_FOUND = "item-not-found"
    JID_MALFORMED = "jid-malformed"
    NOT_ACCEPTABLE = "not-acceptable"
    NOT_ALLOWED = "not-allowed"
    NOT_AUTHORIZED = "not-authorized"
    POLICY_VIOLATION = "policy-violation"
    RECIPIENT_UNAVAILABLE = "recipient-unavailable"
    REDIRECT = "redirect"
    REGISTRATION_REQUIRED = "registration-required"
    REMOTE_SERVER_NOT_FOUND = "remote-server-not-found"
    REMOTE_SERVER_TIMEOUT = "remote-server-timeout"
    RESOURCE_CONSTRAINT = "resource-constraint"
    SERVICE_UNAVAILABLE = "service-unavailable"
    SUBSCRIPTION_REQUIRED = "subscription-required"
    UNDEFINED_CONDITION = "undefined-condition"
    UNEXPECTED_REQUEST = "unexpected-request"

    @property
    def default_type(self) -> ErrorType:
        """Return the error type RFC 6120 §8.3.3 gives this condition (C-STZ-08)."""
        return _DEFAULT_TYPES.get(self, ErrorType.CANCEL)


_E = ErrorCondition
_DEFAULT_TYPES: Final[Mapping[ErrorCondition, ErrorType]] = MappingProxyType(
    {
        _E.BAD_REQUEST: ErrorType.MODIFY,
        _E.JID_MALFORMED: ErrorType.MODIFY,
        _E.NOT_ACCEPTABLE: ErrorType.MODIFY,
        _E.POLICY_VIOLATION: ErrorType.MODIFY,
        _E.REDIRECT: ErrorType.MODIFY,
        _E.FORBIDDEN: ErrorType.AUTH,
        _E.NOT_AUTHORIZED: ErrorType.AUTH,
        _E.REGISTRATION_REQUIRED: ErrorType.AUTH,
        _E.SUBSCRIPTION_REQUIRED: ErrorType.AUTH,
        _E.RECIPIENT_UNAVAILABLE: ErrorType.WAIT,
        _E.REMOTE_SERVER_TIMEOUT: ErrorType.WAIT,
        _E.RESOURCE_CONSTRAINT: ErrorType.WAIT,
        _E.UNEXPECTED_REQUEST: ErrorType.WAIT,
    }
)


@dataclass(frozen=True, slots=True)
class StanzaError:
    """The ``<error/>`` of a stanza of type error (RFC 6120 §8.3).

    ``text`` and ``new_address`` (of ``gone`` and ``redirect``) are remote: display only, follow only with
    consent.
    """

    condition: ErrorCondition
    type: ErrorType
    text: str | None = None
    by: JID | None = None
    new_address: str | None = None
    application: Element | None = None


_ERROR_TYPES: Final = {one.value: one for one in ErrorType}
_CONDITIONS: Final = {one.value: one for one in ErrorCondition}


def decode_stanza_error(element: Element) -> StanzaError:
    """Read an ``<error/>``; unknown conditions are ``undefined-condition``, an unknown type the condition's
    default."""
    condition = ErrorCondition.UNDEFINED_CONDITION
    content: str | None = None
    new_address: str | None = None
    application: Element | None = None
    prefix = f"{{{ns.STANZA_ERRORS}}}"
    for child in element:
        tag = child.tag
        if not tag.startswith(prefix):
            application = child
        elif (name := tag[len(prefix) :]) == "text":
            content = content or child.text or None
        elif name in _CONDITIONS:
            condition = _CONDITIONS[name]
            new_address = child.text or None
    by: JID | None = None
    try:
        by = parse_jid(element.get("by", ""))
    except JIDError:
        by = None
    kind = _ERROR_TYPES.get(element.get("type", ""), condition.default_type)
    return StanzaError(condition, kind, content, by, new_address, application)


def encode_stanza_error(error: StanzaError) -> Element:
    """Return the ``<error/>`` child for a stanza of type error."""
    children = [build(ns.STANZA_ERRORS, error.condition.value, text=error.new_address)]
    if error.text is not None:
        children.append(build(ns.STANZA_ERRORS, "text", text=error.text))
    if error.application is not None:
        children.append(error.application)
    by = None if error.by is None else str(error.by)
    return build(ns.CLIENT, "error", {"type": error.type.value, "by": by}, children=children)


def error_element(condition: ErrorCondition, text: str | None) -> Element:
    """Return the ``<error/>`` with this condition and the type that is usual for it."""
    return encode_stanza_error(StanzaError(condition, condition.default_type, text))
