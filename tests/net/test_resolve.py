"""RFC 6120 §3.2, RFC 2782, XEP-0368: where a domain's server is looked for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from socket import AF_INET, AF_INET6, AddressFamily
from typing import cast

import dns.message
import dns.rcode
import dns.rrset
import pytest

from tui_xmpp.net.resolve import (
    Endpoint,
    Override,
    ResolveError,
    ServiceAbsentError,
    ServiceRecord,
    Source,
    SystemResolver,
    TlsMode,
    find_endpoints,
    ordered,
)
from tui_xmpp.net.steps import Step, StepReport

CLIENT = "_xmpp-client._tcp.pemberley.lit"
DIRECT = "_xmpps-client._tcp.pemberley.lit"


class Zone:
    """A name server's answers from literal data; an error stands for SERVFAIL or no answer."""

    def __init__(self, records: Mapping[str, Sequence[ServiceRecord] | ResolveError]) -> None:
        self.records = records
        self.asked: list[str] = []

    async def services(self, name: str) -> tuple[ServiceRecord, ...]:
        self.asked.append(name)
        answer = self.records.get(name, ())
        if isinstance(answer, ResolveError):
            raise answer
        return tuple(answer)

    async def addresses(self, host: str, family: AddressFamily) -> tuple[str, ...]:
        raise AssertionError("no address is needed to list endpoints")


def record(target: str, *, priority: int = 0, weight: int = 0, port: int = 5222) -> ServiceRecord:
    return ServiceRecord(priority, weight, port, target)


async def places(zone: Zone, **options: Override | TlsMode | Random | None) -> list[tuple[str, int, bool]]:
    found = await find_endpoints("pemberley.lit", resolver=zone, **options)  # type: ignore[arg-type]
    return [(endpoint.host, endpoint.port, endpoint.is_direct_tls) for endpoint in found]


async def test_c_dns_01_both_services_make_one_list_in_priority_order() -> None:
    zone = Zone(
        {
            CLIENT: [record("a.pemberley.lit.", priority=10), record("c.pemberley.lit.", priority=30)],
            DIRECT: [record("b.pemberley.lit.", priority=20, port=443)],
        }
    )
    assert await places(zone) == [
        ("a.pemberley.lit", 5222, False),
        ("b.pemberley.lit", 443, True),
        ("c.pemberley.lit", 5222, False),
    ]


async def test_c_dns_01_both_services_are_asked_at_once() -> None:
    both_asked = asyncio.Barrier(2)

    class Waiting(Zone):
        async def services(self, name: str) -> tuple[ServiceRecord, ...]:
            await both_asked.wait()
            return await super().services(name)

    async with asyncio.timeout(20):
        assert await places(Waiting({DIRECT: [record("b.", port=443)]})) == [("b", 443, True)]


def test_c_dns_02_weights_decide_the_first_of_a_priority() -> None:
    random = Random(368)
    group = [Endpoint(str(weight), 5222, False, 5, weight) for weight in (60, 0, 10)]
    draws = 20_000
    firsts = Counter(ordered(group, random)[0].weight for _ in range(draws))
    # A draw out of 0 … 70: 0 chooses weight 0, 1 … 10 weight 10, 11 … 70 weight 60.
    expected = {0: draws / 71, 10: draws * 10 / 71, 60: draws * 60 / 71}
    chi_square = sum((firsts[weight] - count) ** 2 / count for weight, count in expected.items())
    assert chi_square < 13.8  # two degrees of freedom, p = 0.001


def test_c_dns_02_the_rest_is_drawn_again_by_weight() -> None:
    random = Random(2782)
    group = [Endpoint(str(weight), 5222, False, 5, weight) for weight in (0, 10, 60)]
    seconds = Counter(
        chosen[1].weight for chosen in (ordered(group, random) for _ in range(20_000)) if chosen[0].weight == 60
    )
    total = seconds.total()
    expected = {0: total / 11, 10: total * 10 / 11}
    chi_square = sum((seconds[weight] - count) ** 2 / count for weight, count in expected.items())
    assert chi_square < 10.8  # one degree of freedom, p = 0.001


def test_c_dns_02_every_endpoint_is_listed_once_and_priority_rules() -> None:
    group = [Endpoint(f"{n}", 5222, False, n % 3, n) for n in range(12)]
    result = ordered(group, Random(1))
    assert sorted(result, key=lambda one: int(one.host)) == group
    assert [one.priority for one in result] == sorted(one.priority for one in group)


