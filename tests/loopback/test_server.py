"""The loopback over its whole wire: a client's Connection in memory and over sockets with a verified certificate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from random import Random

import pytest

from tests.support.loopback import Client, WireClient
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.loopback.realm import NoAccountError
from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.net.tls import CertificateRefusedError, TlsLibrary, TlsPolicy
from tui_xmpp.net.transport import ConnectionLostError, MemoryTransport, Transport, dial
from tui_xmpp.xmpp.config import InitiatorConfig, TlsMode
from tui_xmpp.xmpp.element import parse_element
from tui_xmpp.xmpp.events import (
    Authenticated,
    AuthenticationFailed,
    CredentialsWanted,
    StreamClosed,
    StreamErrorReceived,
    StreamFailed,
)
from tui_xmpp.xmpp.sasl import Credentials, Password
from tui_xmpp.xmpp.stanza import Message
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream_errors import HostPort, StreamError, StreamErrorCondition

DOMAIN = "capulet.example"
JULIET = BareJID("juliet", DOMAIN)
PASSWORD = "R0m30"


@pytest.fixture
async def server() -> AsyncGenerator[LoopbackServer]:
    async with LoopbackServer(DOMAIN, random=Random(1)) as server:
        server.add_user("juliet", PASSWORD)
        server.add_user("nurse", PASSWORD)
        yield server


def _client(
    transport: Transport,
    server: LoopbackServer | None = None,
    *,
    user: str = "juliet",
    password: str = PASSWORD,
    mode: TlsMode = TlsMode.STARTTLS,
    resource: str | None = None,
    login: Credentials | None = None,
) -> WireClient:
    account = BareJID(user, DOMAIN)
    policy = TlsPolicy(DOMAIN, ca_file=None if server is None else server.ca_file)
    config = InitiatorConfig(DOMAIN, account, resource=resource, tls_mode=mode, make_id=lambda: "id")
    return WireClient(transport, policy, config, login or Credentials(user, Password(password)))


def _in_memory(server: LoopbackServer, user: str = "juliet", resource: str | None = None) -> WireClient:
    return _client(server.connect_memory(), user=user, resource=resource)


async def _online(client: WireClient) -> FullJID:
    """Log in and be available."""
    jid = await client.log_in()
    client.send("<presence/>")
    assert (await client.stanza()).from_ == jid
    return jid


@pytest.mark.parametrize("mode", list(TlsMode))
async def test_login_in_memory(server: LoopbackServer, mode: TlsMode) -> None:
    async with (
        asyncio.timeout(20),
        _client(server.connect_memory(is_direct=mode is TlsMode.DIRECT), mode=mode) as client,
    ):
        jid = await client.log_in()
        assert jid.bare == JULIET
        assert client.connection.features.has_roster_versioning
        assert client.connection.features.has_subscription_pre_approval
        client.send("<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>")
        answer = await client.stanza()
        assert (answer.id, answer.error) == ("p1", None)


@pytest.mark.parametrize("mode", list(TlsMode))
async def test_login_over_a_socket_with_its_certificate_verified(server: LoopbackServer, mode: TlsMode) -> None:
    async with asyncio.timeout(20):
        port = await server.serve_socket(is_direct=mode is TlsMode.DIRECT)
        async with _client(await dial("127.0.0.1", port), server, mode=mode) as client:
            assert (await client.log_in()).bare == JULIET
            assert (await client.until(Authenticated)).mechanism == "SCRAM-SHA-512-PLUS"
            client.send("<presence type='unavailable'/>")
            client.connection.close()
            client.flush()
            assert (await client.until(StreamClosed)).is_clean


@pytest.mark.parametrize("mode", list(TlsMode))
async def test_a_client_that_does_not_know_the_authority_stays_out(server: LoopbackServer, mode: TlsMode) -> None:
    async with asyncio.timeout(20):
        port = await server.serve_socket(is_direct=mode is TlsMode.DIRECT)
        async with _client(await dial("127.0.0.1", port), mode=mode) as client:
            with pytest.raises(CertificateRefusedError):
                await client.log_in()


async def test_login_bound_to_tls_by_exporter() -> None:
    """XEP-0440: the server says which channel bindings it knows."""
    pytest.importorskip("OpenSSL")
    async with asyncio.timeout(20), LoopbackServer(DOMAIN, tls_library=TlsLibrary.OPENSSL) as server:
        server.add_user("juliet", PASSWORD)
        async with _client(await dial("127.0.0.1", await server.serve_socket()), server) as client:
            await client.log_in()
            offer = (await client.until(CredentialsWanted)).offer
            assert offer.channel_binding_types == ("tls-exporter", "tls-server-end-point")
            assert (await client.until(Authenticated)).mechanism == "SCRAM-SHA-512-PLUS"


@pytest.mark.parametrize(("user", "password"), [("juliet", "wrong"), ("tybalt", PASSWORD)])
async def test_who_is_not_a_user_or_has_another_password_is_refused(
    server: LoopbackServer, user: str, password: str
) -> None:
    async with asyncio.timeout(20), _client(server.connect_memory(), user=user, password=password) as client:
        refused = await client.until(AuthenticationFailed)
        assert refused.condition == "not-authorized"


async def test_plain_only_where_it_is_enabled() -> None:
    plain = Credentials("juliet", Password(PASSWORD), is_plain_allowed=True)
    for is_enabled in (False, True):
        async with asyncio.timeout(20), LoopbackServer(DOMAIN, is_plain_enabled=is_enabled) as server:
            server.add_user("juliet", PASSWORD)
            async with _client(server.connect_memory(), login=plain) as client:
                await client.log_in()
            assert ("PLAIN" in server.mechanisms) is is_enabled


async def test_anonymous_where_it_is_enabled() -> None:
    async with asyncio.timeout(20), LoopbackServer(DOMAIN, is_anonymous_enabled=True) as server:
        config = InitiatorConfig(DOMAIN, None)
        login = Credentials("", is_anonymous=True)
        async with WireClient(server.connect_memory(), TlsPolicy(DOMAIN), config, login) as client:
            jid = await client.log_in()
            assert jid.domain == DOMAIN
            assert jid.bare in server.realm.accounts


async def test_two_clients_talk(server: LoopbackServer) -> None:
    async with asyncio.timeout(20), _in_memory(server) as juliet, _in_memory(server, "nurse") as nurse:
        await _online(juliet)
        from_ = await _online(nurse)
        nurse.send("<message to='juliet@capulet.example' type='chat'><body>Madam!</body></message>")
        message = await juliet.stanza()
        assert isinstance(message, Message)
        assert (message.from_, message.body()) == (from_, "Madam!")


async def test_c_bnd_03_a_resource_taken_over_is_a_conflict(server: LoopbackServer) -> None:
    async with asyncio.timeout(20), _in_memory(server, resource="balcony") as first:
        jid = await first.log_in()
        async with _in_memory(server, resource="balcony") as second:
            assert await second.log_in() == jid
            error = (await first.until(StreamErrorReceived)).error
            assert error.condition is StreamErrorCondition.CONFLICT
            second.send("<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>")
            assert (await second.stanza()).id == "p1"


@pytest.mark.parametrize("is_polite", [True, False])
async def test_whoever_goes_is_seen_to_go(server: LoopbackServer, is_polite: bool) -> None:
    async with asyncio.timeout(20), _in_memory(server) as juliet:
        nurse = Client(server.realm, "nurse@capulet.example/kitchen")
        jid = await _online(juliet)
        juliet.send("<presence to='nurse@capulet.example/kitchen'/>")
        juliet.send("<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>")
        await juliet.stanza()
        nurse.sees()
        stream = server.stream(jid)
        if is_polite:
            juliet.connection.close()
            juliet.flush()
            await juliet.until(StreamClosed)
        else:
            juliet.transport.abort()
        await stream.ended.wait()
        assert [("unavailable" in one, str(jid) in one) for one in nurse.sees_xml()] == [(True, True)]


async def test_what_is_no_stanza_ends_the_stream(server: LoopbackServer) -> None:
    async with asyncio.timeout(20), _in_memory(server) as juliet:
        await juliet.log_in()
        juliet.connection.send_nonza(parse_element("<enable xmlns='urn:xmpp:sm:3'/>"))
        juliet.flush()
        error = (await juliet.until(StreamErrorReceived)).error
        assert error.condition is StreamErrorCondition.UNSUPPORTED_STANZA_TYPE


async def test_c_bnd_03_an_impossible_resource_is_a_bad_request(server: LoopbackServer) -> None:
    async with asyncio.timeout(20), _in_memory(server, resource="x" * 1024) as juliet:
        jid = await juliet.log_in()  # the client asks again and lets the server choose
        assert list(server.realm.account(JULIET).sessions) == [jid.resource]


async def test_a_changed_password(server: LoopbackServer) -> None:
    async with asyncio.timeout(20):
        async with _in_memory(server) as juliet:
            await juliet.log_in()
        server.add_user("juliet", "new")
        async with _client(server.connect_memory(), password="new") as juliet:
            await juliet.log_in()


# --- what a test can do to a client ---


async def test_raw_bytes(server: LoopbackServer) -> None:
    async with asyncio.timeout(20), _in_memory(server) as juliet:
        jid = await juliet.log_in()
        server.send_raw(jid, b"<message from='x@y.example' id='raw'><body>hi</body></message>")
        assert (await juliet.stanza()).id == "raw"
        server.send_raw(JULIET, b"<!-- no -->")
        assert (await juliet.until(StreamFailed)).condition is StreamErrorCondition.RESTRICTED_XML


async def test_a_dropped_stream(server: LoopbackServer) -> None:
    async with asyncio.timeout(20), _in_memory(server) as juliet:
        stream = server.stream(await juliet.log_in())
        stream.drop()
        with pytest.raises(ConnectionLostError):
            await juliet.stanza()
        await stream.ended.wait()
        with pytest.raises(NoAccountError):
            server.stream(JULIET)


async def test_a_stream_cut_by_a_fault(server: LoopbackServer) -> None:
    async with asyncio.timeout(20), _in_memory(server) as juliet:
        stream = server.stream(await juliet.log_in())
        assert isinstance(stream.transport, MemoryTransport)
        stream.transport.faults.cut_after = 0
        stream.send_raw(b"<message/>")
        with pytest.raises(ConnectionLostError):
            await juliet.stanza()


async def test_a_frozen_stream_goes_on_when_it_thaws(server: LoopbackServer) -> None:
    async with asyncio.timeout(20), _in_memory(server) as juliet:
        stream = server.stream(await juliet.log_in())
        stream.freeze()
        juliet.send("<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>")
        silence = asyncio.ensure_future(juliet.stanza())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not silence.done()
        stream.thaw()
        assert (await silence).id == "p1"


async def test_a_stream_error(server: LoopbackServer) -> None:
    async with asyncio.timeout(20), _in_memory(server) as juliet:
        stream = server.stream(await juliet.log_in())
        stream.end(StreamError(StreamErrorCondition.RESET, "tidying up"))
        error = (await juliet.until(StreamErrorReceived)).error
        assert (error.condition, error.text) == (StreamErrorCondition.RESET, "tidying up")
        await juliet.until(StreamClosed)


async def test_see_other_host(server: LoopbackServer) -> None:
    server.manners.redirect_to = HostPort("verona.example", 5299)
    async with asyncio.timeout(20), _in_memory(server) as juliet:
        error = (await juliet.until(StreamErrorReceived)).error
        assert error.see_other_host == HostPort("verona.example", 5299)


@pytest.mark.parametrize("condition", ["account-disabled", "temporary-auth-failure", "not-authorized"])
async def test_logins_refused_with_a_condition(server: LoopbackServer, condition: str) -> None:
    server.users.refuse_with = condition
    async with asyncio.timeout(20), _in_memory(server) as juliet:
        assert (await juliet.until(AuthenticationFailed)).condition == condition


async def test_a_refused_resource(server: LoopbackServer) -> None:
    server.manners.refuse_bind_with = ErrorCondition.RESOURCE_CONSTRAINT
    async with asyncio.timeout(20), _in_memory(server) as juliet:
        assert "as many sessions as the server allows" in (await juliet.until(StreamFailed)).detail


async def test_the_end_of_the_server_is_told(server: LoopbackServer) -> None:
    async with asyncio.timeout(20), _client(await dial("127.0.0.1", await server.serve_socket()), server) as juliet:
        await juliet.log_in()
        await server.close(StreamError(StreamErrorCondition.SYSTEM_SHUTDOWN))
        assert (await juliet.until(StreamErrorReceived)).error.condition is StreamErrorCondition.SYSTEM_SHUTDOWN
