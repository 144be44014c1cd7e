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
import types
from collections.abc import Callable
from copy import deepcopy
from dataclasses import MISSING, field, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TypeVar, Union, cast, dataclass_transform, get_args, get_origin, get_type_hints

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, FullJID, parse_jid
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.element import Element, build, local_name, qualified, sendable

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
_NAME: Final = "__payload__"


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
        setattr(made, _NAME, (namespace, name))
        return made

    return declare


def tag_of(cls: type[object]) -> str:
    """Return the Clark name of a declared payload class."""
    return qualified(*getattr(cls, _NAME))


def decode(cls: type[P], element: Element) -> P:
    """Return ``element`` as a ``cls``, or raise PayloadError saying which part is missing or wrong."""
    return cast("P", _declaration_of(cls).decode(element))


def encode(value: object) -> Element:
    """Return a declared payload as a new element."""
    return _declaration_of(type(value)).encode(value)


def _declaration_of(cls: type[object]) -> _Declaration:
    """Resolve the class when it is first sent or received: most payloads are not, in one run."""
    found = _declarations.get(cls)
    if found is None:
        found = _declarations[cls] = _Declaration(cls, *getattr(cls, _NAME))
    return found


_declarations: Final[dict[type[object], _Declaration]] = {}


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


def write_datetime(value: datetime) -> str:
    """Return a moment as XEP-0082 writes it, in UTC."""
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
    datetime: write_datetime,
}


_Reader = Callable[[Element], Any]
_Writer = Callable[[Element, Any], None]


class _Lacking(ValueError):
    """A required part is not there."""


class _Declaration:
    """The resolved shape of one payload class: a reader and a writer for each field."""

    def __init__(self, cls: type[Any], namespace: str, name: str) -> None:
        self.cls = cls
        self.namespace = namespace
        self.name = name
        self.tag = qualified(namespace, name)
        self._taken: set[str] = set()  # tags of children that belong to some field
        self._readers: list[tuple[str, _Reader]] = []
        self._writers: list[tuple[str, _Writer, Any]] = []
        hints = get_type_hints(cls)
        for one in fields(cls):
            reader, writer = self._resolve(one.name, hints[one.name], one.metadata[_SPEC], one.default)
            self._readers.append((one.name, reader))
            self._writers.append((one.name, writer, one.default))

    def decode(self, element: Element) -> Any:
        if element.tag != self.tag:
            raise PayloadError(f"Expected <{self.name}/>, got <{local_name(element)}/>.")
        try:
            return self.cls(*[read(element) for _, read in self._readers])
        except PayloadError:
            raise
        except (ValueError, OverflowError):
            self._complain(element)
            raise

    def _complain(self, element: Element) -> None:
        """Raise a PayloadError that names the first field that cannot be read."""
        for name, read in self._readers:
            try:
                read(element)
            except _Lacking as error:
                raise PayloadError(f"<{self.name}/> lacks {name.rstrip('_')}.") from error
            except (ValueError, OverflowError) as error:
                raise PayloadError(f"<{self.name}/> has an unreadable {name.rstrip('_')}.") from error

    def encode(self, value: Any) -> Element:
        element = build(self.namespace, self.name)
        for name, write, default in self._writers:
            content = getattr(value, name)
            if content is not None and (default is MISSING or content != default):
                write(element, content)
        return element

    def _resolve(self, python_name: str, annotation: Any, spec: _Spec, default: Any) -> tuple[_Reader, _Writer]:
        wanted = _without_none(annotation)
        namespace = spec.namespace if spec.namespace is not None else self.namespace
        name = spec.name if spec.name is not None else python_name.rstrip("_").replace("_", "-")
        tag = qualified(namespace, name)
        kind = spec.kind
        if kind is _Kind.ATTRIBUTE:
            return _attribute(qualified(spec.namespace, name) if spec.namespace else name, wanted, default)
        if kind is _Kind.TEXT:
            return _text(wanted, default)
        if kind is _Kind.REST:
            return _rest(self._taken)
        if kind is _Kind.FLAG:
            self._taken.add(tag)
            return _flag(tag, namespace, name)
        if kind is _Kind.CHOICE:
            members = {qualified(namespace, str(member.value)): member for member in wanted}
            self._taken.update(members)
            return _choice(members, namespace, default)
        one = get_args(wanted)[0] if kind is _Kind.CHILDREN else wanted
        readers, write = _child(one, tag, namespace, name)
        self._taken.update(readers)
        return _many(readers, write, default) if kind is _Kind.CHILDREN else _single(readers, write, default)


