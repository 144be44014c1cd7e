"""XEP-0004: the forms by which other specifications ask and tell; read by those, and filled in by nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import PayloadError, attribute, children, decode, payload, tag_of

FORMS: Final = "jabber:x:data"


@payload(FORMS, "field")
class Field:
    var: str | None = attribute(default=None)
    type: str | None = attribute(default=None)
    values: tuple[str, ...] = children("value", default=())


@payload(FORMS, "x")
class Form:
    type: str = attribute()
    fields: tuple[Field, ...] = children(default=())


_FORM = tag_of(Form)


def told_in(elements: Iterable[Element]) -> Iterator[str]:
    """Yield what forms say, each value as ``FORM_TYPE field value`` (XEP-0068); one without that type says nothing."""
    for element in elements:
        try:
            fields = decode(Form, element).fields if element.tag == _FORM else ()
        except PayloadError:
            continue
        kind = next((each.values[0] for each in fields if each.var == "FORM_TYPE" and each.values), None)
        if kind is not None:
            yield from (
                f"{kind} {each.var} {value}" for each in fields if each.var != "FORM_TYPE" for value in each.values
            )