async def test_c_dns_03_dot_for_clients_means_no_service() -> None:
    watched: list[StepReport] = []
    with pytest.raises(ServiceAbsentError, match=r"pemberley\.lit says that it has no chat service"):
        await find_endpoints("pemberley.lit", resolver=Zone({CLIENT: [record(".")]}), on_step=watched.append)
    assert [(report.step, report.failure is not None) for report in watched] == [
        (Step.FIND_SERVICE, False),
        (Step.FIND_SERVICE, True),
    ]


async def test_c_dns_03_dot_for_direct_tls_only_removes_direct_tls() -> None:
    zone = Zone({DIRECT: [record(".")], CLIENT: [record("a.", port=5222)]})
    assert await places(zone) == [("a", 5222, False)]
    assert await places(Zone({DIRECT: [record(".")]})) == [("pemberley.lit", 5222, False)]


async def test_c_dns_03_dot_for_direct_tls_is_final_when_only_that_is_wanted() -> None:
    with pytest.raises(ServiceAbsentError):
        await places(Zone({DIRECT: [record(".")]}), tls=TlsMode.DIRECT)


async def test_c_dns_03_dot_for_clients_leaves_direct_tls() -> None:
    zone = Zone({CLIENT: [record(".")], DIRECT: [record("b.", port=443)]})
    assert await places(zone) == [("b", 443, True)]


async def test_c_dns_04_the_domain_itself_is_not_listed_beside_records() -> None:
    assert await places(Zone({CLIENT: [record("a.")]})) == [("a", 5222, False)]


async def test_c_dns_05_no_records_fall_back_to_the_domain_with_starttls() -> None:
    zone = Zone({})
    found = await find_endpoints("pemberley.lit", resolver=zone)
    assert found == (Endpoint("pemberley.lit", 5222, False, source=Source.DOMAIN),)
    assert sorted(zone.asked) == [CLIENT, DIRECT]


@pytest.mark.parametrize("failing", [CLIENT, DIRECT])
async def test_c_dns_05_failure_is_not_no_records(failing: str) -> None:
    with pytest.raises(ResolveError, match="did not answer"):
        await places(Zone({failing: ResolveError("The name servers did not answer.")}))


async def test_c_dns_05_failure_of_one_service_leaves_the_other() -> None:
    zone = Zone({DIRECT: ResolveError("No answer."), CLIENT: [record("a.")]})
    assert await places(zone) == [("a", 5222, False)]


@pytest.mark.parametrize(
    ("override", "tls", "place"),
    [
        (Override("10.0.0.1"), None, ("10.0.0.1", 5222, False)),
        (Override("chat.example", 443), None, ("chat.example", 443, False)),
        (Override("chat.example", 443), TlsMode.DIRECT, ("chat.example", 443, True)),
        (Override("chat.example"), TlsMode.DIRECT, ("chat.example", 5223, True)),
        (Override("chat.example", 5223), None, ("chat.example", 5223, True)),
        (Override("chat.example", 5223, TlsMode.STARTTLS), None, ("chat.example", 5223, False)),
    ],
)
async def test_c_dns_06_override_is_taken_without_asking(
    override: Override, tls: TlsMode | None, place: tuple[str, int, bool]
) -> None:
    zone = Zone({CLIENT: [record("a.")]})
    assert await places(zone, override=override, tls=tls) == [place]
    assert zone.asked == []


async def test_one_way_of_tls_asks_for_one_service() -> None:
    zone = Zone({CLIENT: [record("a.")], DIRECT: [record("b.", port=5223)]})
    assert await places(zone, tls=TlsMode.STARTTLS) == [("a", 5222, False)]
    assert await places(zone, tls=TlsMode.DIRECT) == [("b", 5223, True)]
    assert await places(Zone({}), tls=TlsMode.DIRECT) == [("pemberley.lit", 5223, True)]
    assert zone.asked == [CLIENT, DIRECT]


async def test_c_dns_10_at_most_32_endpoints_the_best_first() -> None:
    flood = [record(f"h{n}.", priority=60_000 - n) for n in range(5_000)]
    found = await places(Zone({CLIENT: flood}))
    assert found == [(f"h{n}", 5222, False) for n in range(4_999, 4_967, -1)]


