"""The bad network of the fault tests does exactly the harm it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.support.prosody import Prosody
from tests.support.proxy import Proxy
from tests.support.slixmpp_peer import Peers


class Echo:
    """A server that sends back what it gets, and keeps it."""

    def __init__(self) -> None:
        self.received = b""
        self.has_lost = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(65_536):
                self.received += chunk
                writer.write(chunk)
                await writer.drain()
        except ConnectionResetError:
            self.has_lost.set()
        finally:
            writer.close()


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncGenerator[Proxy]:
    server = await asyncio.start_server(echo.answer, "127.0.0.1", 0)
    async with server, Proxy(server.sockets[0].getsockname()[1]) as proxy:
        yield proxy


async def connect(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(proxy.host, proxy.port)


async def test_a_sound_link_carries_everything_and_the_end(proxy: Proxy) -> None:
    reader, writer = await connect(proxy)
    writer.write(b"x" * 1_000_000)
    writer.write_eof()
    assert len(await reader.read(-1)) == 1_000_000
    assert proxy.passed("up") == proxy.passed("down") == 1_000_000
    writer.close()
    await proxy.wait_until_idle()


@pytest.mark.parametrize("count", [0, 1, 7, 20_000])
async def test_a_cut_lets_exactly_so_many_bytes_through_upwards(proxy: Proxy, echo: Echo, count: int) -> None:
    proxy.cut_after(count, "up")
    reader, writer = await connect(proxy)
    writer.write(b"y" * 50_000)
    with pytest.raises(ConnectionResetError):
        await reader.read(-1)
    await echo.has_lost.wait()
    assert len(echo.received) == count
    writer.close()


async def test_a_cut_happens_once_and_the_next_connection_lives(proxy: Proxy) -> None:
    proxy.cut_after(3, "down")
    reader, writer = await connect(proxy)
    writer.write(b"abcdef")
    assert await reader.readexactly(3) == b"abc"
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.close()
    reader, writer = await connect(proxy)
    writer.write(b"again")
    assert await reader.readexactly(5) == b"again"
    assert proxy.accepted == 2
    writer.close()


async def test_a_stalled_link_delivers_after_it_heals(proxy: Proxy, echo: Echo) -> None:
    reader, writer = await connect(proxy)
    proxy.stall("up")
    writer.write(b"late")
    await writer.drain()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await reader.read(1)
    assert echo.received == b""
    proxy.heal()
    assert await reader.readexactly(4) == b"late"
    writer.close()


async def test_swallowed_bytes_never_arrive_and_nobody_is_told(proxy: Proxy, echo: Echo) -> None:
    reader, writer = await connect(proxy)
    writer.write(b"one")
    await reader.readexactly(3)
    proxy.swallow("down")
    writer.write(b"two")
    await proxy.wait_until_passed(6, "up")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await reader.read(1)
    assert echo.received == b"onetwo"
    await proxy.cut()
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.close()


async def test_a_refused_connection_is_reset(proxy: Proxy) -> None:
    proxy.refuse()
    reader, writer = await connect(proxy)
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    assert proxy.passed("up") == 0
    writer.close()


async def test_delay_keeps_the_order(proxy: Proxy) -> None:
    reader, writer = await connect(proxy)
    proxy.delay(0.02)
    clock = asyncio.get_running_loop().time
    began = clock()
    writer.write(b"first ")
    await writer.drain()
    writer.write(b"second")
    assert await reader.readexactly(12) == b"first second"
    assert clock() - began >= 0.04
    writer.close()


async def test_a_peer_talks_through_it_and_notices_a_cut(prosody: Prosody, peers: Peers) -> None:
    async with Proxy(prosody.starttls_port) as proxy:
        peer = await peers.login(prosody, port=proxy.port)
        await proxy.cut()
        await peer.wait_until_lost()
