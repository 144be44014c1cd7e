"""RFC 6120 §5 and §13.7 against real handshakes: both libraries, STARTTLS and direct TLS."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import crypto

from tui_xmpp.net import tls
from tui_xmpp.net.certificates import CertificateAndKey, make_authority, make_certificate
from tui_xmpp.net.identity import read_certificate
from tui_xmpp.net.stdlib_tls import StdlibContext, first_certificate
from tui_xmpp.net.tls import (
    Agreement,
    CertificateRefusedError,
    ChainRefusedError,
    Refusal,
    ServerTls,
    TlsError,
    TlsFacts,
    TlsLibrary,
    TlsMemory,
    TlsPolicy,
    accepted,
    authorities,
    best_library,
    refused_chain,
    tls_context,
    unusable,
)
from tui_xmpp.net.transport import SocketTransport, Transport, dial, serve

DOMAIN = "pemberley.lit"
AUTHORITY = make_authority()
NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=30)
YESTERDAY = NOW - timedelta(days=1)


@pytest.fixture(params=list(TlsLibrary))
def library(request: pytest.FixtureRequest) -> TlsLibrary:
    assert isinstance(request.param, TlsLibrary)
    return request.param


@pytest.fixture(params=[False, True], ids=["starttls", "direct"])
def is_direct(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


class Site:
    """Files of one server and its authority, in one folder."""

    def __init__(self, folder: Path, library: TlsLibrary) -> None:
        self.folder = folder
        self.library = library
        self.ca_file, _ = AUTHORITY.write(folder, "authority")

    def server(self, certificate: CertificateAndKey, *, client_ca: Path | None = None) -> ServerTls:
        return ServerTls(*certificate.write(self.folder), client_ca)

    def policy(self, domain: str = DOMAIN, **settings: frozenset[str] | Path | None) -> TlsPolicy:
        return TlsPolicy(domain, library=self.library, **{"ca_file": self.ca_file, **settings})  # type: ignore[arg-type]


@pytest.fixture
def site(tmp_path: Path, library: TlsLibrary) -> Site:
    return Site(tmp_path, library)


async def echo(transport: Transport) -> None:
    while data := await transport.read():
        transport.write(data)
        await transport.drain()


@asynccontextmanager
async def listening(
    tls: ServerTls, *, is_direct: bool, handler: Callable[[Transport], Awaitable[None]] = echo
) -> AsyncGenerator[int]:
    async def upgrade(transport: Transport) -> None:
        assert await transport.read() == b"<starttls/>"
        transport.write(b"<proceed/>")
        await transport.start_tls(tls)
        await handler(transport)

    server = await serve(handler if is_direct else upgrade, direct_tls=tls if is_direct else None)
    try:
        async with asyncio.timeout(20):
            yield server.port
    finally:
        await server.close()


@asynccontextmanager
async def connected(port: int, policy: TlsPolicy, *, is_direct: bool) -> AsyncGenerator[tuple[Transport, TlsFacts]]:
    transport = await dial("127.0.0.1", port)
    try:
        if not is_direct:
            transport.write(b"<starttls/>")
            assert await transport.read() == b"<proceed/>"
        yield transport, await transport.start_tls(policy, is_direct=is_direct)
        await transport.close()
    finally:
        transport.abort()


async def shake_hands(tls: ServerTls, policy: TlsPolicy, *, is_direct: bool = True) -> TlsFacts:
    async with (
        listening(tls, is_direct=is_direct) as port,
        connected(port, policy, is_direct=is_direct) as (transport, facts),
    ):
        transport.write(b"hello")
        assert await transport.read() == b"hello"
        assert transport.tls == facts
        return facts


def signed(*names: str, services: tuple[str, ...] = (), **details: datetime | str) -> CertificateAndKey:
    return make_certificate(names, services, authority=AUTHORITY, **details)  # type: ignore[arg-type]


GOOD = {
    "exact": (DOMAIN, signed(DOMAIN)),
    "wildcard": ("chat.pemberley.lit", signed("*.pemberley.lit")),
    "service": (DOMAIN, signed("xmpp.host.example", services=("_xmpp-client.pemberley.lit",))),
    "idn": ("xn--bcher-kva.example", signed("xn--bcher-kva.example")),
    "address": ("127.0.0.1", signed("127.0.0.1")),
}


@pytest.mark.parametrize("name", GOOD)
async def test_c_crt_good_certificates(site: Site, is_direct: bool, name: str) -> None:
    domain, certificate = GOOD[name]
    facts = await shake_hands(site.server(certificate), site.policy(domain), is_direct=is_direct)
    assert facts.certificate == read_certificate(certificate.der)
    assert facts.version == "TLSv1.3"
    assert facts.cipher.startswith("TLS_")
    assert facts.alpn == ("xmpp-client" if is_direct else None)
    assert not facts.is_pinned
    assert not facts.is_resumed


BAD = {
    "wrong host": (DOMAIN, signed("rosings.lit", "*.rosings.lit"), Refusal.WRONG_HOST),
    "target host": (DOMAIN, signed("127.0.0.1"), Refusal.WRONG_HOST),
    "wildcard too deep": ("a.b.pemberley.lit", signed("*.pemberley.lit"), Refusal.WRONG_HOST),
    "server service": (DOMAIN, signed(services=("_xmpp-server.pemberley.lit",)), Refusal.WRONG_HOST),
    "common name": (DOMAIN, signed(common_name=DOMAIN), Refusal.COMMON_NAME_ONLY),
    "NUL": (DOMAIN, signed("pemberley.lit\0.rosings.lit"), Refusal.WRONG_HOST),
    "trailing dot": (DOMAIN, signed("pemberley.lit."), Refusal.WRONG_HOST),
    "expired": (DOMAIN, signed(DOMAIN, not_before=LONG_AGO, not_after=YESTERDAY), Refusal.EXPIRED),
    "early": (DOMAIN, signed(DOMAIN, not_before=NOW + timedelta(days=2)), Refusal.NOT_YET_VALID),
    "self-signed": (DOMAIN, make_certificate((DOMAIN,)), Refusal.SELF_SIGNED),
    "unknown": (DOMAIN, make_certificate((DOMAIN,), authority=make_authority("Nobody")), Refusal.UNKNOWN_CA),
}


@pytest.mark.parametrize("name", BAD)
async def test_c_crt_bad_certificates_are_refused_and_shown(site: Site, is_direct: bool, name: str) -> None:
    domain, certificate, refusal = BAD[name]
    received: list[bytes] = []

    async def listen(transport: Transport) -> None:
        received.append(await transport.read())

    async with listening(site.server(certificate), is_direct=is_direct, handler=listen) as port:
        with pytest.raises(CertificateRefusedError) as caught:
            async with connected(port, site.policy(domain), is_direct=is_direct):
                pytest.fail("a bad certificate was taken")
    assert caught.value.refusal is refusal
    assert caught.value.facts == read_certificate(certificate.der)
    assert domain in str(caught.value)
    assert str(caught.value).isprintable()
    assert not any(received)


async def test_s_21_a_refused_transport_is_dead(site: Site) -> None:
    transport = await dial_refused(site)
    assert transport.tls is None
    transport.write(b"secret")
    async with asyncio.timeout(20):
        with pytest.raises(Exception, match="closed"):
            await transport.drain()


async def dial_refused(site: Site) -> Transport:
    async with listening(site.server(make_certificate((DOMAIN,))), is_direct=True) as port:
        transport = await dial("127.0.0.1", port)
        with pytest.raises(CertificateRefusedError):
            await transport.start_tls(site.policy(), is_direct=True)
        return transport


async def test_wrong_host_is_told_with_the_names_it_has(site: Site) -> None:
    with pytest.raises(CertificateRefusedError, match=r"another name: rosings\.lit, \*\.rosings\.lit\."):
        await shake_hands(site.server(BAD["wrong host"][1]), site.policy())


async def test_expiry_is_told_with_its_day(site: Site) -> None:
    with pytest.raises(CertificateRefusedError, match=f"expired on {YESTERDAY:%Y-%m-%d}"):
        await shake_hands(site.server(BAD["expired"][1]), site.policy())


async def test_without_the_ca_file_the_authority_is_unknown(site: Site) -> None:
    with pytest.raises(CertificateRefusedError) as caught:
        await shake_hands(site.server(signed(DOMAIN)), site.policy(ca_file=None))
    assert caught.value.refusal is Refusal.UNKNOWN_CA


async def test_c_tls_07_pinned_certificate_is_taken(site: Site, is_direct: bool) -> None:
    certificate = make_certificate(("elsewhere.example",), not_before=LONG_AGO, not_after=YESTERDAY)
    pins = frozenset({hashlib.sha256(certificate.der).hexdigest()})
    facts = await shake_hands(site.server(certificate), site.policy(pins=pins), is_direct=is_direct)
    assert facts.is_pinned
    assert facts.certificate.sha256 in pins


async def test_c_tls_07_changed_pin_is_refused_even_with_a_good_chain(site: Site, is_direct: bool) -> None:
    policy = site.policy(pins=frozenset({"00" * 32}))
    with pytest.raises(CertificateRefusedError, match="not the one pinned") as caught:
        await shake_hands(site.server(signed(DOMAIN)), policy, is_direct=is_direct)
    assert caught.value.refusal is Refusal.PIN_CHANGED
    assert caught.value.facts is not None


async def test_c_tls_07_a_new_pin_does_not_reuse_what_was_made_for_none(site: Site) -> None:
    server = site.server(signed(DOMAIN))
    policy = site.policy()
    await shake_hands(server, policy)
    with pytest.raises(CertificateRefusedError):
        await shake_hands(server, replace(policy, pins=frozenset({"00" * 32})))


async def test_c_tls_07_a_pin_that_is_taken_back_leaves_nothing_behind(site: Site) -> None:
    certificate = make_certificate((DOMAIN,))
    server = site.server(certificate)
    policy = site.policy(pins=frozenset({hashlib.sha256(certificate.der).hexdigest()}))
    await shake_hands(server, policy)
    with pytest.raises(CertificateRefusedError) as caught:
        await shake_hands(server, replace(policy, pins=frozenset()))
    assert caught.value.refusal is Refusal.SELF_SIGNED


@pytest.mark.parametrize("agreement_of", ["unverified", "nothing"])
def test_c_crt_06_s_21_nothing_is_accepted_without_a_verified_chain(agreement_of: str) -> None:
    peer = signed(DOMAIN).der if agreement_of == "unverified" else None
    agreement = Agreement("TLSv1.3", "x", None, peer, is_chain_verified=peer is None, is_resumed=False)
    with pytest.raises(CertificateRefusedError):
        accepted(TlsPolicy(DOMAIN), agreement, is_direct=False)


def test_c_tls_08_a_resumed_session_of_an_expired_certificate_is_refused() -> None:
    agreement = Agreement("TLSv1.3", "x", None, BAD["expired"][1].der, is_chain_verified=True, is_resumed=True)
    with pytest.raises(CertificateRefusedError) as caught:
        accepted(TlsPolicy(DOMAIN), agreement, is_direct=False)
    assert caught.value.refusal is Refusal.EXPIRED


def refusal_of(peer: bytes) -> CertificateRefusedError:
    """Return why a certificate is refused though its chain was verified."""
    agreement = Agreement("TLSv1.3", "x", None, peer, is_chain_verified=True, is_resumed=False)
    with pytest.raises(CertificateRefusedError) as caught:
        accepted(TlsPolicy(DOMAIN), agreement, is_direct=False)
    return caught.value


def test_c_tls_08_a_certificate_of_tomorrow_is_refused_today() -> None:
    error = refusal_of(signed(DOMAIN, not_before=NOW + timedelta(days=1), not_after=NOW + timedelta(days=9)).der)
    assert error.refusal is Refusal.NOT_YET_VALID
    assert str(error) == (
        f"The certificate of {DOMAIN} is not valid before {NOW + timedelta(days=1):%Y-%m-%d}: is this clock right?"
    )


def test_c_crt_a_certificate_that_names_nobody_is_no_ones() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    nobody = x509.Name([])
    made = x509.CertificateBuilder(nobody, nobody, key.public_key(), 1, LONG_AGO, NOW + timedelta(days=9))
    error = refusal_of(made.sign(key, None).public_bytes(Encoding.DER))
    assert error.refusal is Refusal.WRONG_HOST
    assert str(error).endswith("another name: none at all.")


def test_s_21_a_certificate_that_cannot_be_read_is_refused() -> None:
    error = refusal_of(b"no certificate")
    assert (error.refusal, error.facts) == (Refusal.INVALID, None)
    assert str(error) == f"The certificate of {DOMAIN} cannot be read."


@pytest.mark.parametrize("is_shown", [True, False])
@pytest.mark.parametrize(
    ("code", "words"), [(10, "has expired."), (9, "is not valid yet: is this clock right?")], ids=["expired", "early"]
)
def test_c_tls_08_a_chain_may_be_out_of_date_though_the_server_s_own_certificate_is_not(
    code: int, words: str, is_shown: bool
) -> None:
    shown = signed(DOMAIN).der if is_shown else None
    error = refused_chain(TlsPolicy(DOMAIN), ChainRefusedError(code, "", shown))
    assert str(error) == f"A certificate in the chain of {DOMAIN} {words}"
    assert (error.facts is not None) is is_shown


@pytest.mark.parametrize("is_server", [False, True], ids=["client", "server"])
def test_c_tls_05_s_25_no_old_version_no_compression_no_renegotiation(
    site: Site, library: TlsLibrary, is_server: bool
) -> None:
    settings = site.server(signed(DOMAIN)) if is_server else site.policy()
    made: Any = tls_context(replace(settings, library=library), is_direct=False)
    if library is TlsLibrary.STDLIB:
        context = made._context
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        options = context.options
    else:
        options = made._context.set_options(0)  # sets none, and tells which are set
    for option in (ssl.OP_NO_COMPRESSION, ssl.OP_NO_RENEGOTIATION):
        assert options & option


@pytest.mark.parametrize(("alpn", "is_direct_tls"), [("h2", True), ("xmpp-server", True), ("xmpp-client", False)])
def test_c_dns_07_another_protocol_is_refused(alpn: str, is_direct_tls: bool) -> None:
    agreement = Agreement("TLSv1.3", "x", alpn, signed(DOMAIN).der, is_chain_verified=True, is_resumed=False)
    with pytest.raises(TlsError, match="another protocol"):
        accepted(TlsPolicy(DOMAIN), agreement, is_direct=is_direct_tls)


def test_c_dns_07_no_alpn_is_acceptable() -> None:
    agreement = Agreement("TLSv1.3", "x", None, signed(DOMAIN).der, is_chain_verified=True, is_resumed=False)
    assert accepted(TlsPolicy(DOMAIN), agreement, is_direct=True).alpn is None


async def test_c_tls_05_session_is_resumed_on_reconnect(site: Site, is_direct: bool) -> None:
    policy, server = site.policy(), site.server(signed(DOMAIN))
    first = await shake_hands(server, policy, is_direct=is_direct)
    second = await shake_hands(server, policy, is_direct=is_direct)
    assert not first.is_resumed
    assert second.is_resumed
    assert second.certificate == first.certificate
    other = await shake_hands(server, replace(policy, memory=TlsMemory()), is_direct=is_direct)
    assert not other.is_resumed


@pytest.mark.parametrize("other", list(TlsLibrary))
async def test_c_cb_03_both_sides_bind_the_same_channel(site: Site, other: TlsLibrary) -> None:
    certificate = signed(DOMAIN)
    own: asyncio.Future[TlsFacts] = asyncio.get_running_loop().create_future()

    async def tell(transport: Transport) -> None:
        if transport.tls is not None:
            own.set_result(transport.tls)
        await echo(transport)

    server = replace(site.server(certificate), library=other)
    async with (
        listening(server, is_direct=True, handler=tell) as port,
        connected(port, site.policy(), is_direct=True) as (_, facts),
    ):
        theirs = await own
    end_point = hashlib.sha256(certificate.der).digest()
    assert facts.channel_bindings["tls-server-end-point"] == end_point
    assert theirs.channel_bindings["tls-server-end-point"] == end_point
    assert ("tls-exporter" in facts.channel_bindings) is (site.library is TlsLibrary.OPENSSL)
    if site.library is other is TlsLibrary.OPENSSL:
        assert facts.channel_bindings["tls-exporter"] == theirs.channel_bindings["tls-exporter"]
        assert len(facts.channel_bindings["tls-exporter"]) == 32
    assert "tls-unique" not in facts.channel_bindings  # C-CB-04


async def test_c_cb_05_no_end_point_binding_for_ed25519(site: Site) -> None:
    certificate = make_certificate((DOMAIN,), key=ed25519.Ed25519PrivateKey.generate())
    pins = frozenset({hashlib.sha256(certificate.der).hexdigest()})
    facts = await shake_hands(site.server(certificate), site.policy(pins=pins))
    assert "tls-server-end-point" not in facts.channel_bindings


async def test_external_client_certificate_reaches_the_server(site: Site) -> None:
    client_file, client_key = signed("elizabeth.example").write(site.folder, "client")
    told: asyncio.Future[TlsFacts | None] = asyncio.get_running_loop().create_future()

    async def tell(transport: Transport) -> None:
        told.set_result(transport.tls)
        await echo(transport)

    policy = site.policy(client_certificate=client_file, client_key=client_key)
    server = site.server(signed(DOMAIN), client_ca=site.ca_file)
    async with (
        listening(server, is_direct=True, handler=tell) as port,
        connected(port, policy, is_direct=True),
    ):
        facts = await told
    assert facts is not None
    assert facts.client_certificate is not None
    assert facts.client_certificate.dns_names == ("elizabeth.example",)


async def test_c_tls_10_s_20_bytes_after_proceed_abort_before_tls(site: Site) -> None:
    async def inject(transport: Transport) -> None:
        await transport.read()
        transport.write(b"<proceed/>")
        transport.write(b"<message/>")
        await transport.read()

    server = await serve(inject)
    transport = await dial("127.0.0.1", server.port)
    assert isinstance(transport, SocketTransport)
    try:
        async with asyncio.timeout(20):
            transport.write(b"<starttls/>")
            received = await transport.read()
            while b"<message/>" not in received:
                received += await transport.read()
            transport.data_received(b"<message/>")  # the same, arriving a moment later
            with pytest.raises(TlsError, match="tampering"):
                await transport.start_tls(site.policy())
            assert transport.tls is None
    finally:
        await server.close()


@pytest.mark.parametrize("answer", [b"<stream:error/>", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
async def test_a_peer_that_speaks_no_tls_is_an_error(site: Site, answer: bytes) -> None:
    async def babble(transport: Transport) -> None:
        await transport.read()
        transport.write(answer)

    server = await serve(babble)
    transport = await dial("127.0.0.1", server.port)
    try:
        async with asyncio.timeout(20):
            with pytest.raises(TlsError) as caught:
                await transport.start_tls(site.policy(), is_direct=True)
            assert not isinstance(caught.value, CertificateRefusedError)
    finally:
        await server.close()


async def test_writing_to_a_stream_that_broke_off_inside_tls_is_swallowed(site: Site) -> None:
    async def break_off(transport: Transport) -> None:
        assert isinstance(transport, SocketTransport)
        assert transport._socket is not None
        transport._socket.write_eof()  # without TLS's own farewell
        await transport.read()

    tls = site.server(signed(DOMAIN))
    async with (
        listening(tls, is_direct=True, handler=break_off) as port,
        connected(port, site.policy(), is_direct=True) as (client, _),
    ):
        with suppress(TlsError):
            assert await client.read() == b""
        client.write(b"</stream:stream>")


@pytest.mark.parametrize("file", ["absent", "empty", "nonsense"])
async def test_a_bad_ca_file_is_told(site: Site, file: str) -> None:
    path = site.folder / file
    if file != "absent":
        path.write_text("" if file == "empty" else "-----BEGIN CERTIFICATE-----\nnonsense")
    server = await serve(echo)
    transport = await dial("127.0.0.1", server.port)
    try:
        async with asyncio.timeout(20):
            with pytest.raises(TlsError, match=f"{file} cannot be used"):
                await transport.start_tls(site.policy(ca_file=path), is_direct=True)
    finally:
        await server.close()


async def test_megabytes_pass_in_order(site: Site, is_direct: bool) -> None:
    data = bytes(range(256)) * 8192  # 2 MiB
    async with (
        listening(site.server(signed(DOMAIN)), is_direct=is_direct) as port,
        connected(port, site.policy(), is_direct=is_direct) as (transport, _),
    ):

        async def send() -> None:
            for start in range(0, len(data), 100_000):
                transport.write(data[start : start + 100_000])
                await transport.drain()

        async with asyncio.TaskGroup() as group:
            group.create_task(send())
            received = bytearray()
            while len(received) < len(data):
                chunk = await transport.read()
                assert 0 < len(chunk) <= 65536
                received += chunk
        assert received == data


def test_keys_are_written_for_the_owner_only(tmp_path: Path) -> None:
    certificate, key = signed(DOMAIN).write(tmp_path)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert certificate.read_bytes().startswith(AUTHORITY_CHAIN_START)
    assert certificate.read_bytes().count(b"BEGIN CERTIFICATE") == 2
    assert "PRIVATE" not in repr(signed(DOMAIN))


AUTHORITY_CHAIN_START = AUTHORITY.certificate.public_bytes(Encoding.PEM)[:20]


def pump(policy: TlsPolicy, server: ssl.SSLContext) -> TlsFacts:
    """Shake hands in memory with a server of the test's own making."""
    return accepted(policy, agreed(policy, server), is_direct=True)


