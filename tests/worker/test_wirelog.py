"""S-49, S-50: the log of the wire holds no secret and no control character, however the bytes are cut."""

from __future__ import annotations

import logging
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.engine import ACCOUNT, PASSWORD, ScriptedServer, engine_of
from tui_xmpp.core.commands import ProvidePassword, SendMessage
from tui_xmpp.jid import BareJID
from tui_xmpp.worker.wirelog import Redactor

SECRET = "c2VjcmV0"
SECRETS = [
    f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{SECRET}</auth>",
    f"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{SECRET}</response>",
    f"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{SECRET}</success>",
    f"<authenticate xmlns='urn:xmpp:sasl:2'><initial-response>{SECRET}</initial-response></authenticate>",
    f"<success xmlns='urn:xmpp:sasl:2'><additional-data>{SECRET}</additional-data></success>",
    f"<token xmlns='urn:xmpp:fast:0' expiry='2026-01-01T00:00:00Z' token='{SECRET}'/>",
    f"<query xmlns='jabber:iq:register'><username>juliet</username><password>{SECRET}</password></query>",
    f"<x xmlns='http://jabber.org/protocol/muc'><password>{SECRET}</password></x>",
    f"<put url='https://x'><header name='Authorization'>{SECRET}</header></put>",
    f"<r:password xmlns:r='jabber:iq:register'>{SECRET}<![CDATA[{SECRET}]]></r:password>",
    f"<password><x>{SECRET}</x></password>",
    f"<preauth xmlns='urn:xmpp:pars:0' token='{SECRET}'/>",
    f"<token token='a>{SECRET}'/>",
    f"<enabled xmlns='urn:xmpp:sm:3' id='{SECRET}'/>",
]


@pytest.mark.parametrize("xml", SECRETS)
def test_s_49_no_secret_is_written(xml: str) -> None:
    written = Redactor().feed(xml.encode())
    assert SECRET not in written
    assert "…" in written


@pytest.mark.parametrize("xml", SECRETS)
@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_s_49_no_secret_is_written_however_it_is_cut(xml: str, cuts: list[int]) -> None:
    data = f"<stream>{xml}<message><body>plain é</body></message>".encode()
    redactor = Redactor()
    edges = [0, *sorted(cuts), len(data)]
    written = "".join(redactor.feed(data[start:end]) for start, end in pairwise(edges))
    assert SECRET not in written
    assert "<body>plain é</body>" in written


def test_s_49_key_of_an_encrypted_file_is_not_written() -> None:
    written = Redactor().feed(b"<body>aesgcm://x.example/a.jpg#8c3d050e9386ec17 look</body>")
    assert written == "<body>aesgcm://x.example/a.jpg#… look</body>"


def test_what_is_no_secret_is_written_as_it_is() -> None:
    xml = "<message to='a@b'><body>auth &lt;password&gt; 1 &gt; 0</body><x xmlns='y'/></message>"
    assert Redactor().feed(xml.encode()) == xml


async def test_s_50_each_read_and_write_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tui_xmpp.wire")
    server = ScriptedServer()
    async with engine_of(server, is_wire_logged=True) as scene:
        await scene.does(ProvidePassword(ACCOUNT, PASSWORD))
        await scene.does(SendMessage(ACCOUNT, BareJID.parse("romeo@montague.example"), "two\nlines\x9b31m"))
        await scene.hears("<message from='x@y'><body>&#x9b;31m red&#10;</body></message>")
    lines = [record.getMessage() for record in caplog.records if record.name == "tui_xmpp.wire"]
    assert any("juliet@capulet.example out" in line for line in lines)
    assert any("juliet@capulet.example in" in line for line in lines)
    assert all(line.isprintable() and len(line) < 10_000 for line in lines)
    assert PASSWORD not in "".join(lines)
    assert all("\\u2026" in line for line in lines if "<response" in line or "<auth " in line)


async def test_s_49_nothing_is_written_unless_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tui_xmpp.wire")
    async with engine_of(ScriptedServer()) as scene:
        await scene.does(ProvidePassword(ACCOUNT, PASSWORD))
    assert not [record for record in caplog.records if record.name == "tui_xmpp.wire"]