async def test_records_without_a_port_are_dropped() -> None:
    assert await places(Zone({CLIENT: [record("a.", port=0), record("b.")]})) == [("b", 5222, False)]


@pytest.mark.parametrize(
    ("domain", "host"), [("192.0.2.1", "192.0.2.1"), ("[2001:db8::1]", "2001:db8::1"), ("localhost", "localhost")]
)
async def test_addresses_and_localhost_are_not_asked_of_name_servers(domain: str, host: str) -> None:
    zone = Zone({})
    assert await find_endpoints(domain, resolver=zone) == (Endpoint(host, 5222, False, source=Source.DOMAIN),)
    assert zone.asked == []


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("chat.example", "chat.example", None),
        ("chat.example:5269", "chat.example", 5269),
        ("192.0.2.1:443", "192.0.2.1", 443),
        ("[2001:db8::1]", "2001:db8::1", None),
        ("[2001:db8::1]:5222", "2001:db8::1", 5222),
        ("2001:db8::1", "2001:db8::1", None),
    ],
)
def test_c_red_01_host_and_port_are_read(text: str, host: str, port: int | None) -> None:
    assert Override.parse(text) == Override(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":5222",
        "a:",
        "a:0",
        "a:65536",
        "a:5222:1",
        "a b",
        "a:x",
        "[::1",
        "[a]:1",
        "[::1]5",
        "u@h",
        "a:²",
        "a\x1b",
        "a/b",
    ],
)
def test_c_red_01_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ResolveError):
        Override.parse(text)


async def test_system_resolver_finds_localhost_and_nothing_for_nonsense() -> None:
    resolver = SystemResolver()
    async with asyncio.timeout(20):
        assert "127.0.0.1" in await resolver.addresses("localhost", AF_INET)
        assert await resolver.addresses("127.0.0.1", AF_INET6) == ()
        assert await resolver.addresses("a" * 64 + ".example", AF_INET) == ()


class NameServer(asyncio.DatagramProtocol):
    """Answer each query over UDP with one response code and the given SRV records in zone-file text."""

    def __init__(self, rcode: dns.rcode.Rcode, *records: str) -> None:
        self.rcode = rcode
        self.records = records

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.set_rcode(self.rcode)
        if self.records:
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "SRV", *self.records))
        self.transport.sendto(answer.to_wire(), addr)


async def ask(monkeypatch: pytest.MonkeyPatch, server: NameServer, hosts: Path) -> tuple[ServiceRecord, ...]:
    import dns.asyncresolver

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: server, local_addr=("127.0.0.1", 0)
    )

    def configured(self: dns.asyncresolver.Resolver, filename: str = "") -> None:
        self.nameservers = ["127.0.0.1"]
        self.port = transport.get_extra_info("sockname")[1]

    monkeypatch.setattr(dns.asyncresolver.Resolver, "read_resolv_conf", configured)
    try:
        async with asyncio.timeout(20):
            return await SystemResolver(hosts).services(CLIENT)
    finally:
        transport.close()


async def test_dns_records_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = NameServer(dns.rcode.NOERROR, "10 60 5222 xmpp.pemberley.lit.", "20 0 443 .")
    found = await ask(monkeypatch, server, tmp_path / "hosts")
    assert sorted(found, key=lambda one: one.priority) == [
        ServiceRecord(10, 60, 5222, "xmpp.pemberley.lit."),
        ServiceRecord(20, 0, 443, "."),
    ]


@pytest.mark.parametrize("rcode", [dns.rcode.NXDOMAIN, dns.rcode.NOERROR])
async def test_c_dns_05_nxdomain_and_no_data_are_no_records(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rcode: dns.rcode.Rcode
) -> None:
    assert await ask(monkeypatch, NameServer(rcode), tmp_path / "hosts") == ()


async def test_c_dns_05_servfail_is_an_error_that_names_the_domain(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ResolveError, match=r"did not answer for pemberley\.lit"):
        await ask(monkeypatch, NameServer(dns.rcode.SERVFAIL), tmp_path / "hosts")


async def test_a_name_in_the_hosts_file_needs_no_name_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("# 10.0.0.9 other\n127.0.0.1 localhost Pemberley.lit # home\n")
    assert await ask(monkeypatch, NameServer(dns.rcode.SERVFAIL), hosts) == ()
