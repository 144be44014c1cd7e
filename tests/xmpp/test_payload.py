"""Declared payloads: both directions from one declaration, and clear refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest

from tui_xmpp.jid import JID, BareJID, FullJID, parse_jid
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element, build, parse_element, serialize
from tui_xmpp.xmpp.payload import (
    PayloadError,
    attribute,
    child,
    children,
    choice,
    decode,
    encode,
    flag,
    payload,
    rest,
    tag_of,
    text,
)


class Subscription(StrEnum):
    NONE = "none"
    BOTH = "both"


@payload("jabber:iq:roster", "item")
class Item:
    jid: BareJID = attribute()
    name: str | None = attribute(default=None)
    subscription: Subscription = attribute(default=Subscription.NONE)
    approved: bool = attribute(default=False)
    groups: tuple[str, ...] = children("group", default=())


@payload("jabber:iq:roster", "query")
class Roster:
    ver: str | None = attribute(default=None)
    items: tuple[Item, ...] = children(default=())


@payload("urn:xmpp:delay", "delay")
class Delay:
    stamp: datetime = attribute()
    from_: JID | None = attribute(default=None)
    reason: str = text(default="")


class Condition(StrEnum):
    GONE = "gone"
    NOT_HERE = "not-here"


@payload("urn:example:all", "all")
class Everything:
    count: int = attribute("n")
    ratio: float = attribute(default=1.0)
    lang: str | None = attribute(namespace=ns.XML, default=None)
    data: bytes | None = child(default=None)
    delay: Delay | None = child(default=None)
    either: Roster | Item | None = child(default=None)
    full: FullJID | None = child("full-jid", default=None)
    is_open: bool = flag("open", default=False)
    condition: Condition | None = choice(namespace="urn:example:conditions", default=None)
    others: tuple[Element, ...] = rest(default=())


ROSTER = (
    "<query xmlns='jabber:iq:roster' ver='ver11'><item jid='romeo@example.net' name='Romeo' subscription='both'>"
    "<group>Friends</group><group>Verona</group></item><item jid='mercutio@example.com' approved='1'/></query>"
)


def test_rfc_6121_2_1_a_roster_is_read() -> None:
    assert decode(Roster, parse_element(ROSTER)) == Roster(
        "ver11",
        (
            Item(BareJID.parse("romeo@example.net"), "Romeo", Subscription.BOTH, groups=("Friends", "Verona")),
            Item(BareJID.parse("mercutio@example.com"), approved=True),
        ),
    )


def test_what_was_read_is_written_and_defaults_are_left_out() -> None:
    assert serialize(encode(decode(Roster, parse_element(ROSTER)))).decode() == (
        '<query xmlns="jabber:iq:roster" ver="ver11"><item jid="romeo@example.net" name="Romeo" subscription="both">'
        '<group>Friends</group><group>Verona</group></item><item jid="mercutio@example.com" approved="true"/></query>'
    )


EVERYTHING = Everything(
    count=-3,
    ratio=0.5,
    lang="de",
    data=b"\x00\xff",
    delay=Delay(datetime(2002, 9, 10, 23, 8, 25, tzinfo=UTC), parse_jid("capulet.com"), "Offline"),
    full=FullJID.parse("a@b/c"),
    is_open=True,
    condition=Condition.NOT_HERE,
)


def test_every_kind_of_field_survives_both_ways() -> None:
    assert decode(Everything, encode(EVERYTHING)) == EVERYTHING
    assert serialize(encode(EVERYTHING)).decode() == (
        '<all xmlns="urn:example:all" n="-3" ratio="0.5" xml:lang="de"><data>AP8=</data>'
        '<delay xmlns="urn:xmpp:delay" stamp="2002-09-10T23:08:25Z" from="capulet.com">Offline</delay>'
        '<full-jid>a@b/c</full-jid><open/><not-here xmlns="urn:example:conditions"/></all>'
    )


def test_a_union_takes_whichever_child_is_there() -> None:
    item = Item(BareJID.parse("a@b"))
    read = decode(Everything, build("urn:example:all", "all", {"n": "1"}, children=(encode(item),)))
    assert read.either == item
    assert read.others == ()


def test_the_rest_is_what_no_field_took() -> None:
    element = parse_element("<all xmlns='urn:example:all' n='1'><open/><x xmlns='urn:x'><y/></x><z/></all>")
    read = decode(Everything, element)
    assert [one.tag for one in read.others] == ["{urn:x}x", "{urn:example:all}z"]
    assert serialize(encode(read)) == (b'<all xmlns="urn:example:all" n="1"><open/><x xmlns="urn:x"><y/></x><z/></all>')


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("1969-07-21T02:56:15Z", datetime(1969, 7, 21, 2, 56, 15, tzinfo=UTC)),
        ("1969-07-20T21:56:15-05:00", datetime(1969, 7, 21, 2, 56, 15, tzinfo=UTC)),
        ("2002-09-10T23:41:07.123Z", datetime(2002, 9, 10, 23, 41, 7, 123000, tzinfo=UTC)),
        ("2002-09-10T23:41:07.123456789Z", datetime(2002, 9, 10, 23, 41, 7, 123456, tzinfo=UTC)),
    ],
)
def test_xep_0082_date_times_are_read_as_utc(stamp: str, moment: datetime) -> None:
    read = decode(Delay, build("urn:xmpp:delay", "delay", {"stamp": stamp}))
    assert read.stamp == moment
    assert read.stamp.tzinfo is UTC


def test_xep_0082_date_times_are_written_as_utc() -> None:
    moment = datetime(1969, 7, 20, 21, 56, 15, 5, tzinfo=timezone(timedelta(hours=-5)))
    assert encode(Delay(moment)).get("stamp") == "1969-07-21T02:56:15.000005Z"


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"stamp": ""},
        {"stamp": "yesterday"},
        {"stamp": "2002-09-10"},
        {"stamp": "2002-09-10T23:41:07"},
        {"stamp": "0001-01-01T00:00:00+10:00"},
        {"stamp": "2002-09-10T23:41:07Z", "from": "@"},
    ],
)
def test_a_missing_or_unreadable_part_is_named(attributes: dict[str, str]) -> None:
    with pytest.raises(PayloadError, match=r"<delay/> (lacks|has an unreadable) (stamp|from)\."):
        decode(Delay, build("urn:xmpp:delay", "delay", attributes))


@pytest.mark.parametrize("number", ["", "x", "1.5", "1_000", "٣", "9" * 5000, "0x10"])
def test_a_number_is_digits(number: str) -> None:
    with pytest.raises(PayloadError):
        decode(Everything, build("urn:example:all", "all", {"n": number}))


@pytest.mark.parametrize("value", ["yes", "", "TRUE"])
def test_a_boolean_is_one_of_four_words(value: str) -> None:
    with pytest.raises(PayloadError):
        decode(Item, build("jabber:iq:roster", "item", {"jid": "a@b", "approved": value}))


def test_an_unknown_word_of_an_enum_is_refused() -> None:
    with pytest.raises(PayloadError, match="unreadable subscription"):
        decode(Item, build("jabber:iq:roster", "item", {"jid": "a@b", "subscription": "maybe"}))


def test_broken_base64_is_refused_and_folded_base64_is_not() -> None:
    with pytest.raises(PayloadError):
        decode(Everything, parse_element("<all xmlns='urn:example:all' n='1'><data>AP8</data></all>"))
    read = decode(Everything, parse_element("<all xmlns='urn:example:all' n='1'><data>\nAP\n8=</data></all>"))
    assert read.data == b"\x00\xff"


def test_a_full_address_is_no_bare_one() -> None:
    with pytest.raises(PayloadError):
        decode(Item, build("jabber:iq:roster", "item", {"jid": "a@b/c"}))


def test_another_element_is_refused() -> None:
    with pytest.raises(PayloadError, match="Expected <item/>, got <query/>"):
        decode(Item, parse_element(ROSTER))


def test_payloads_are_frozen_slotted_and_know_their_tag() -> None:
    item = Item(BareJID.parse("a@b"))
    with pytest.raises(AttributeError):
        item.name = "x"  # type: ignore[misc]
    assert not hasattr(item, "__dict__")
    assert tag_of(Item) == "{jabber:iq:roster}item"
    assert hash(item) == hash(Item(BareJID.parse("a@b")))


def test_c_xml_03_characters_xml_cannot_carry_are_left_out() -> None:
    delay = Delay(datetime(2002, 9, 10, tzinfo=UTC), None, "a\x00b\ud800")
    assert encode(delay).text == "ab"
    assert encode(Item(BareJID.parse("a@b"), "n\x1b", groups=("g\x07",))).get("name") == "n"
