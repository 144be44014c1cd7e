"""RFC 8305, XEP-0495: racing, its limits, and failures that name their step and host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from socket import AF_INET, AF_INET6, AddressFamily

import pytest

from tui_xmpp.net.certificates import CertificateAndKey, make_authority, make_certificate
from tui_xmpp.net.connect import DEFAULT_LIMITS, Connected, ConnectLimits, NoConnectionError, connect
from tui_xmpp.net.resolve import Endpoint, ResolveError, ServiceRecord, SystemResolver
from tui_xmpp.net.steps import OnStep, Step, StepReport, unwatched
from tui_xmpp.net.tls import CertificateRefusedError, Refusal, ServerTls, TlsPolicy
from tui_xmpp.net.transport import ConnectionLostError, Transport, memory_pair, serve

POLICY = TlsPolicy("pemberley.lit")
AUTHORITY = make_authority()
SLOW = replace(DEFAULT_LIMITS, attempt_delay=60.0, resolution_delay=60.0)
QUICK = replace(DEFAULT_LIMITS, attempt_delay=0.01, resolution_delay=0.01)


class Addresses:
    """A resolver of literal addresses; an error stands for a failed lookup, an event for a late answer."""

    def __init__(
        self,
        six: Mapping[str, tuple[str, ...] | ResolveError] | None = None,
        four: Mapping[str, tuple[str, ...] | ResolveError] | None = None,
        late: Mapping[AddressFamily, asyncio.Event] | None = None,
    ) -> None:
        self.known = {AF_INET6: six or {}, AF_INET: four or {}}
        self.late = late or {}

    async def services(self, name: str) -> tuple[ServiceRecord, ...]:
        raise AssertionError("no service is looked up to connect")

    async def addresses(self, host: str, family: AddressFamily) -> tuple[str, ...]:
        if family in self.late:
            await self.late[family].wait()
        found = self.known[family].get(host, ())
        if isinstance(found, ResolveError):
            raise found
        return found


class Network:
    """Addresses that answer, refuse, or never answer; everything tried is noted in order."""

    def __init__(self, *, answering: Collection[str] = frozenset(), silent: Collection[str] = frozenset()) -> None:
        self.answering = answering
        self.silent = silent
        self.tried: list[str] = []
        self.under_way: set[str] = set()
        self.idle = asyncio.Event()
        self.began: Callable[[str], None] = lambda address: None

    async def dial(self, address: str, port: int) -> Transport:
        self.tried.append(address)
        self.under_way.add(address)
        self.idle.clear()
        self.began(address)
        try:
            if address in self.answering:
                return memory_pair()[0]
            if address in self.silent:
                await asyncio.Event().wait()
            raise ConnectionRefusedError(111, "Connection refused")
        finally:
            self.under_way.discard(address)
            if not self.under_way:
                self.idle.set()


def at(host: str, priority: int = 0, *, port: int = 5222, is_direct_tls: bool = False) -> Endpoint:
    return Endpoint(host, port, is_direct_tls, priority)


async def race(
    network: Network,
    *endpoints: Endpoint,
    resolver: Addresses | None = None,
    limits: ConnectLimits = SLOW,
    on_step: OnStep = unwatched,
) -> Connected:
    async with asyncio.timeout(20):
        return await connect(
            endpoints,
            tls=POLICY,
            resolver=resolver or Addresses(),
            on_step=on_step,
            limits=limits,
            dial=network.dial,
        )


async def test_c_dns_08_families_take_turns_from_ipv6_on() -> None:
    network = Network()
    resolver = Addresses({"a": ("2001:db8::1", "2001:db8::2")}, {"a": ("192.0.2.1", "192.0.2.2", "192.0.2.3")})
    with pytest.raises(NoConnectionError):
        await race(network, at("a"), resolver=resolver)
    assert network.tried == ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "192.0.2.3"]


async def test_c_dns_08_a_silent_address_is_overtaken_and_called_off() -> None:
    network = Network(silent={"2001:db8::1"}, answering={"192.0.2.1"})
    resolver = Addresses({"a": ("2001:db8::1",)}, {"a": ("192.0.2.1",)})
    await race(network, at("a"), resolver=resolver, limits=QUICK)
    assert network.tried == ["2001:db8::1", "192.0.2.1"]
    await network.idle.wait()


async def test_c_dns_08_the_next_attempt_waits_its_delay() -> None:
    network = Network(silent={"192.0.2.1", "192.0.2.2"})
    with pytest.raises(NoConnectionError):
        await race(network, at("192.0.2.1"), at("192.0.2.2"), limits=replace(SLOW, budget=0.05))
    assert network.tried == ["192.0.2.1"]


async def test_c_dns_08_a_refusal_is_followed_at_once() -> None:
    network = Network(answering={"192.0.2.2"})
    won = await race(network, at("192.0.2.1"), at("192.0.2.2"))
    assert won.endpoint.host == "192.0.2.2"


async def test_c_dns_08_ipv4_waits_a_moment_for_ipv6() -> None:
    late = asyncio.Event()
    network = Network(answering={"2001:db8::1", "192.0.2.1"})
    resolver = Addresses({"a": ("2001:db8::1",)}, {"a": ("192.0.2.1",)}, {AF_INET6: late})
    going = asyncio.create_task(race(network, at("a"), resolver=resolver))
    await asyncio.sleep(0)
    assert network.tried == []
    late.set()
    await going
    assert network.tried == ["2001:db8::1"]


async def test_c_dns_08_ipv4_waits_also_when_every_answer_is_late() -> None:
    late = {AF_INET: asyncio.Event(), AF_INET6: asyncio.Event()}
    network = Network(answering={"2001:db8::1"})

    def answer(address: str) -> None:
        late[AF_INET].set()
        asyncio.get_running_loop().call_later(0.01, late[AF_INET6].set)

    network.began = answer
    resolver = Addresses({"a": ("2001:db8::1",)}, {"a": ("192.0.2.1",)}, late)
    await race(network, at("192.0.2.9"), at("a"), resolver=resolver, limits=replace(SLOW, resolution_delay=0.3))
    assert network.tried == ["192.0.2.9", "2001:db8::1"]


async def test_c_dns_08_a_refusal_beside_a_silent_address_is_followed_at_once() -> None:
    network = Network(silent={"192.0.2.1"}, answering={"192.0.2.3"})
    began: list[float] = []
    network.began = lambda address: began.append(asyncio.get_running_loop().time())
    limits = replace(SLOW, attempt_delay=0.5)
    await race(network, at("192.0.2.1"), at("192.0.2.2"), at("192.0.2.3"), limits=limits)
    assert began[1] - began[0] >= 0.49
    assert began[2] - began[1] < 0.45


async def test_c_dns_08_of_two_that_answer_at_once_the_later_is_closed() -> None:
    both = asyncio.Barrier(2)
    made: list[tuple[Transport, Transport]] = []

    async def dial(address: str, port: int) -> Transport:
        made.append(memory_pair())
        own = made[-1][0]
        await both.wait()
        return own

    network = Network()
    network.dial = dial  # type: ignore[method-assign]
    won = await race(network, at("192.0.2.1"), at("192.0.2.2"), limits=QUICK)
    await made[0][0].drain()
    assert won.transport is made[0][0]
    assert won.untried == (at("192.0.2.2"),)
    with pytest.raises(ConnectionLostError):
        await made[1][1].read()


async def test_c_dns_08_ipv4_does_not_wait_for_ever() -> None:
    network = Network(answering={"192.0.2.1"})
    resolver = Addresses({}, {"a": ("192.0.2.1",)}, {AF_INET6: asyncio.Event()})
    won = await race(network, at("a"), resolver=resolver, limits=QUICK)
    assert won.endpoint == at("a")


async def test_c_dns_08_addresses_that_come_late_still_race() -> None:
    late = asyncio.Event()
    network = Network(silent={"2001:db8::1"}, answering={"192.0.2.1"})
    network.began = lambda address: late.set()
    resolver = Addresses({"a": ("2001:db8::1",)}, {"a": ("192.0.2.1",)}, {AF_INET: late})
    await race(network, at("a"), resolver=resolver, limits=QUICK)
    assert network.tried == ["2001:db8::1", "192.0.2.1"]


async def test_c_dns_08_racing_stays_inside_one_priority() -> None:
    network = Network(silent={"192.0.2.1"}, answering={"192.0.2.2"})
    limits = replace(QUICK, attempt=0.05)
    won = await race(network, at("192.0.2.1", 1), at("192.0.2.2", 2), limits=limits)
    assert won.endpoint.host == "192.0.2.2"
    with pytest.raises(NoConnectionError):
        await race(network, at("192.0.2.1", 1), at("192.0.2.2", 2), limits=replace(QUICK, budget=0.05))
    assert network.tried == ["192.0.2.1", "192.0.2.2", "192.0.2.1"]


async def test_endpoints_left_are_given_back() -> None:
    network = Network(answering={"192.0.2.2"}, silent={"192.0.2.3"})
    hosts = [at("192.0.2.1"), at("192.0.2.2"), at("192.0.2.3"), at("192.0.2.4", 9)]
    won = await race(network, *hosts)
    assert won.endpoint == hosts[1]
    assert won.untried == (hosts[2], hosts[3])


async def test_c_dns_10_at_most_16_addresses_a_name() -> None:
    network = Network()
    many = tuple(f"192.0.2.{n}" for n in range(1, 101))
    with pytest.raises(NoConnectionError, match="16 addresses tried, each failed: connection refused"):
        await race(network, at("a"), resolver=Addresses({"a": ("2001:db8::1",)}, {"a": many}))
    assert len(network.tried) == 16


async def test_c_dns_10_an_attempt_and_the_whole_are_bounded() -> None:
    network = Network(silent={"192.0.2.1", "192.0.2.2", "192.0.2.3"})
    hosts = [at("192.0.2.1"), at("192.0.2.2"), at("192.0.2.3")]
    message = r"^Could not reach pemberley\.lit: 3 addresses tried, none answered\.$"
    with pytest.raises(NoConnectionError, match=message):
        await race(network, *hosts, limits=replace(QUICK, attempt=0.02))
    with pytest.raises(NoConnectionError) as caught:
        await race(network, *hosts, limits=replace(QUICK, budget=0.1))
    assert {failure.host for failure in caught.value.failures} == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
    await network.idle.wait()


async def test_c_dns_10_a_lookup_without_answer_is_named() -> None:
    resolver = Addresses(late={AF_INET: asyncio.Event(), AF_INET6: asyncio.Event()})
    with pytest.raises(NoConnectionError, match=r"finding the address failed at a \(no answer\)\."):
        await race(Network(), at("a"), resolver=resolver, limits=replace(QUICK, budget=0.05))


async def test_every_failure_names_its_step_and_host() -> None:
    resolver = Addresses({"a": ResolveError("The address of a could not be looked up: broken.")}, {"b": ("192.0.2.1",)})
    with pytest.raises(NoConnectionError) as caught:
        await race(Network(), at("a"), at("b"), at("c"), resolver=resolver)
    told = {(one.step, one.host, one.port, one.reason) for one in caught.value.failures}
    assert told == {
        (Step.FIND_ADDRESS, "a", 0, "The address of a could not be looked up: broken"),
        (Step.CONNECT, "b", 5222, "connection refused"),
        (Step.FIND_ADDRESS, "c", 0, "it has no address"),
    }
    assert str(caught.value) == "Could not reach pemberley.lit: 1 address tried, each failed: connection refused."


async def test_a_single_failure_is_told_whole() -> None:
    with pytest.raises(NoConnectionError) as caught:
        await race(Network(), at("192.0.2.1"))
    expected = "Could not reach pemberley.lit: connecting failed at 192.0.2.1:5222 (connection refused)."
    assert str(caught.value) == expected
    with pytest.raises(NoConnectionError, match=r"reach pemberley\.lit: its server a has no address\.$"):
        await race(Network(), at("a"))
    with pytest.raises(NoConnectionError, match=r"reach pemberley\.lit: no server has this name\.$"):
        await race(Network(), at("pemberley.lit"))


async def test_steps_are_told_in_order() -> None:
    watched: list[StepReport] = []
    network = Network(answering={"192.0.2.2"})
    resolver = Addresses({}, {"a": ("192.0.2.1", "192.0.2.2")})
    await race(network, at("a"), resolver=resolver, on_step=watched.append)
    assert watched == [
        StepReport(Step.FIND_ADDRESS, "a"),
        StepReport(Step.CONNECT, "a", 5222, "192.0.2.1"),
        StepReport(Step.CONNECT, "a", 5222, "192.0.2.1", "connection refused"),
        StepReport(Step.CONNECT, "a", 5222, "192.0.2.2"),
        StepReport(Step.CONNECTED, "a", 5222, "192.0.2.2"),
    ]


async def test_cancelling_leaves_nothing_running() -> None:
    network = Network(silent={"192.0.2.1"})
    began = asyncio.Event()
    network.began = lambda address: began.set()
    going = asyncio.create_task(race(network, at("192.0.2.1")))
    await began.wait()
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    await network.idle.wait()


# With real sockets and TLS.


async def quiet(transport: Transport) -> None:
    await transport.read()


@asynccontextmanager
async def direct(folder: Path, certificate: CertificateAndKey, name: str = "server") -> AsyncGenerator[Endpoint]:
    server = await serve(quiet, direct_tls=ServerTls(*certificate.write(folder, name)))
    try:
        yield at("127.0.0.1", port=server.port, is_direct_tls=True)
    finally:
        await server.close()


@pytest.fixture
def policy(tmp_path: Path) -> TlsPolicy:
    ca_file, _ = AUTHORITY.write(tmp_path, "authority")
    return TlsPolicy("pemberley.lit", ca_file=ca_file)


GOOD = make_certificate(("pemberley.lit",), authority=AUTHORITY)


async def test_c_dns_06_direct_tls_elsewhere_proves_the_domain(tmp_path: Path, policy: TlsPolicy) -> None:
    watched: list[Step] = []
    async with asyncio.timeout(20), direct(tmp_path, GOOD) as endpoint:
        won = await connect(
            [replace(endpoint, host="localhost")],
            tls=policy,
            resolver=SystemResolver(),
            on_step=lambda report: watched.append(report.step),
        )
        assert won.tls is not None
        assert won.tls.certificate.dns_names == ("pemberley.lit",)
        assert won.transport.peer.port == endpoint.port
        await won.transport.close()
    assert watched[0] is Step.FIND_ADDRESS
    assert watched[-3:] == [Step.CONNECTED, Step.TLS, Step.TLS_READY]


async def test_c_dns_09_c_crt_01_the_host_srv_names_proves_nothing_by_its_own_name(
    tmp_path: Path, policy: TlsPolicy
) -> None:
    own_name = make_certificate(("localhost", "127.0.0.1"), authority=AUTHORITY)
    async with asyncio.timeout(20), direct(tmp_path, own_name) as endpoint:
        with pytest.raises(CertificateRefusedError) as caught:
            await connect([replace(endpoint, host="localhost")], tls=policy, resolver=SystemResolver())
    assert caught.value.refusal is Refusal.WRONG_HOST


async def test_a_refused_certificate_leads_on_to_the_next_endpoint(tmp_path: Path, policy: TlsPolicy) -> None:
    bad = make_certificate(("rosings.lit",), authority=AUTHORITY)
    async with (
        asyncio.timeout(20),
        direct(tmp_path, bad, "bad") as first,
        direct(tmp_path, GOOD, "good") as second,
    ):
        won = await connect([first, second], tls=policy, resolver=Addresses())
        assert won.endpoint == second
        await won.transport.close()


async def test_a_refused_certificate_is_what_is_told_in_the_end(tmp_path: Path, policy: TlsPolicy) -> None:
    bad = make_certificate(("rosings.lit",), authority=AUTHORITY)
    async with asyncio.timeout(20), direct(tmp_path, bad) as first:
        with pytest.raises(CertificateRefusedError) as caught:
            await connect([first, at("127.0.0.1", port=1)], tls=policy, resolver=Addresses())
    assert caught.value.refusal is Refusal.WRONG_HOST


async def test_c_tls_07_a_changed_pin_stops_everything(tmp_path: Path, policy: TlsPolicy) -> None:
    watched: list[str] = []
    async with (
        asyncio.timeout(20),
        direct(tmp_path, GOOD, "first") as first,
        direct(tmp_path, make_certificate(("pemberley.lit",)), "second") as second,
    ):
        with pytest.raises(CertificateRefusedError) as caught:
            await connect(
                [first, replace(second, priority=1)],
                tls=replace(policy, pins=frozenset({"00" * 32})),
                resolver=Addresses(),
                on_step=lambda report: watched.append(f"{report.step}:{report.port}"),
            )
    assert caught.value.refusal is Refusal.PIN_CHANGED
    assert f"{Step.CONNECT}:{second.port}" not in watched


async def test_a_listener_that_never_answers_tls_is_given_up(policy: TlsPolicy) -> None:
    server = await serve(quiet_for_ever)
    endpoint = at("127.0.0.1", port=server.port, is_direct_tls=True)
    try:
        async with asyncio.timeout(20):
            with pytest.raises(NoConnectionError, match=r"encrypting failed at 127\.0\.0\.1:\d+ \(TLS got no answer\)"):
                await connect([endpoint], tls=policy, resolver=Addresses(), limits=replace(QUICK, attempt=0.1))
    finally:
        await server.close()


async def quiet_for_ever(transport: Transport) -> None:
    while await transport.read():
        pass


async def test_a_refused_port_is_named(policy: TlsPolicy) -> None:
    server = await serve(quiet)
    port = server.port
    await server.close()
    async with asyncio.timeout(20):
        with pytest.raises(NoConnectionError, match=rf"127\.0\.0\.1:{port} \(connection refused\)"):
            await connect([at("127.0.0.1", port=port)], tls=policy, resolver=Addresses())
