"""The XML tree type of the wire and the only places where text becomes XML and XML becomes bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import TypeAlias

from lxml import etree

from tui_xmpp.patterns import late
from tui_xmpp.xmpp import namespaces as ns

Element: TypeAlias = etree._Element
"""An lxml element. Treat one that came out of a stanza as read-only."""

LANG = f"{{{ns.XML}}}lang"

# RFC 6120 §11.1 with XML 1.0 §2.2: what is not a Char may not be sent, not even as a character reference.
_NOT_A_CHAR = late("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def qualified(namespace: str, name: str) -> str:
    """Return the Clark name ``{namespace}name`` that lxml uses as a tag."""
    return f"{{{namespace}}}{name}"


def tag_text(element: Element) -> str:
    """Return the Clark name of ``element``; a comment or the like has the empty name."""
    return element.tag if isinstance(element.tag, str) else ""


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
    element = etree.Element(qualified(namespace, name), nsmap={None: namespace})
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
    element = etree.Element(qualified(ns.STREAMS, name), nsmap={"stream": ns.STREAMS})
    for child in children:
        element.append(deepcopy(child))
    return element


def serialize_stream_child(element: Element) -> bytes:
    """Return the bytes of ``<stream:features/>`` or ``<stream:error/>`` inside a stream that declares the prefix."""
    declaration = f' xmlns:stream="{ns.STREAMS}"'.encode()
    return serialize(element).replace(declaration, b"", 1)


def serialize(element: Element) -> bytes:
    """Return ``element`` as UTF-8 with no declaration, able to stand alone (RFC 6120 §11.5, §11.6)."""
    return etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False)


def parse_element(text: str | bytes) -> Element:
    """Return trusted XML (our own archive, a test's literal) as an element; never meant for bytes off the
    wire."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(text, parser)
