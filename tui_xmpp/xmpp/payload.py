"""Declared payloads: write the shape of an extension element once, get decoding and encoding from it.

    @payload("urn:xmpp:receipts", "received")
    class Received:
        id: str = attribute()

makes ``Received`` a frozen slotted dataclass. The annotation says how text is converted: ``str``, ``int``,
``bool``, ``float``, ``bytes`` (base64), an ``Enum`` by value, ``BareJID``, ``FullJID``, ``JID``,
``datetime`` (XEP-0082, made UTC). A field with a ``default`` may be absent, and a value equal to its
default is not written; a field without one is required. ``X | None`` fields want ``default=None``. What is
not declared is ignored (RFC 6120 §8.4).
"""

from __future__ import annotations

import base64
import binascii
import types
from collections.abc import Callable
from copy import deepcopy
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TypeVar, Union, cast, dataclass_transform, get_args, get_origin, get_type_hints

from lxml import etree

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, FullJID, JIDError, parse_jid
from tui_xmpp.xmpp.element import Element, build, qualified, sendable, tag_text

P = TypeVar("P")


class PayloadError(TuiXmppError, ValueError):
    """A payload does not have the declared shape; the sender is answered ``bad-request`` or it is ignored."""


class _Kind(Enum):
    ATTRIBUTE = "attribute"
    TEXT = "text"
    CHILD = "child"
    CHILDREN = "children"
    FLAG = "flag"
    CHOICE = "choice"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class _Spec:
    kind: _Kind
    name: str | None = None
    namespace: str | None = None


_SPEC: Final = "tui_xmpp.payload"
_DECLARATION: Final = "__payload__"


def _declare(spec: _Spec, default: Any) -> Any:
    return field(default=default, metadata={_SPEC: spec})


def attribute(name: str | None = None, *, namespace: str | None = None, default: Any = MISSING) -> Any:
    """Declare an attribute; its name is the field's (``_`` written as ``-``, a trailing ``_`` dropped)."""
    return _declare(_Spec(_Kind.ATTRIBUTE, name, namespace), default)


def text(*, default: Any = MISSING) -> Any:
    """Declare the element's own text."""
    return _declare(_Spec(_Kind.TEXT), default)


def child(name: str | None = None, *, namespace: str | None = None, default: Any = MISSING) -> Any:
    """Declare one child: a payload (or a union of payloads), or the converted text of the child ``name``."""
    return _declare(_Spec(_Kind.CHILD, name, namespace), default)


def children(name: str | None = None, *, namespace: str | None = None, default: Any = MISSING) -> Any:
    """Declare every child of a kind as a ``tuple[X, ...]``, X as for ``child``; say ``default=()`` if none
    is fine."""
    return _declare(_Spec(_Kind.CHILDREN, name, namespace), default)


def flag(name: str | None = None, *, namespace: str | None = None, default: bool = False) -> Any:
    """Declare a ``bool``: is there a child ``name``? Write ``default=False`` so that type checkers see the
    default."""
    return _declare(_Spec(_Kind.FLAG, name, namespace), default)


def choice(*, namespace: str | None = None, default: Any = MISSING) -> Any:
    """Declare an ``Enum`` whose value names the one child present, e.g. an error condition."""
    return _declare(_Spec(_Kind.CHOICE, None, namespace), default)


def rest(*, default: Any = ()) -> Any:
    """Declare ``tuple[Element, ...]``: the children no other field took, as raw elements (``default=()``)."""
    return _declare(_Spec(_Kind.REST), default)


@dataclass_transform(frozen_default=True, field_specifiers=(attribute, text, child, children, flag, choice, rest))
def payload(namespace: str, name: str) -> Callable[[type[P]], type[P]]:
    """Make the class a frozen slotted dataclass that is the element ``{namespace}name``, in both
    directions."""

    def declare(cls: type[P]) -> type[P]:
        made = cast("type[P]", dataclass(frozen=True, slots=True)(cls))
        setattr(made, _DECLARATION, _Declaration(made, namespace, name))
        return made

    return declare


def tag_of(cls: type[object]) -> str:
    """Return the Clark name of a declared payload class."""
    return _declaration_of(cls).tag