def agreed(policy: TlsPolicy, server: ssl.SSLContext) -> Agreement:
    session = tls_context(policy, is_direct=True).open()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    peer = server.wrap_bio(incoming, outgoing, server_side=True)
    is_done = False
    for _ in range(6):
        is_done = is_done or session.handshake()
        incoming.write(session.pending())
        with suppress(ssl.SSLWantReadError):
            peer.do_handshake()
        if outgoing.pending:
            session.receive(outgoing.read())
    assert is_done
    return session.agreement()


def test_c_crt_06_c_tls_07_a_chain_that_was_not_asked_for_is_not_called_verified(site: Site) -> None:
    shown = signed(DOMAIN)
    server = old_server(site, shown, ssl.TLSVersion.TLSv1_3)
    pins = frozenset({hashlib.sha256(shown.der).hexdigest()})
    assert agreed(site.policy(), server).is_chain_verified
    assert not agreed(site.policy(pins=pins), server).is_chain_verified


def old_server(site: Site, certificate: CertificateAndKey, newest: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = min(newest, ssl.TLSVersion.TLSv1_2)
    context.maximum_version = newest
    context.load_cert_chain(*certificate.write(site.folder))
    return context


def test_tls_1_2_is_taken_and_binds_the_end_point_only(site: Site) -> None:
    facts = pump(site.policy(), old_server(site, signed(DOMAIN), ssl.TLSVersion.TLSv1_2))
    assert facts.version == "TLSv1.2"
    assert facts.alpn is None
    assert set(facts.channel_bindings) == {"tls-server-end-point"}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", ["self-signed", "unknown", "expired"])
def test_a_refused_certificate_is_shown_in_every_version(site: Site, version: ssl.TLSVersion, name: str) -> None:
    domain, certificate, refusal = BAD[name]
    with pytest.raises(ChainRefusedError) as caught:
        pump(site.policy(domain), old_server(site, certificate, version))
    assert caught.value.der == certificate.der
    assert refused_chain(site.policy(domain), caught.value).refusal is refusal


def test_only_handshakes_are_observed(tmp_path: Path) -> None:
    """Each record would be told, too. A second connection of the same settings is observed again."""
    site = Site(tmp_path, TlsLibrary.STDLIB)
    policy = site.policy()
    context = tls_context(policy, is_direct=True)
    assert isinstance(context, StdlibContext)
    for _ in range(2):
        with pytest.raises(ChainRefusedError) as caught:
            pump(policy, old_server(site, BAD["unknown"][1], ssl.TLSVersion.TLSv1_3))
        assert caught.value.der == BAD["unknown"][1].der
        assert context._context._msg_callback is None  # type: ignore[attr-defined]


def test_s_21_a_refused_server_is_told_and_never_sees_the_handshake_end(site: Site) -> None:
    session = tls_context(site.policy(), is_direct=True).open()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = old_server(site, BAD["self-signed"][1], ssl.TLSVersion.TLSv1_3)
    peer = server.wrap_bio(incoming, outgoing, server_side=True)
    assert not session.handshake()
    incoming.write(session.pending())
    with pytest.raises(ssl.SSLWantReadError):
        peer.do_handshake()
    session.receive(outgoing.read())
    with pytest.raises(ChainRefusedError):
        session.handshake()
    incoming.write(session.pending())
    with pytest.raises(ssl.SSLError, match="ALERT"):
        peer.do_handshake()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_c_tls_05_tls_1_1_is_refused(site: Site) -> None:
    server = old_server(site, signed(DOMAIN), ssl.TLSVersion.TLSv1_1)
    with pytest.raises((TlsError, ssl.SSLError)):
        pump(site.policy(), server)


async def test_sni_is_the_account_s_domain_and_alpn_is_xmpp_client_only(site: Site) -> None:
    hello = tls_context(site.policy(), is_direct=True).open()
    assert not hello.handshake()
    first_flight = hello.pending()
    assert DOMAIN.encode() in first_flight
    assert b"\x00\x10\x00\x0e\x00\x0c\x0bxmpp-client" in first_flight  # ALPN, one protocol of eleven letters
    assert not (plain := tls_context(site.policy("127.0.0.1"), is_direct=False).open()).handshake()
    assert b"127.0.0.1" not in (flight := plain.pending())
    assert b"xmpp-client" not in flight


@pytest.mark.parametrize(
    "data", [b"", b"\x0b", b"\x0b\0\0\0", b"\x0b" + b"\xff" * 40, b"\x0b\0\0\x07\0\0\0\x03\0\0\x01"]
)
def test_a_malformed_certificate_message_shows_nothing(data: bytes) -> None:
    assert first_certificate(data) is None


@pytest.mark.parametrize(
    ("code", "refusal"), [(20, Refusal.UNKNOWN_CA), (21, Refusal.UNKNOWN_CA), (23, Refusal.INVALID)]
)
def test_each_verify_code_has_its_sentence(code: int, refusal: Refusal) -> None:
    error = refused_chain(TlsPolicy(DOMAIN), ChainRefusedError(code, "certificate revoked", None))
    assert error.refusal is refusal
    assert DOMAIN in str(error)
    assert ("revoked" in str(error)) is (refusal is Refusal.INVALID)


def test_names_of_a_hostile_certificate_are_printable_in_the_sentence() -> None:
    agreement = Agreement(
        "TLSv1.3", "x", None, signed("evil\x1b[31m.example").der, is_chain_verified=True, is_resumed=False
    )
    with pytest.raises(CertificateRefusedError) as caught:
        accepted(TlsPolicy(DOMAIN), agreement, is_direct=False)
    assert str(caught.value).isprintable()


async def test_c_crt_an_authority_is_found_by_its_hash_in_the_systems_folder(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = crypto.load_certificate(crypto.FILETYPE_PEM, site.ca_file.read_bytes())
    folder = site.folder / "authorities"
    folder.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(site.folder / "nothing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    server = site.server(signed(DOMAIN))
    with pytest.raises(CertificateRefusedError) as caught:
        await shake_hands(server, site.policy(ca_file=None))
    assert caught.value.refusal is Refusal.UNKNOWN_CA
    (folder / f"{own.subject_name_hash():08x}.0").write_bytes(site.ca_file.read_bytes())
    assert (await shake_hands(server, site.policy(ca_file=None))).certificate.names == (DOMAIN,)


def system(bundle: Path, folder: Path) -> ssl.DefaultVerifyPaths:
    found: Any = str(bundle) if bundle.exists() else None
    return ssl.DefaultVerifyPaths(found, str(folder), "FILE", str(bundle), "DIR", str(folder))


def test_c_crt_the_folder_is_enough_only_where_it_has_as_many_as_the_bundle(tmp_path: Path) -> None:
    bundle, folder = tmp_path / "bundle.pem", tmp_path / "authorities"
    folder.mkdir()
    pem = AUTHORITY.certificate.public_bytes(Encoding.PEM)
    (folder / "12345678.0").write_bytes(pem)
    (folder / "87654321.1").symlink_to(tmp_path / "nowhere")
    (folder / "87654321.r0").write_bytes(b"a list of what is revoked")
    (folder / "Some_Authority.pem").write_bytes(pem)
    assert authorities(system(bundle, folder)) == (None, str(folder))
    bundle.write_bytes(pem)
    assert authorities(system(bundle, folder)) == (None, str(folder))
    bundle.write_bytes(2 * pem)
    assert authorities(system(bundle, folder)) == (str(bundle), str(folder))


def test_c_crt_what_the_environment_names_is_all_trusted(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(b"")
    chosen = system(tmp_path / "usual.pem", tmp_path)._replace(cafile=str(bundle))
    assert authorities(chosen) == (str(bundle), str(tmp_path))


@pytest.mark.parametrize(("bundle", "folder"), [(None, None), ("/some/bundle.pem", None), (None, "/some/folder")])
def test_c_crt_what_a_system_lacks_is_not_looked_for(bundle: str | None, folder: str | None) -> None:
    file, place = cast(tuple[str, str], (bundle, folder))
    assert authorities(ssl.DefaultVerifyPaths(file, place, "FILE", file, "DIR", place)) == (bundle, folder)


def test_c_crt_a_folder_that_is_gone_leaves_the_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(AUTHORITY.certificate.public_bytes(Encoding.PEM))
    assert authorities(system(bundle, tmp_path / "gone")) == (str(bundle), str(tmp_path / "gone"))


@pytest.mark.parametrize(
    ("bundle", "folder", "is_installed", "best"),
    [
        ("bundle.pem", None, True, TlsLibrary.OPENSSL),
        (None, "folder", True, TlsLibrary.OPENSSL),
        (None, None, True, TlsLibrary.STDLIB),
        ("bundle.pem", "folder", False, TlsLibrary.STDLIB),
    ],
)
def test_c_cb_03_the_library_with_more_bindings_is_taken_where_it_knows_whom_to_trust(
    bundle: str | None, folder: str | None, is_installed: bool, best: TlsLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, place = cast(tuple[str, str], (bundle, folder))
    paths = ssl.DefaultVerifyPaths(file, place, "FILE", "", "DIR", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    monkeypatch.setattr(tls, "find_spec", lambda name: object() if is_installed and name == "OpenSSL" else None)
    assert best_library() is best


def test_a_file_tls_cannot_use_is_named(tmp_path: Path) -> None:
    there, gone = tmp_path / "there.pem", tmp_path / "gone.pem"
    there.write_bytes(b"no certificate")
    assert str(unusable(ServerTls(there, gone), "")) == f"The file {gone} cannot be used: No such file or directory."
    assert str(unusable(ServerTls(there, there), "no start line")) == (
        f"The certificates in {there} or {there} cannot be used (no start line). PEM is what is read."
    )
    assert str(unusable(TlsPolicy(DOMAIN), "")) == (
        "The certificates in this system's list of authorities cannot be used. PEM is what is read."
    )
