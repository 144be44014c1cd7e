"""The instant login against a Prosody with SASL2, Bind 2 and resumption inside the login."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NamedTuple

import pytest

from tests.support.account import User, logged_in, settings_of, started
from tests.support.certificates import Authority
from tests.support.prosody import Prosody, instant
from tests.support.proxy import Proxy
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.model import Delivery
from tui_xmpp.worker import wirelog


@pytest.fixture(autouse=True)
def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Log all that passes, however much of it passes at once."""
    monkeypatch.setattr(wirelog, "_LONGEST", 10**6)


class Passed(NamedTuple):
    """What one read or one flush has carried."""

    is_written: bool
    text: str


class Watched:
    """A user behind a proxy, and what passes on this user's wire."""

    def __init__(self, user: User, proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
        self.user = user
        self.proxy = proxy
        self._caplog = caplog

    def wire(self) -> list[Passed]:
        """Return what has passed since it was last forgotten."""
        passed = []
        for record in self._caplog.records:
            if record.name == "tui_xmpp.wire":
                account, direction, text = record.getMessage().split(" ", 2)
                if account == str(self.user.account):
                    passed.append(Passed(direction == "out", json.loads(text)))
        return passed

    def written(self) -> list[str]:
        return [each.text for each in self.wire() if each.is_written]

    def success(self) -> str:
        """Return what came in the last answer to a login."""
        read = "".join(each.text for each in self.wire() if not each.is_written)
        return read.rpartition("<success")[2].partition("</success>")[0]

    def forget(self) -> None:
        self._caplog.clear()

    async def comes_back(self) -> None:
        """Wait for the next stream after one that is lost."""
        began = self.user.connection.facts.since
        await self.proxy.cut()
        await self.user.until(lambda _: self.user.connection.facts.since not in (None, began))
        await self.user.online()


@asynccontextmanager
async def watched(
    server: Prosody, caplog: pytest.LogCaptureFixture, *, is_plain_allowed: bool = False
) -> AsyncGenerator[Watched]:
    account = server.user("jane")
    caplog.set_level(logging.DEBUG, "tui_xmpp.wire")
    async with Proxy(server.starttls_port) as proxy:
        settings = replace(settings_of(server, account), port=proxy.port, is_plain_allowed=is_plain_allowed)
        async with started(settings, account.password, is_wire_logged=True) as user:
            await user.online()
            await user.settle()
            yield Watched(user, proxy, caplog)


async def test_c_bind2_01_address_carbons_and_stream_management_come_with_the_login(
    instant_prosody: Prosody, caplog: pytest.LogCaptureFixture
) -> None:
    async with watched(instant_prosody, caplog) as jane:
        written = "".join(jane.written())
        [login] = [line for line in jane.written() if "<authenticate" in line]
        assert login.index('<bind xmlns="urn:xmpp:bind:0"') < login.index("<enable ") < login.index("</authenticate>")
        for asked_for_again in ("urn:ietf:params:xml:ns:xmpp-bind", '<enable xmlns="urn:xmpp:sm:3"'):
            assert asked_for_again not in written.replace(login, "")
        success = jane.success()
        assert "urn:xmpp:bind:0" in success
        assert "<enabled" in success
        assert "urn:xmpp:carbons:2" in success
        assert jane.user.connection.facts.jid is not None
        assert jane.user.connection.facts.jid.resource.startswith("tui-xmpp")


async def test_x_198_04_a_cut_session_is_back_with_the_authentication_itself(
    instant_prosody: Prosody, caplog: pytest.LogCaptureFixture
) -> None:
    async with watched(instant_prosody, caplog) as jane, logged_in(instant_prosody) as lizzy:
        user, jid = jane.user, jane.user.jid
        jane.forget()
        await jane.comes_back()
        assert user.connection.facts.is_resumed
        assert user.jid == jid
        flushes = jane.written()
        [begun] = [number for number, line in enumerate(flushes) if "<authenticate" in line]
        # SCRAM takes two messages, and nothing else is said.
        assert flushes[begun - 1].startswith("<?xml")
        assert flushes[begun].index("<resume ") < flushes[begun].index("</authenticate>")
        assert "<response" in flushes[begun + 1]
        success = jane.success()
        assert "<resumed" in success
        assert "<bound" not in success
        assert not any("xmpp-bind" in line or "<resume " in line for line in flushes[begun + 1 :])
        await user.does(SendMessage(user.account, lizzy.account, "back"))
        await lizzy.hears(user.account, "back")
        await user.until(lambda _: user.messages(lizzy.account)[-1].delivery is Delivery.ACKNOWLEDGED)


@pytest.fixture(scope="module")
def trusting_prosody(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, instant_prosody_of_session: Prosody
) -> Generator[Prosody]:
    """One that takes the password itself, and so is content with one message."""
    settings = 'disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256" }\ninsecure_sasl_mechanisms = {}'
    with instant(tmp_path_factory.mktemp("trusting"), authority, settings=settings) as server:
        yield server


@pytest.mark.usefixtures("instant_prosody")
async def test_x_198_04_with_a_mechanism_of_one_message_a_session_is_back_after_one_round_trip(
    trusting_prosody: Prosody, caplog: pytest.LogCaptureFixture
) -> None:
    async with watched(trusting_prosody, caplog, is_plain_allowed=True) as jane:
        jane.forget()
        await jane.comes_back()
        assert jane.user.connection.facts.is_resumed
        assert jane.user.connection.facts.mechanism == "PLAIN"
        wire = jane.wire()
        [asked] = [number for number, each in enumerate(wire) if "<authenticate" in each.text]
        answered = next(number for number, each in enumerate(wire) if "<resumed" in each.text)
        assert [each.is_written for each in wire[asked:answered]] == [True] + [False] * (answered - asked - 1)


async def test_x_198_04_what_vanished_on_the_way_arrives_once_after_an_inline_resumption(
    instant_prosody: Prosody, caplog: pytest.LogCaptureFixture
) -> None:
    async with watched(instant_prosody, caplog) as jane, logged_in(instant_prosody) as lizzy:
        user = jane.user
        await user.does(SendMessage(user.account, lizzy.account, "jane 0"))
        await lizzy.hears(user.account, "jane 0")
        jane.proxy.swallow()
        for number in range(1, 6):
            await user.does(SendMessage(user.account, lizzy.account, f"jane {number}"))
            await lizzy.does(SendMessage(lizzy.account, user.account, f"lizzy {number}"))
        await lizzy.settle()
        jane.proxy.heal()
        await jane.comes_back()
        assert user.connection.facts.is_resumed
        await lizzy.hears(user.account, "jane 5")
        await user.hears(lizzy.account, "lizzy 5")
        heard = [m.body for m in lizzy.messages(user.account) if not m.is_outgoing]
        assert heard == [f"jane {number}" for number in range(6)]
        assert [m.body for m in user.messages(lizzy.account) if not m.is_outgoing] == [
            f"lizzy {number}" for number in range(1, 6)
        ]


async def test_x_198_05_a_session_that_is_gone_is_replaced_in_the_same_login_and_its_messages_go_out_again(
    instant_prosody: Prosody, caplog: pytest.LogCaptureFixture
) -> None:
    server = instant_prosody
    async with watched(server, caplog) as jane, logged_in(server) as lizzy:
        user = jane.user
        jane.proxy.swallow("up")
        said = [f"said into the wind {number}" for number in range(5)]
        await user.does(*(SendMessage(user.account, lizzy.account, text) for text in said))
        await user.until(lambda _: {m.delivery for m in user.messages(lizzy.account)} == {Delivery.SENT})
        jane.proxy.refuse()
        await jane.proxy.cut()
        await asyncio.to_thread(server.restart)
        jane.forget()
        jane.proxy.heal()
        await user.online()
        assert not user.connection.facts.is_resumed
        success = jane.success()
        assert "<failed" in success
        assert "<item-not-found" in success
        assert "<enabled" in success.partition("<bound")[2]
        [login] = [line for line in jane.written() if "<authenticate" in line]
        assert "<resume " in login
        assert "<bind " in login
        assert not any("xmpp-bind" in line for line in jane.written())
        await user.until(lambda _: {m.delivery for m in user.messages(lizzy.account)} == {Delivery.ACKNOWLEDGED})
        again = [sent for sent in "".join(jane.written()).split("</message>") if "into the wind" in sent]
        assert [text in sent for text, sent in zip(said, again, strict=True)] == [True] * 5
        assert all("urn:xmpp:delay" in sent.rpartition("<message ")[2] for sent in again)
        # To her they may come live, offline or from the archive, which has the last word on their order.
        await lizzy.until(lambda _: [m.body for m in lizzy.messages(user.account)] == said)
