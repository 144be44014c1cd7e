"""XEP-0059: the specification's own requests and answers."""

from __future__ import annotations

import pytest

from tests.support.engine import canonical
from tui_xmpp.features.xep0059_paging import Before, First, Page
from tui_xmpp.xmpp.element import parse_element, serialize
from tui_xmpp.xmpp.payload import decode, encode

SET = "<set xmlns='http://jabber.org/protocol/rsm'>{}</set>"


@pytest.mark.parametrize(
    ("page", "xml"),
    [
        (Page(max=10), "<max>10</max>"),
        (Page(max=10, after="peterpan@neverland.lit"), "<max>10</max><after>peterpan@neverland.lit</after>"),
        (Page(max=10, before=Before("peter@pixyland.org")), "<max>10</max><before>peter@pixyland.org</before>"),
        (Page(max=10, before=Before()), "<max>10</max><before/>"),
        (Page(max=0), "<max>0</max>"),
    ],
    ids=["first-page", "next-page", "previous-page", "last-page", "count"],
)
def test_x_059_what_is_asked_for(page: Page, xml: str) -> None:
    assert canonical(serialize(encode(page))) == canonical(SET.format(xml))


@pytest.mark.parametrize(
    ("xml", "page"),
    [
        (
            "<first index='0' exact-index='true'>stpeter@jabber.org</first><last>peterpan@neverland.lit</last>"
            "<count exact='true'>800</count>",
            Page(first=First("stpeter@jabber.org", 0), last="peterpan@neverland.lit", count=800),
        ),
        ("<first>a</first><last>b</last>", Page(first=First("a"), last="b")),
        ("<count>790</count>", Page(count=790)),
        ("", Page()),
    ],
    ids=["first-page", "no-index", "empty-page", "nothing"],
)
def test_x_059_what_is_answered(xml: str, page: Page) -> None:
    assert decode(Page, parse_element(SET.format(xml))) == page
