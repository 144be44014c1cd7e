"""XEP-0066: an address beside the text of a message, most often of a file that was uploaded (XEP-0363 §9)."""

from __future__ import annotations

from collections.abc import Iterable

from tui_xmpp.features.feature import Feature
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import PayloadError, child, decode, payload, tag_of

OOB = "jabber:x:oob"
MOST = 8
"""Most addresses taken from one message."""
_LONGEST = 4096


@payload(OOB, "x")
class OutOfBand:
    url: str = child("url")
    desc: str = child("desc", default="")


TAG = tag_of(OutOfBand)


def files_of(children: Iterable[Element]) -> tuple[tuple[str, str], ...]:
    """Return (address, description) of what is offered, as received; a broken one is left out."""
    files: list[tuple[str, str]] = []
    for element in children:
        if element.tag == TAG and len(files) < MOST:
            try:
                offered = decode(OutOfBand, element)
            except PayloadError:
                continue
            if 0 < len(offered.url) <= _LONGEST:
                files.append((offered.url, offered.desc[:_LONGEST]))
    return tuple(files)


FEATURE = Feature(spec="XEP-0066", title="Out of Band Data", version="1.5", disco=(OOB,))
