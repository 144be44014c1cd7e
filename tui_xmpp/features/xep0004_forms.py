"""XEP-0004: the forms by which other specifications ask and tell; read by those, and filled in by nobody else."""

from __future__ import annotations

from typing import Final

from tui_xmpp.xmpp.payload import attribute, children, payload

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
