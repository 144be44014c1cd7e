"""Transports: order, ends, breaks, back-pressure, over sockets and in memory."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tui_xmpp.net.tls import ServerTls, TlsError, TlsPolicy
from tui_xmpp.net.transport import (
    ConnectionLostError,
    MemoryTransport,
    SocketTransport,
    Transport,
    dial,
    memory_pair,
    serve,
)

POLICY = TlsPolicy("pemberley.lit")
SERVER_TLS = ServerTls(Path("unused.crt"), Path("unused.key"))


@asynccontextmanager
async def socket_pair() -> AsyncGenerator[tuple[Transport, Transport]]:
    """Join two transports by a real connection."""
    received: asyncio.Future[Transport] = asyncio.get_running_loop().create_future()
    is_over = asyncio.Event()

    async def hold(transport: Transport) -> None:
        received.set_result(transport)
        await is_over.wait()

    server = await serve(hold)
    client = await dial("127.0.0.1", server.port)
    try:
        async with asyncio.timeout(20):
            yield client, await received
    finally:
        is_over.set()
        client.abort()
        await server.close()


@asynccontextmanager
async def in_memory() -> AsyncGenerator[tuple[Transport, Transport]]:
    async with asyncio.timeout(20):
        yield memory_pair()


@pytest.fixture(params=["socket", "memory"])
async def pair(request: pytest.FixtureRequest) -> AsyncGenerator[tuple[Transport, Transport]]:
    make = socket_pair if request.param == "socket" else in_memory
    async with make() as both:
        yield both


async def read_exactly(transport: Transport, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = await transport.read()
        assert 0 < len(chunk) <= 65536
        data += chunk
    return data


async def test_bytes_arrive_in_order_both_ways(pair: tuple[Transport, Transport]) -> None:
    client, server = pair
    client.write(b"a")
    client.write(b"bc")
    server.write(b"xyz")
    assert await read_exactly(server, 3) == b"abc"
    assert await read_exactly(client, 3) == b"xyz"


async def test_end_of_stream_is_empty_and_stays(pair: tuple[Transport, Transport]) -> None:
    client, server = pair
    client.write(b"last words")
    await client.close()
    assert await read_exactly(server, 10) == b"last words"
    assert await server.read() == b""
    assert await server.read() == b""
    assert await client.read() == b""


async def test_what_came_while_gathering_is_read_after_it(pair: tuple[Transport, Transport]) -> None:
    client, server = pair
    for _ in range(2):
        gathering = asyncio.create_task(client.gather(0.01))
        server.write(b"ab")
        server.write(b"cd")
        await gathering
        assert await read_exactly(client, 4) == b"abcd"
    gathering = asyncio.create_task(client.gather(0.01))
    await server.close()
    await gathering
    assert await client.read() == b""


async def test_own_abort_wakes_the_reader(pair: tuple[Transport, Transport]) -> None:
    client, _ = pair
    reading = asyncio.create_task(client.read())
    await asyncio.sleep(0)
    client.abort()
    try:
        assert await reading == b""
    except ConnectionLostError:
        assert isinstance(client, MemoryTransport)
    with pytest.raises(ConnectionLostError):
        await client.drain()


async def test_writing_to_a_lost_stream_is_swallowed_and_drain_tells(pair: tuple[Transport, Transport]) -> None:
    client, server = pair
    server.abort()

    async def flood() -> None:
        while True:
            client.write(b"x" * 65536)
            await client.drain()
            await asyncio.sleep(0)

    with pytest.raises(ConnectionLostError):
        await flood()
    client.write(b"more")


async def test_drain_waits_for_a_reader_that_lags(pair: tuple[Transport, Transport]) -> None:
    client, server = pair

    async def send() -> None:
        client.write(bytes(32 * 1024 * 1024))  # more than the system's own buffers take
        await client.drain()

    sending = asyncio.create_task(send())
    await server.read()
    assert not sending.done()
    while not sending.done():
        await server.read()
        await asyncio.sleep(0)
    await sending


async def test_a_lagging_reader_stops_the_socket() -> None:
    async with socket_pair() as (client, server):
        assert isinstance(server, SocketTransport)
        server.data_received(bytes(70_000))
        assert server._socket is not None
        assert not server._socket.is_reading()
        assert len(await server.read()) == 65536
        assert server._socket.is_reading()
        assert len(await server.read()) == 70_000 - 65536
        client.write(b"on")
        assert await server.read() == b"on"


async def test_a_reset_is_told_with_its_reason() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    async with asyncio.timeout(20):
        transport = await dial("127.0.0.1", listener.getsockname()[1])
        accepted, _ = await asyncio.get_running_loop().sock_accept(listener)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()
        listener.close()
        with pytest.raises(ConnectionLostError, match=r"connection to 127\.0\.0\.1 was lost: .*reset"):
            await transport.read()


async def test_peer_is_the_numeric_address() -> None:
    async with socket_pair() as (client, server):
        assert client.peer.address == server.peer.address == "127.0.0.1"
        assert client.peer.port != server.peer.port


async def test_close_gives_up_on_a_peer_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_xmpp.net.transport.CLOSE_DEADLINE", 0.05)
    async with socket_pair() as (client, server):
        server.write(bytes(32 * 1024 * 1024))
        await server.close()
        received = 0
        while data := await client.read():
            received += len(data)
        assert 0 < received < 32 * 1024 * 1024


async def test_a_failing_handler_harms_no_other_connection() -> None:
    async def greet(transport: Transport) -> None:
        if await transport.read() == b"break":
            raise ConnectionLostError("Gone.")
        transport.write(b"hello")

    server = await serve(greet)
    async with asyncio.timeout(20):
        first, second = [await dial("127.0.0.1", server.port) for _ in range(2)]
        first.write(b"break")
        assert await first.read() == b""
        second.write(b"hi")
        assert await second.read() == b"hello"
        await first.close()
        await second.close()
        await server.close()


async def test_closing_the_server_ends_its_connections() -> None:
    async def wait(transport: Transport) -> None:
        while await transport.read():
            pass

    server = await serve(wait)
    async with asyncio.timeout(20):
        client = await dial("127.0.0.1", server.port)
        client.write(b"x")
        await server.close()
        with suppress(ConnectionLostError):
            assert await client.read() == b""
        client.abort()


async def test_memory_tls_starts_when_both_sides_agree() -> None:
    client, server = memory_pair()
    async with asyncio.timeout(20):
        starting = asyncio.create_task(client.start_tls(POLICY))
        await asyncio.sleep(0)
        assert not starting.done()
        assert client.tls is None
        facts = await server.start_tls(SERVER_TLS)
        assert await starting == facts == client.tls == server.tls


async def test_s_20_memory_tls_refuses_bytes_that_came_before() -> None:
    client, server = memory_pair()
    server.write(b"<message/>")
    with pytest.raises(TlsError, match="tampering"):
        await client.start_tls(POLICY)
    with pytest.raises(ConnectionLostError):
        await server.drain()


async def test_cut_breaks_the_connection_after_n_bytes() -> None:
    client, server = memory_pair()
    client.faults.cut_after = 5
    client.write(b"abc")
    client.write(b"defgh")
    assert await server.read() == b"abcde"
    with pytest.raises(ConnectionLostError):
        await server.read()
    with pytest.raises(ConnectionLostError):
        await client.read()
    with pytest.raises(ConnectionLostError):
        await client.drain()


async def test_stall_holds_bytes_back_until_released() -> None:
    client, server = memory_pair()
    client.faults.is_stalled = True
    client.write(b"late")
    reading = asyncio.create_task(server.read())
    await asyncio.sleep(0)
    assert not reading.done()
    client.release()
    async with asyncio.timeout(20):
        assert await reading == b"late"


async def test_chunks_are_at_most_n_bytes() -> None:
    client, server = memory_pair()
    client.faults.chunk = 2
    client.write(b"abcde")
    await client.close()
    assert [await server.read() for _ in range(4)] == [b"ab", b"cd", b"e", b""]


async def test_delay_holds_bytes_and_the_end_on_their_way_in_order() -> None:
    client, server = memory_pair()
    client.faults.delay = 0.02
    began = asyncio.get_running_loop().time()
    client.write(b"a")
    client.write(b"b")
    await client.close()
    client.write(b"too late")
    async with asyncio.timeout(20):
        assert await read_exactly(server, 2) == b"ab"
        assert asyncio.get_running_loop().time() - began >= 0.015
        assert await server.read() == b""
