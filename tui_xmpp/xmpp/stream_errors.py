"""What each stream error of RFC 6120 §4.9.3 means to the user, and what the session does about it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final

from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element, build, build_stream_child


class StreamErrorCondition(StrEnum):
    """The defined conditions of RFC 6120 §4.9.3, in its order."""

    BAD_FORMAT = "bad-format"
    BAD_NAMESPACE_PREFIX = "bad-namespace-prefix"
    CONFLICT = "conflict"
    CONNECTION_TIMEOUT = "connection-timeout"
    HOST_GONE = "host-gone"
    HOST_UNKNOWN = "host-unknown"
    IMPROPER_ADDRESSING = "improper-addressing"
    INTERNAL_SERVER_ERROR = "internal-server-error"
    INVALID_FROM = "invalid-from"
    INVALID_NAMESPACE = "invalid-namespace"
    INVALID_XML = "invalid-xml"
    NOT_AUTHORIZED = "not-authorized"
    NOT_WELL_FORMED = "not-well-formed"
    POLICY_VIOLATION = "policy-violation"
    REMOTE_CONNECTION_FAILED = "remote-connection-failed"
    RESET = "reset"
    RESOURCE_CONSTRAINT = "resource-constraint"
    RESTRICTED_XML = "restricted-xml"
    SEE_OTHER_HOST = "see-other-host"
    SYSTEM_SHUTDOWN = "system-shutdown"
    UNDEFINED_CONDITION = "undefined-condition"
    UNSUPPORTED_ENCODING = "unsupported-encoding"
    UNSUPPORTED_FEATURE = "unsupported-feature"
    UNSUPPORTED_STANZA_TYPE = "unsupported-stanza-type"
    UNSUPPORTED_VERSION = "unsupported-version"


class Reaction(Enum):
    """What a session does after the stream has ended with an error."""

    RECONNECT = "reconnect with the usual backoff"
    RECONNECT_NOW = "reconnect at once, without resuming the TLS session"
    RECONNECT_SLOWLY = "reconnect after at least a minute, a few times at most"
    STOP = "stop until the user acts"
    ASK_CREDENTIALS = "stop and ask for the credentials"
    REDIRECT = "connect to the host that was named, with the same domain and certificate rules"
    CONFLICT = "another session took the resource: ask the user, or bind another resource once"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One sentence for a status bar and the reaction."""

    sentence: str
    reaction: Reaction


_SLOW = Reaction.RECONNECT_SLOWLY
_SOON = Reaction.RECONNECT
_C = StreamErrorCondition

MEANINGS: Final[Mapping[StreamErrorCondition, Meaning]] = MappingProxyType(
    {
        _C.BAD_FORMAT: Meaning("The server could not read what this program sent.", _SLOW),
        _C.BAD_NAMESPACE_PREFIX: Meaning("The server does not accept a namespace prefix we sent.", _SLOW),
        _C.CONFLICT: Meaning("Another session has taken over this resource.", Reaction.CONFLICT),
        _C.CONNECTION_TIMEOUT: Meaning("The server heard nothing from us for too long.", _SOON),
        _C.HOST_GONE: Meaning("The server no longer serves this domain.", Reaction.STOP),
        _C.HOST_UNKNOWN: Meaning("The server does not serve this domain.", Reaction.STOP),
        _C.IMPROPER_ADDRESSING: Meaning("The server says a stanza lacked a proper address.", _SLOW),
        _C.INTERNAL_SERVER_ERROR: Meaning("The server has an internal error.", _SOON),
        _C.INVALID_FROM: Meaning("The server does not accept the address we sent from.", _SLOW),
        _C.INVALID_NAMESPACE: Meaning("The server does not accept the stream's namespace.", _SLOW),
        _C.INVALID_XML: Meaning("The server says that we sent invalid XML.", _SLOW),
        _C.NOT_AUTHORIZED: Meaning("The server says this session is not logged in.", Reaction.ASK_CREDENTIALS),
        _C.NOT_WELL_FORMED: Meaning("The server says that we sent broken XML.", _SLOW),
        _C.POLICY_VIOLATION: Meaning("The server closed the stream because of its policy.", _SLOW),
        _C.REMOTE_CONNECTION_FAILED: Meaning("The server cannot reach a system it depends on.", _SOON),
        _C.RESET: Meaning("The server asks to connect anew.", Reaction.RECONNECT_NOW),
        _C.RESOURCE_CONSTRAINT: Meaning("The server is short of resources.", _SOON),
        _C.RESTRICTED_XML: Meaning("The server says that we sent XML that XMPP forbids.", _SLOW),
        _C.SEE_OTHER_HOST: Meaning("The server sends us to another host.", Reaction.REDIRECT),
        _C.SYSTEM_SHUTDOWN: Meaning("The server is shutting down.", _SOON),
        _C.UNDEFINED_CONDITION: Meaning("The server closed the stream for a reason of its own.", _SOON),
        _C.UNSUPPORTED_ENCODING: Meaning("The server does not accept UTF-8 from us.", _SLOW),
        _C.UNSUPPORTED_FEATURE: Meaning("The server demands a feature this program lacks.", _SLOW),
        _C.UNSUPPORTED_STANZA_TYPE: Meaning("The server does not know a kind of stanza we sent.", _SLOW),
        _C.UNSUPPORTED_VERSION: Meaning("The server does not speak this version of XMPP.", _SLOW),
    }
)


