"""XEP-0308: the author of a message says it anew. What it then reads is the matter of :mod:`tui_xmpp.core.correction`.

A correction is a message of its own with an id of its own; it names the first text, also when that was corrected before
(§4). What a client sends that does not know this specification is a second message, and so is one to an original that
is not here.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui_xmpp.features.feature import Feature
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import PayloadError, attribute, decode, payload, tag_of

CORRECTION = "urn:xmpp:message-correct:0"


@payload(CORRECTION, "replace")
class Replace:
    id: str = attribute()


TAG = tag_of(Replace)


def replaced_by(parts: Mapping[object, Element]) -> str | None:
    """Return the id of the message that one with these payloads corrects, None where it corrects none."""
    element = parts.get(TAG)
    if element is None:
        return None
    try:
        return decode(Replace, element).id or None
    except PayloadError:
        return None


FEATURE = Feature(spec="XEP-0308", title="Last Message Correction", version="1.2.1", disco=(CORRECTION,))
