"""Notice at once that the machine slept or that its network is another, without looking now and then (Linux).

Two files of the kernel become readable when that happens: a route socket (``rtnetlink(7)``) tells of addresses and of
the default route, a timer for the end of time (``timerfd_create(2)``) is cancelled when the wall clock jumps, as it
does when the machine wakes. Where the kernel has neither, nothing is noticed here, and the pings of a stream find out.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

SETTLING: Final = 0.5
"""Seconds in which a network changes in several steps."""

_ADDRESSES_AND_ROUTES: Final = 0x10 | 0x40 | 0x100  # RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR
_NEW_ADDRESS, _GONE_ADDRESS, _NEW_ROUTE, _GONE_ROUTE = 20, 21, 24, 25
_GLOBAL: Final = 0
_ADDRESS, _LOCAL = 1, 2
_HEADER: Final = struct.Struct("=LHHLL")
_ADDRESS_BODY: Final = struct.Struct("=BBBBL")
_ROUTE_BODY_SIZE: Final = 12
_ATTRIBUTE: Final = struct.Struct("=HH")

_CLOCK_REALTIME: Final = 0
_ABSOLUTE_UNTIL_SET: Final = 1 | 2  # TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET
_END_OF_TIME: Final = struct.pack("@4l", 0, 0, 2**31 - 1 if sys.maxsize < 2**32 else 2**33, 0)


class NetworkView:
    """What the kernel has told of this machine's addresses; most of what it tells is nothing new."""

    def __init__(self) -> None:
        self._addresses: set[tuple[int, bytes]] = set()

    def take(self, data: bytes) -> bool:
        """Read the kernel's messages; say whether an address or the default route is another than before."""
        is_other = False
        for kind, body in _messages(data):
            if kind in (_NEW_ADDRESS, _GONE_ADDRESS):
                is_other |= self._take_address(body, is_new=kind == _NEW_ADDRESS)
            elif kind in (_NEW_ROUTE, _GONE_ROUTE):
                is_other |= len(body) >= _ROUTE_BODY_SIZE and body[1] == 0  # to everywhere
        return is_other

    def _take_address(self, body: bytes, *, is_new: bool) -> bool:
        if len(body) < _ADDRESS_BODY.size:
            return False
        _, _, _, scope, interface = _ADDRESS_BODY.unpack_from(body)
        found = dict(_attributes(body[_ADDRESS_BODY.size :]))
        address = found.get(_LOCAL) or found.get(_ADDRESS)
        if scope != _GLOBAL or address is None:
            return False
        was_known = (interface, address) in self._addresses
        if is_new:
            self._addresses.add((interface, address))  # its lifetime is told again and again
        else:
            self._addresses.discard((interface, address))
        return not (is_new and was_known)


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _HEADER.size:
        length, kind, _, _, _ = _HEADER.unpack_from(data)
        if not _HEADER.size <= length <= len(data):
            return
        yield kind, data[_HEADER.size : length]
        data = data[_aligned(length) :]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if not _ATTRIBUTE.size <= length <= len(data):
            return
        yield kind, data[_ATTRIBUTE.size : length]
        data = data[_aligned(length) :]


def _aligned(length: int) -> int:
    return (length + 3) & ~3


class ChangeWatch:
    """Call ``on_change`` once for each change of the network or awakening of the machine, until :meth:`close`."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._settling: asyncio.TimerHandle | None = None
        self._view = NetworkView()
        self._routes = _open_routes()
        self._timer = _open_timer()
        if self._routes is not None:
            self._loop.add_reader(self._routes, self._read_routes, self._routes)
        if self._timer is not None:
            self._loop.add_reader(self._timer, self._read_timer, self._timer)

    def close(self) -> None:
        """Watch no more."""
        if self._settling is not None:
            self._settling.cancel()
        if self._routes is not None:
            self._loop.remove_reader(self._routes)
            self._routes.close()
        if self._timer is not None:
            self._loop.remove_reader(self._timer)
            os.close(self._timer)

    def _read_routes(self, routes: socket.socket) -> None:
        try:
            is_other = self._view.take(routes.recv(1 << 16))
        except BlockingIOError:
            return
        except OSError:
            is_other = True  # more was told than there was room for
        if is_other:
            self._note()

    def _read_timer(self, timer: int) -> None:
        with suppress(OSError):  # ECANCELED is the news
            os.read(timer, 8)
        _set_timer(timer)
        self._note()

    def _note(self) -> None:
        if self._settling is None:
            self._settling = self._loop.call_later(SETTLING, self._tell)

    def _tell(self) -> None:
        self._settling = None
        self._on_change()


def _open_routes() -> socket.socket | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
    except OSError:
        return None
    try:
        opened.bind((0, _ADDRESSES_AND_ROUTES))
    except OSError:
        opened.close()
        return None
    return opened


def _open_timer() -> int | None:
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    try:
        create = ctypes.CDLL(None, use_errno=True).timerfd_create
    except (OSError, AttributeError):
        return None
    timer: int = create(_CLOCK_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)
    if timer < 0:
        return None
    if not _set_timer(timer):
        os.close(timer)
        return None
    return timer


def _set_timer(timer: int) -> bool:
    import ctypes

    failed: int = ctypes.CDLL(None, use_errno=True).timerfd_settime(timer, _ABSOLUTE_UNTIL_SET, _END_OF_TIME, None)
    return not failed
