"""The three stanzas (RFC 6120 §8): frozen values around their child elements, decoded lazily.

A stanza that was received never raises while it is read: what cannot be understood is named in ``flaw`` and
the text of an unreadable address is kept (C-JID-06). Payloads are read with ``stanza.payload(cls)`` and
added with ``stanza.with_payloads(...)``: ``Message(to=peer,
type=MessageType.CHAT).with_payloads(Body("hi"))``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from enum import StrEnum
from typing import Final, Self, TypeAlias, TypeVar

from tui_xmpp.jid import JID, JIDError, parse_jid
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import LANG, Element, qualified, sendable, serialize
from tui_xmpp.xmpp.payload import attribute, decode, encode, payload, tag_of, text
from tui_xmpp.xmpp.stanza_errors import ErrorCondition, StanzaError, decode_stanza_error, error_element

P = TypeVar("P")


class MessageType(StrEnum):
    """RFC 6121 §5.2.2; a missing or unknown type is NORMAL."""

    CHAT = "chat"
    ERROR = "error"
    GROUPCHAT = "groupchat"
    HEADLINE = "headline"
    NORMAL = "normal"


class PresenceType(StrEnum):
    """RFC 6121 §4.7.1. AVAILABLE is the absence of the attribute; UNKNOWN is to be ignored (C-PRE-02)."""

    AVAILABLE = "available"
    ERROR = "error"
    PROBE = "probe"
    SUBSCRIBE = "subscribe"
    SUBSCRIBED = "subscribed"
    UNAVAILABLE = "unavailable"
    UNSUBSCRIBE = "unsubscribe"
    UNSUBSCRIBED = "unsubscribed"
    UNKNOWN = "unknown"


class IqType(StrEnum):
    """RFC 6120 §8.2.3. UNKNOWN (also a missing type) is answered ``bad-request``."""

    GET = "get"
    SET = "set"
    RESULT = "result"
    ERROR = "error"
    UNKNOWN = "unknown"


class Show(StrEnum):
    """RFC 6121 §4.7.2.1."""

    CHAT = "chat"
    AWAY = "away"
    XA = "xa"
    DND = "dnd"


@payload(ns.CLIENT, "body")
class Body:
    """``<body/>`` of a message."""

    text: str = text()
    lang: str | None = attribute(namespace=ns.XML, default=None)


@payload(ns.CLIENT, "subject")
class Subject:
    """``<subject/>`` of a message; an empty text is a subject too (XEP-0045 §8.1)."""

    text: str = text()
    lang: str | None = attribute(namespace=ns.XML, default=None)


@payload(ns.CLIENT, "thread")
class Thread:
    """``<thread/>`` of a message, opaque (RFC 6121 §5.2.5)."""

    id: str = text()
    parent: str | None = attribute(default=None)


@payload(ns.CLIENT, "show")
class ShowPayload:
    """``<show/>`` of a presence."""

    show: Show = text()


@payload(ns.CLIENT, "status")
class Status:
    """``<status/>`` of a presence."""

    text: str = text()
    lang: str | None = attribute(namespace=ns.XML, default=None)


@payload(ns.CLIENT, "priority")
class Priority:
    """``<priority/>`` of a presence, -128 to 127."""

    value: int = text()


@dataclass(frozen=True, slots=True)
class _Stanza:
    """What the three kinds share."""

    to: JID | None = None
    from_: JID | None = None
    id: str | None = None
    lang: str | None = None
    children: tuple[Element, ...] = ()
    flaw: str | None = None
    """Why a received stanza is malformed, in words for a log and for the text of a ``bad-request``."""
    raw_to: str | None = None
    raw_from: str | None = None
    """The text of an address that is not a JID (then ``to`` or ``from_`` is None)."""

    @property
    def is_malformed(self) -> bool:
        """Tell whether the stanza, as received, breaks a rule of RFC 6120 §8."""
        return self.flaw is not None

    def payload(self, cls: type[P]) -> P | None:
        """Return the first child that is a ``cls``, None when there is none; raise PayloadError when it is
        broken."""
        tag = tag_of(cls)
        for child in self.children:
            if child.tag == tag:
                return decode(cls, child)
        return None

    def payloads(self, cls: type[P]) -> Iterator[P]:
        """Yield every child that is a ``cls``; raise PayloadError at a broken one."""
        tag = tag_of(cls)
        for child in self.children:
            if child.tag == tag:
                yield decode(cls, child)

    def with_payloads(self, *payloads: object) -> Self:
        """Return a copy with payloads (declared payloads or raw elements) added after the present
        children."""
        added = tuple(one if isinstance(one, Element) else encode(one) for one in payloads)
        return replace(self, children=self.children + added)

    def _reply(self, *children: Element) -> Self:
        """Return a stanza of this kind back to the sender, even to an address that is no JID."""
        return replace(
            self,
            to=self.from_,
            from_=self.to,
            raw_to=self.raw_from,
            raw_from=self.raw_to,
            lang=None,
            flaw=None,
            children=children,
        )

    @property
    def error(self) -> StanzaError | None:
        """Return the ``<error/>`` child read tolerantly, None when there is none."""
        for child in self.children:
            if child.tag == _ERROR_TAG:
                return decode_stanza_error(child)
        return None


def _language_choice(texts: Mapping[str | None, str], languages: Sequence[str]) -> str | None:
    """Pick the text in the first of ``languages`` present, else the one without language, else the first."""
    for wanted in languages:
        primary = wanted.lower().partition("-")[0]
        for exact in (True, False):
            for lang, content in texts.items():
                if lang is not None and (
                    lang.lower() == wanted.lower() if exact else lang.lower().partition("-")[0] == primary
                ):
                    return content
    if None in texts:
        return texts[None]
    return next(iter(texts.values()), None)


def _texts_by_language(children: Iterable[Element], tag: str) -> dict[str | None, str]:
    """Read children ``tag`` as {own xml:lang: text}; of two with one language the first stands."""
    found: dict[str | None, str] = {}
    for child in children:
        if child.tag == tag:
            found.setdefault(child.get(LANG), child.text or "")
    return found


@dataclass(frozen=True, slots=True)
class Message(_Stanza):
    """``<message/>``. ``type=ERROR`` is never answered (C-STZ-04)."""

    type: MessageType = MessageType.NORMAL

    @property
    def bodies(self) -> dict[str | None, str]:
        """Return the bodies by their own ``xml:lang`` (None: the stanza's language)."""
        return _texts_by_language(self.children, _BODY_TAG)

    @property
    def subjects(self) -> dict[str | None, str]:
        """Return the subjects by their own ``xml:lang`` (None: the stanza's language)."""
        return _texts_by_language(self.children, _SUBJECT_TAG)

    def body(self, *languages: str) -> str | None:
        """Return the body in the first of ``languages`` present, else the plain one (C-STZ-06); None
        without body."""
        for child in self.children:
            if child.tag == _BODY_TAG:
                if not languages and child.get(LANG) is None:
                    return child.text or ""
                return _language_choice(self.bodies, languages)
        return None

    def subject(self, *languages: str) -> str | None:
        """Return the subject, chosen as in ``body``."""
        return _language_choice(self.subjects, languages)

    @property
    def thread(self) -> Thread | None:
        """Return the thread, None when there is none."""
        return self.payload(Thread)

    def error_reply(self, condition: ErrorCondition, text: str | None = None) -> Message:
        """Return the error that answers this message (RFC 6120 §8.3); never for one of type error."""
        return replace(self._reply(error_element(condition, text)), type=MessageType.ERROR)


@dataclass(frozen=True, slots=True)
class Presence(_Stanza):
    """``<presence/>``; a type of UNKNOWN is to be ignored."""

    type: PresenceType = PresenceType.AVAILABLE

    @property
    def show(self) -> Show | None:
        """Return the show; None when absent, unknown or given twice (C-PRE-03)."""
        shows = [child.text or "" for child in self.children if child.tag == _SHOW_TAG]
        return _SHOWS.get(shows[0].strip()) if len(shows) == 1 else None

    @property
    def statuses(self) -> dict[str | None, str]:
        """Return the status texts by their own ``xml:lang`` (None: the stanza's language)."""
        return _texts_by_language(self.children, _STATUS_TAG)

    def status(self, *languages: str) -> str | None:
        """Return the status text, chosen as in ``Message.body``."""
        return _language_choice(self.statuses, languages)

    @property
    def priority(self) -> int:
        """Return the priority; 0 when absent or not a number from -128 to 127 (C-PRE-04)."""
        for child in self.children:
            if child.tag == _PRIORITY_TAG:
                digits = (child.text or "").strip()
                if len(digits) <= 4 and digits.isascii() and digits.lstrip("+-").isdigit():
                    try:
                        value = int(digits)
                    except ValueError:
                        return 0
                    return value if -128 <= value <= 127 else 0
                return 0
        return 0

    def error_reply(self, condition: ErrorCondition, text: str | None = None) -> Presence:
        """Return the error that answers this presence; never for one of type error."""
        return replace(self._reply(error_element(condition, text)), type=PresenceType.ERROR)


@dataclass(frozen=True, slots=True)
class Iq(_Stanza):
    """``<iq/>``. Answer every GET and SET exactly once; one with a ``flaw`` by ``bad-request`` (C-STZ-03)."""

    type: IqType = IqType.GET

    @property
    def child(self) -> Element | None:
        """Return the payload element: the first child that is not ``<error/>``."""
        for child in self.children:
            if child.tag != _ERROR_TAG:
                return child
        return None

    @property
    def is_request(self) -> bool:
        """Tell whether this must be answered: a get, a set, or (by ``bad-request``) an unknown type."""
        return self.type is not IqType.RESULT and self.type is not IqType.ERROR

    def result(self, *payloads: object) -> Iq:
        """Return the result that answers this request, with at most one payload (RFC 6120 §8.2.3)."""
        return replace(self._reply(), type=IqType.RESULT).with_payloads(*payloads)

    def error_reply(self, condition: ErrorCondition, text: str | None = None) -> Iq:
        """Return the error that answers this request; never for a result or an error (C-STZ-04)."""
        return replace(self._reply(error_element(condition, text)), type=IqType.ERROR)


Stanza: TypeAlias = Message | Presence | Iq

MESSAGE_TAG: Final = qualified(ns.CLIENT, "message")
PRESENCE_TAG: Final = qualified(ns.CLIENT, "presence")
IQ_TAG: Final = qualified(ns.CLIENT, "iq")
_ERROR_TAG: Final = qualified(ns.CLIENT, "error")
_BODY_TAG: Final = tag_of(Body)
_SUBJECT_TAG: Final = tag_of(Subject)
_SHOW_TAG: Final = tag_of(ShowPayload)
_STATUS_TAG: Final = tag_of(Status)
_PRIORITY_TAG: Final = tag_of(Priority)
_SHOWS: Final = {show.value: show for show in Show}
_MESSAGE_TYPES: Final = {one.value: one for one in MessageType}
_PRESENCE_TYPES: Final = {
    one.value: one for one in PresenceType if one not in (PresenceType.AVAILABLE, PresenceType.UNKNOWN)
}
_IQ_TYPES: Final = {one.value: one for one in IqType if one is not IqType.UNKNOWN}


def decode_stanza(element: Element, default_lang: str | None = None) -> Stanza:
    """Return a ``message``, ``presence`` or ``iq`` element as a stanza; never raises, see ``flaw``.

    ``default_lang`` is the stream's ``xml:lang``, inherited by a stanza that has none (C-STZ-06).
    """
    get = element.get
    flaw: str | None = None
    to: JID | None = None
    from_: JID | None = None
    raw_to = get("to")
    if raw_to is not None:
        try:
            to = parse_jid(raw_to)
            raw_to = None
        except JIDError:
            flaw = "the 'to' address is not a JID"
    raw_from = get("from")
    if raw_from is not None:
        try:
            from_ = parse_jid(raw_from)
            raw_from = None
        except JIDError:
            flaw = "the 'from' address is not a JID"
    lang = get(LANG) or default_lang
    children = tuple(element[:])
    tag = element.tag
    kind = get("type")
    if tag == MESSAGE_TAG:
        return Message(
            to, from_, get("id"), lang, children, flaw, raw_to, raw_from,
            _MESSAGE_TYPES.get(kind or "", MessageType.NORMAL),
        )  # fmt: skip
    if tag == PRESENCE_TAG:
        presence_type = PresenceType.AVAILABLE if kind is None else _PRESENCE_TYPES.get(kind, PresenceType.UNKNOWN)
        return Presence(to, from_, get("id"), lang, children, flaw, raw_to, raw_from, presence_type)
    if tag != IQ_TAG:
        raise ValueError("not a stanza")
    iq_type = _IQ_TYPES.get(kind or "", IqType.UNKNOWN)
    id_ = get("id")
    return Iq(to, from_, id_, lang, children, flaw or _iq_flaw(iq_type, id_, children), raw_to, raw_from, iq_type)


def _iq_flaw(iq_type: IqType, id_: str | None, children: tuple[Element, ...]) -> str | None:
    """Name what breaks RFC 6120 §8.2.3 in an iq, None when nothing does."""
    if iq_type is IqType.UNKNOWN:
        return "the iq has no known type"
    if id_ is None:
        return "the iq has no id"
    if iq_type is IqType.RESULT:
        return "a result has more than one child" if len(children) > 1 else None
    if iq_type is IqType.ERROR:
        return None if any(child.tag == _ERROR_TAG for child in children) else "an iq error has no error child"
    return None if len(children) == 1 else "a request must have exactly one child"


def stanza_element(stanza: Stanza) -> Element:
    """Return a stanza as a new element in ``jabber:client``, able to stand alone (to forward or to store
    it)."""
    kind: str | None
    if isinstance(stanza, Message):
        name, kind = "message", None if stanza.type is MessageType.NORMAL else stanza.type.value
    elif isinstance(stanza, Presence):
        name, kind = "presence", None if stanza.type is PresenceType.AVAILABLE else stanza.type.value
    else:
        name, kind = "iq", stanza.type.value
    element = Element(qualified(ns.CLIENT, name))
    to = str(stanza.to) if stanza.to is not None else stanza.raw_to
    from_ = str(stanza.from_) if stanza.from_ is not None else stanza.raw_from
    for key, value in ((LANG, stanza.lang), ("type", kind), ("id", stanza.id), ("to", to), ("from", from_)):
        if value is not None:
            element.set(key, sendable(value))
    for child in stanza.children:
        copied = deepcopy(child)
        copied.tail = None
        element.append(copied)
    return element


def encode_stanza(stanza: Stanza) -> bytes:
    """Return the bytes of a stanza for a stream whose default namespace is ``jabber:client``
    (C-XML-01..04)."""
    return serialize(stanza_element(stanza), ns.CLIENT)