def decode(cls: type[P], element: Element) -> P:
    """Return ``element`` as a ``cls``, or raise PayloadError saying which part is missing or wrong."""
    return cast("P", _declaration_of(cls).decode(element))


def encode(value: object) -> Element:
    """Return a declared payload as a new element."""
    return _declaration_of(type(value)).encode(value)


def _declaration_of(cls: type[object]) -> _Declaration:
    declaration: _Declaration = getattr(cls, _DECLARATION)
    return declaration


def _read_bool(value: str) -> bool:
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise ValueError("neither true nor false")


def _read_int(value: str) -> int:
    value = value.strip()
    if not value.isascii() or len(value) > 20:
        raise ValueError("not a whole number")
    return int(value.replace("_", "x"))


def _read_bytes(value: str) -> bytes:
    return base64.b64decode("".join(value.split()), validate=True)


def _read_datetime(value: str) -> datetime:
    moment = datetime.fromisoformat(value.strip())
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment.astimezone(UTC)


def _write_datetime(value: datetime) -> str:
    moment = value.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{moment.microsecond:06d}" if moment.microsecond else "") + "Z"


def _same(value: Any) -> Any:
    return value


_READERS: Final[dict[Any, Callable[[str], Any]]] = {
    str: _same,
    int: _read_int,
    float: float,
    bool: _read_bool,
    bytes: _read_bytes,
    datetime: _read_datetime,
    BareJID: BareJID.parse,
    FullJID: FullJID.parse,
    BareJID | FullJID: parse_jid,
}
_WRITERS: Final[dict[Any, Callable[[Any], str]]] = {
    bool: lambda value: "true" if value else "false",
    bytes: lambda value: base64.b64encode(value).decode(),
    datetime: _write_datetime,
}


@dataclass(slots=True)
class _Field:
    """One declared field, resolved: how it is found, read and written."""

    attribute_of: str  # the Python name
    kind: _Kind
    key: str  # attribute name, or Clark name of the child
    namespace: str
    name: str
    default: Any
    read: Callable[[str], Any]
    write: Callable[[Any], str]
    payloads: dict[str, _Declaration]  # tag -> nested payload, empty when the child is a scalar
    members: dict[str, Any]  # tag -> enum member, for a choice

    @property
    def is_required(self) -> bool:
        return self.default is MISSING


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        kept = [one for one in get_args(annotation) if one is not type(None)]
        return Union[tuple(kept)] if len(kept) > 1 else kept[0]  # noqa: UP007
    return annotation


