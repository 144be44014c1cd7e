"""X.690: one way to write a value, and no other is read."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.net import der as d
from tui_xmpp.net.der import Der, DerError


def written(tag: int, content: bytes) -> bytes:
    size = len(content)
    octets = b"" if size < 0x80 else size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets) if octets else size)) + octets + content


@given(st.lists(st.tuples(st.sampled_from((0x02, 0x04, 0x30, 0xA3, 0x82)), st.binary(max_size=300)), max_size=6))
def test_values_are_read_as_they_were_written(values: list[tuple[int, bytes]]) -> None:
    reader = Der(b"".join(written(*value) for value in values))
    found = []
    while reader:
        found.append(reader.next())
    assert found == values
    reader.end()


@given(st.binary(max_size=80))
def test_s_21_any_bytes_are_read_or_refused_to_their_end(data: bytes) -> None:
    reader = Der(data)
    with suppress(DerError):
        total = 0
        while reader:
            total += 2 + len(reader.next()[1])
        assert total <= len(data)
    for read in (d.identifier, lambda content: d.moment(0x17, content)):
        with suppress(DerError):
            read(data)


@pytest.mark.parametrize(
    "data",
    [
        "30",  # no length
        "3003aabb",  # too short
        "3080aabb0000",  # no end given: BER, not DER
        "308103aabbcc",  # a length in more octets than it needs
        "30820003aabbcc",
        "3085000000000000",  # a length nothing can have
        "3083",  # a length that is not there
        "1f8101aa",  # a tag of many octets
    ],
)
def test_s_21_what_is_not_der_is_refused(data: str) -> None:
    with pytest.raises(DerError):
        Der(bytes.fromhex(data)).next()


def test_another_tag_and_more_than_there_should_be_are_refused() -> None:
    with pytest.raises(DerError):
        Der(bytes.fromhex("0201ff")).take(d.OCTET_STRING)
    with pytest.raises(DerError):
        Der(b"\0\0").end()
    assert Der(bytes.fromhex("0201ff")).maybe(d.BOOLEAN) is None
    assert Der(b"").maybe(d.BOOLEAN) is None


@pytest.mark.parametrize(
    ("content", "dotted"),
    [("551d11", "2.5.29.17"), ("2b06010505070807", "1.3.6.1.5.5.7.8.7"), ("883703", "2.999.3"), ("00", "0.0")],
)
def test_identifiers_are_read(content: str, dotted: str) -> None:
    assert d.identifier(bytes.fromhex(content)) == dotted


@pytest.mark.parametrize("content", ["", "5581", "558011", "80", "55" * 65])
def test_s_21_identifiers_that_are_none_are_refused(content: str) -> None:
    with pytest.raises(DerError):
        d.identifier(bytes.fromhex(content))


@pytest.mark.parametrize(
    ("tag", "text", "year"),
    [(0x17, "491231235959Z", 2049), (0x17, "500101000000Z", 1950), (0x18, "99991231235959Z", 9999)],
)
def test_times_are_read(tag: int, text: str, year: int) -> None:
    assert d.moment(tag, text.encode()).year == year
    assert d.moment(tag, text.encode()).tzinfo is UTC
    assert d.moment(0x17, b"260102030405Z") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (0x17, "2601020304Z"),
        (0x17, "260102030405+0100"),
        (0x17, "261302030405Z"),
        (0x18, "260102030405Z"),
        (0x18, "20260102030405.5Z"),
        (0x04, "260102030405Z"),
        (0x17, "٢60102030405Z"),
    ],
)
def test_s_21_times_that_are_none_are_refused(tag: int, text: str) -> None:
    with pytest.raises(DerError):
        d.moment(tag, text.encode())


def test_characters_never_raise() -> None:
    assert d.characters(0x0C, b"\xff") == "�"
    assert d.characters(0x1E, b"\0a\0") == "a�"
    assert d.characters(0x04, b"a") is None
