"""The XML tree type of the wire and the only places where text becomes XML and XML becomes bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Final
from xml.etree.ElementTree import Element as Element  # one that came out of a stanza is to be read only
from xml.etree.ElementTree import fromstring

from tui_xmpp.patterns import late
from tui_xmpp.xmpp import namespaces as ns

LANG: Final = f"{{{ns.XML}}}lang"

# RFC 6120 §11.1 with XML 1.0 §2.2: what is not a Char may not be sent, not even as a character reference.
_NOT_A_CHAR = late("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def qualified(namespace: str, name: str) -> str:
    """Return the Clark name ``{namespace}name``, which is what an element's tag is."""
    return f"{{{namespace}}}{name}"


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def sendable(text: str) -> str:
    """Return ``text`` without the characters XML 1.0 cannot carry (controls, lone surrogates, U+FFFE,
    U+FFFF)."""
    return _NOT_A_CHAR.sub("", text)


def build(
    namespace: str,
    name: str,
    attributes: Mapping[str, str | None] | None = None,
    text: str | None = None,
    children: Iterable[Element] = (),
) -> Element:
    """Return a new element whose default namespace is its own; attributes that are None are left out.

    Children are copied, so that an element of a received stanza may be sent on without being torn out of it.
    """
    element = Element(qualified(namespace, name))
    for key, value in (attributes or {}).items():
        if value is not None:
            element.set(key, sendable(value))
    if text is not None:
        element.text = sendable(text)
    for child in children:
        element.append(deepcopy(child))
    return element


def build_stream_child(name: str, children: Iterable[Element] = ()) -> Element:
    """Return ``<stream:name/>`` with copies of ``children``; write it with ``serialize_stream_child``."""
    return build(ns.STREAMS, name, children=children)


def serialize_stream_child(element: Element) -> bytes:
    """Return the bytes of ``<stream:features/>`` or ``<stream:error/>`` inside a stream that declares the prefix."""
    parts: list[str] = []
    _write_as(f"stream:{local_name(element)}", element, ns.CLIENT, parts.append)
    return "".join(parts).encode()


def serialize(element: Element, within: str = "") -> bytes:
    """Return ``element`` as UTF-8 with no declaration (RFC 6120 §11.5, §11.6).

    ``within`` is the default namespace of where it will stand; without one the element can stand alone.
    """
    parts: list[str] = []
    _write(element, within, parts.append)
    return "".join(parts).encode()


def write_attribute(name: str, value: str) -> str:
    """Return an attribute as it stands in a tag, with the space before it."""
    value = _escaped(value).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return f' {name}="{value}"'


def _write(element: Element, default: str, put: Callable[[str], None]) -> None:
    """Write an element where ``default`` is the default namespace."""
    namespace, name = _parts(element.tag)
    if namespace != default:
        name += write_attribute("xmlns", namespace)
    _write_as(name, element, namespace, put)


def _write_as(name: str, element: Element, default: str, put: Callable[[str], None]) -> None:
    put(f"<{name}")
    for number, (key, value) in enumerate(element.items()):
        namespace, local = _parts(key)
        if namespace == ns.XML:
            local = f"xml:{local}"
        elif namespace:
            put(write_attribute(f"xmlns:ns{number}", namespace))
            local = f"ns{number}:{local}"
        put(write_attribute(local, value))
    if not element.text and not len(element):
        put("/>")
        return
    put(">")
    put(_escaped(element.text or ""))
    for child in element:
        _write(child, default, put)
        put(_escaped(child.tail or ""))
    put(f"</{name.partition(' ')[0]}>")


def _parts(name: str) -> tuple[str, str]:
    """Return the namespace and the local part of a Clark name."""
    namespace, _, local = name.rpartition("}")
    return namespace[1:], local


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def parse_element(text: str | bytes) -> Element:
    """Return trusted XML (our own archive, a test's literal) as an element; never meant for bytes off the wire.

    Raise ``xml.etree.ElementTree.ParseError``.
    """
    return fromstring(text)  # noqa: S314 - it is trusted