def _absent(default: Any) -> Any:
    if default is MISSING:
        raise _Lacking
    return default


def _attribute(key: str, wanted: Any, default: Any) -> tuple[_Reader, _Writer]:
    convert, written = _scalar(wanted)

    def read(element: Element) -> Any:
        raw = element.get(key)
        return convert(raw) if raw is not None else _absent(default)

    return read, lambda element, value: element.set(key, sendable(written(value)))


def _text(wanted: Any, default: Any) -> tuple[_Reader, _Writer]:
    convert, written = _scalar(wanted)

    def read(element: Element) -> Any:
        raw = element.text
        return convert(raw or "") if raw or default is MISSING else default

    def write(element: Element, value: Any) -> None:
        element.text = sendable(written(value))

    return read, write


def _flag(tag: str, namespace: str, name: str) -> tuple[_Reader, _Writer]:
    def read(element: Element) -> bool:
        return any(each.tag == tag for each in element)

    return read, lambda element, _: element.append(build(namespace, name))


def _choice(members: dict[str, Any], namespace: str, default: Any) -> tuple[_Reader, _Writer]:
    def read(element: Element) -> Any:
        for each in element:
            if each.tag in members:
                return members[each.tag]
        return _absent(default)

    return read, lambda element, value: element.append(build(namespace, str(value.value)))


def _rest(taken: set[str]) -> tuple[_Reader, _Writer]:
    def read(element: Element) -> tuple[Element, ...]:
        return tuple(each for each in element if each.tag not in taken)

    def write(element: Element, value: tuple[Element, ...]) -> None:
        for each in value:
            element.append(deepcopy(each))

    return read, write


def _child(wanted: Any, tag: str, namespace: str, name: str) -> tuple[dict[str, _Reader], Callable[[Any], Element]]:
    """Return how to read a child by its tag, and how to make one: payloads by their own tags, a scalar by ``tag``."""
    parts = get_args(wanted) if _is_union(wanted) else (wanted,)
    declared = [_declaration_of(part) for part in parts if hasattr(part, _NAME)]
    if declared:
        return {one.tag: one.decode for one in declared}, encode
    convert, written = _scalar(wanted)
    return (
        {tag: lambda element: convert(element.text or "")},
        lambda value: build(namespace, name, text=written(value)),
    )


def _single(readers: dict[str, _Reader], make: Callable[[Any], Element], default: Any) -> tuple[_Reader, _Writer]:
    def read(element: Element) -> Any:
        for each in element:
            if each.tag in readers:
                return readers[each.tag](each)
        return _absent(default)

    return read, lambda element, value: element.append(make(value))


def _many(readers: dict[str, _Reader], make: Callable[[Any], Element], default: Any) -> tuple[_Reader, _Writer]:
    def read(element: Element) -> Any:
        found = tuple([readers[each.tag](each) for each in element if each.tag in readers])
        return found or _absent(default)

    def write(element: Element, value: tuple[Any, ...]) -> None:
        for each in value:
            element.append(make(each))

    return read, write


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _without_none(annotation: Any) -> Any:
    if not _is_union(annotation):
        return annotation
    kept = [one for one in get_args(annotation) if one is not type(None)]
    return Union[tuple(kept)] if len(kept) > 1 else kept[0]  # noqa: UP007


def _scalar(wanted: Any) -> tuple[Callable[[str], Any], Callable[[Any], str]]:
    """Return how text becomes a value of this type, and back."""
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return _enum_reader(wanted), lambda member: str(member.value)
    key = BareJID | FullJID if _is_union(wanted) and set(get_args(wanted)) == {BareJID, FullJID} else wanted
    return _READERS[key], _WRITERS.get(key, str)


def _enum_reader(wanted: type[Enum]) -> Callable[[str], Enum]:
    by_text = {str(member.value): member for member in wanted}

    def read(value: str) -> Enum:
        try:
            return by_text[value]
        except KeyError:
            raise ValueError("not one of the known words") from None

    return read
