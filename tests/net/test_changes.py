"""What the kernel says of addresses and routes, and that it is told once."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

import pytest

from tui_xmpp.net import changes
from tui_xmpp.net.changes import ChangeWatch, NetworkView

HOME, CAFE = b"\xc0\xa8\x01\x07", b"\x0a\x00\x00\x09"


def message(kind: int, body: bytes) -> bytes:
    return struct.pack("=LHHLL", 16 + len(body), kind, 0, 0, 0) + body


def address(kind: int, value: bytes, *, scope: int = 0, interface: int = 2) -> bytes:
    attributes = struct.pack("=HH", 5, 3) + b"e\0\0\0" + struct.pack("=HH", 4 + len(value), 2) + value
    return message(kind, struct.pack("=BBBBL", 2, 24, 0, scope, interface) + attributes)


def route(kind: int, prefix: int) -> bytes:
    return message(kind, struct.pack("=BBBBBBBBL", 2, prefix, 0, 0, 254, 3, 0, 1, 0))


@pytest.mark.parametrize(
    ("told", "is_other"),
    [
        ([address(20, HOME)], [True]),
        ([address(20, HOME), address(20, HOME)], [True, False]),  # its lifetime, told anew
        ([address(20, HOME), address(21, HOME), address(20, HOME)], [True, True, True]),
        ([address(20, HOME), address(20, CAFE), address(20, HOME, interface=3)], [True, True, True]),
        ([address(20, HOME, scope=253)], [False]),  # of the link only
        ([route(24, 0), route(25, 0)], [True, True]),
        ([route(24, 16)], [False]),  # not to everywhere
        ([message(16, bytes(16))], [False]),  # of an interface
        ([address(20, HOME, scope=253) + address(21, HOME)], [True]),  # several at once
        ([b"", b"\x01", address(20, HOME)[:20], message(20, b""), message(24, b"\x02\x00")], [False] * 5),
    ],
)
def test_only_another_address_or_default_route_is_a_change(told: list[bytes], is_other: list[bool]) -> None:
    view = NetworkView()
    assert [view.take(one) for one in told] == is_other


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the files are Linux's")
async def test_several_steps_of_one_change_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    monkeypatch.setattr(changes, "_open_routes", lambda: ours)
    monkeypatch.setattr(changes, "SETTLING", 0.02)
    told: asyncio.Queue[None] = asyncio.Queue()
    watch = ChangeWatch(lambda: told.put_nowait(None))
    for each in (address(21, HOME), route(25, 0), address(20, CAFE), route(24, 0)):
        kernel.send(each)
    async with asyncio.timeout(20):
        await told.get()
    kernel.send(address(20, CAFE))
    kernel.send(address(20, HOME))
    async with asyncio.timeout(20):
        await told.get()
    assert told.empty()
    watch.close()
    kernel.close()


async def test_the_kernel_s_own_files_are_opened_and_closed() -> None:
    ChangeWatch(lambda: None).close()