_BY_NAME = {condition.value: condition for condition in StreamErrorCondition}


@dataclass(frozen=True, slots=True)
class HostPort:
    """Where ``see-other-host`` points: ``host`` without brackets, ``port`` or None for the default lookup."""

    host: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class StreamError:
    """A ``<stream:error/>``: always the end of its stream (RFC 6120 §4.9.1.1).

    ``text`` is remote, for display only. ``see_other_host`` is set only for a readable ``see-other-host``;
    an unreadable one has the reaction of ``undefined-condition``.
    """

    condition: StreamErrorCondition
    text: str | None = None
    see_other_host: HostPort | None = None
    application: Element | None = None

    @property
    def sentence(self) -> str:
        """Return one sentence for the user, without the server's own text."""
        return MEANINGS[self.condition].sentence

    @property
    def reaction(self) -> Reaction:
        """Return what a session should do next (C-STR-19)."""
        if self.condition is StreamErrorCondition.SEE_OTHER_HOST and self.see_other_host is None:
            return Reaction.RECONNECT
        return MEANINGS[self.condition].reaction


def parse_host_port(text: str) -> HostPort | None:
    """Read ``host``, ``host:port``, ``[v6]`` or ``[v6]:port`` (RFC 6120 §4.9.3.19); None when it is none of
    these."""
    text = text.strip()
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or ":" not in host:
            return None
    else:
        host, colon, after = text.partition(":")
        rest = colon + after
    if not host or any(character.isspace() or character in "[]/@" for character in host):
        return None
    if not rest:
        return HostPort(host)
    port = rest[1:]
    if rest[0] != ":" or not (port.isascii() and port.isdigit()) or len(port) > 5 or not 0 < int(port) < 65536:
        return None
    return HostPort(host, int(port))


def write_host_port(host: HostPort) -> str:
    """Return the text that ``parse_host_port`` reads."""
    address = f"[{host.host}]" if ":" in host.host else host.host
    return address if host.port is None else f"{address}:{host.port}"


def decode_stream_error(element: Element) -> StreamError:
    """Read a ``<stream:error/>``; an unknown or missing condition is ``undefined-condition`` (RFC 6120
    §4.9.2)."""
    condition = StreamErrorCondition.UNDEFINED_CONDITION
    text: str | None = None
    other_host: HostPort | None = None
    application: Element | None = None
    prefix = f"{{{ns.STREAM_ERRORS}}}"
    for child in element:
        tag = child.tag
        if not tag.startswith(prefix):
            application = child
        elif (name := tag[len(prefix) :]) == "text":
            text = child.text or None
        elif name in _BY_NAME:
            condition = _BY_NAME[name]
            if condition is StreamErrorCondition.SEE_OTHER_HOST:
                other_host = parse_host_port(child.text or "")
    return StreamError(condition, text, other_host, application)


def encode_stream_error(error: StreamError) -> Element:
    """Return the ``<stream:error/>`` element to send before ``</stream:stream>``."""
    address = None if error.see_other_host is None else write_host_port(error.see_other_host)
    children = [build(ns.STREAM_ERRORS, error.condition.value, text=address)]
    if error.text is not None:
        children.append(build(ns.STREAM_ERRORS, "text", text=error.text))
    if error.application is not None:
        children.append(error.application)
    return build_stream_child("error", children)