class _Declaration:
    """The resolved shape of one payload class."""

    def __init__(self, cls: type[Any], namespace: str, name: str) -> None:
        self.cls = cls
        self.namespace = namespace
        self.name = name
        self.tag = qualified(namespace, name)
        hints = get_type_hints(cls)
        self.fields = [self._resolve(one.name, hints[one.name], one) for one in fields(cls)]
        self._has_children = any(one.kind not in (_Kind.ATTRIBUTE, _Kind.TEXT) for one in self.fields)

    def _resolve(self, python_name: str, annotation: Any, declared: Any) -> _Field:
        spec: _Spec = declared.metadata[_SPEC]
        wanted = _without_none(annotation)
        if spec.kind is _Kind.CHILDREN:
            wanted = get_args(wanted)[0]
        parts = get_args(wanted) if get_origin(wanted) in (Union, types.UnionType) else (wanted,)
        nested = {d.tag: d for one in parts if (d := getattr(one, _DECLARATION, None)) is not None}
        is_enum = isinstance(wanted, type) and issubclass(wanted, Enum)
        namespace = spec.namespace if spec.namespace is not None else self.namespace
        name = spec.name if spec.name is not None else python_name.rstrip("_").replace("_", "-")
        if spec.kind is _Kind.ATTRIBUTE:
            key = qualified(spec.namespace, name) if spec.namespace else name
        else:
            key = qualified(namespace, name)
        if is_enum:
            read: Callable[[str], Any] = _enum_reader(wanted)
            write: Callable[[Any], str] = lambda value: str(value.value)  # noqa: E731
        elif nested or spec.kind in (_Kind.FLAG, _Kind.REST):
            read, write = _same, str
        else:
            scalar = BareJID | FullJID if set(parts) == {BareJID, FullJID} else wanted
            read, write = _READERS[scalar], _WRITERS.get(scalar, str)
        members = (
            {qualified(namespace, str(member.value)): member for member in wanted} if spec.kind is _Kind.CHOICE else {}
        )
        return _Field(python_name, spec.kind, key, namespace, name, declared.default, read, write, nested, members)

    def decode(self, element: Element) -> Any:
        if element.tag != self.tag:
            raise PayloadError(f"Expected <{self.name}/>, got <{etree.QName(element).localname}/>.")
        elements = [one for one in element if isinstance(one.tag, str)] if self._has_children else []
        values = [self._read(one, element, elements) for one in self.fields]
        return self.cls(*values)

    def _read(self, one: _Field, element: Element, elements: list[Element]) -> Any:
        kind = one.kind
        try:
            if kind is _Kind.ATTRIBUTE:
                raw = element.get(one.key)
                return self._absent(one) if raw is None else one.read(raw)
            if kind is _Kind.TEXT:
                raw = element.text
                return one.read(raw or "") if raw or one.is_required else one.default
            if kind is _Kind.FLAG:
                return any(each.tag == one.key for each in elements)
            if kind is _Kind.REST:
                return tuple(each for each in elements if not self._is_declared(tag_text(each)))
            if kind is _Kind.CHOICE:
                found = next((one.members[each.tag] for each in elements if each.tag in one.members), None)
                return self._absent(one) if found is None else found
            matching = [self._read_child(one, each) for each in elements if self._takes(one, tag_text(each))]
        except (ValueError, binascii.Error, JIDError) as error:
            if isinstance(error, PayloadError):
                raise
            raise PayloadError(f"<{self.name}/> has an unreadable {one.name}.") from error
        if kind is _Kind.CHILDREN:
            return tuple(matching) if matching else self._absent(one)
        return matching[0] if matching else self._absent(one)

    def _absent(self, one: _Field) -> Any:
        if one.is_required:
            raise PayloadError(f"<{self.name}/> lacks {one.name}.")
        return one.default

    @staticmethod
    def _takes(one: _Field, tag: str) -> bool:
        return tag in one.payloads if one.payloads else tag == one.key

    @staticmethod
    def _read_child(one: _Field, element: Element) -> Any:
        if one.payloads:
            return one.payloads[tag_text(element)].decode(element)
        return one.read(element.text or "")

    def _is_declared(self, tag: str) -> bool:
        return any(
            tag in one.members or (one.kind is not _Kind.ATTRIBUTE and self._takes(one, tag))
            for one in self.fields
            if one.kind not in (_Kind.REST, _Kind.TEXT)
        )

    def encode(self, value: Any) -> Element:
        element = build(self.namespace, self.name)
        for one in self.fields:
            content = getattr(value, one.attribute_of)
            if content is None or (not one.is_required and content == one.default):
                continue
            self._write(one, element, content)
        return element

    @staticmethod
    def _write(one: _Field, element: Element, content: Any) -> None:
        kind = one.kind
        if kind is _Kind.ATTRIBUTE:
            element.set(one.key, sendable(one.write(content)))
        elif kind is _Kind.TEXT:
            element.text = sendable(one.write(content))
        elif kind is _Kind.FLAG:
            element.append(build(one.namespace, one.name))
        elif kind is _Kind.CHOICE:
            element.append(build(one.namespace, str(content.value)))
        elif kind is _Kind.REST:
            for each in content:
                element.append(deepcopy(each))
        else:
            for each in content if kind is _Kind.CHILDREN else (content,):
                if one.payloads:
                    element.append(encode(each))
                else:
                    element.append(build(one.namespace, one.name, text=one.write(each)))


def _enum_reader(wanted: type[Enum]) -> Callable[[str], Enum]:
    by_text = {str(member.value): member for member in wanted}

    def read(value: str) -> Enum:
        try:
            return by_text[value]
        except KeyError:
            raise ValueError("not one of the known words") from None

    return read
