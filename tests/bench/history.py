"""History: 20,000 missed messages fetched from the server's archive, and a million on the disk."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.archive_server import DOMAIN, NAME, PAGE, PASSWORD
from tests.bench.figures import Row, at_most, median, percentile
from tests.bench.receiver import Receiver
from tests.support.account import started
from tests.support.xmpp_server import LOOPBACK
from tui_xmpp.core import events as e
from tui_xmpp.core.model import ArchiveEntry, Delivery, Direction, Message
from tui_xmpp.core.search import parse_query
from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive

MISSED = 20_000
STORED = 1_000_000
PEERS = 20
ACCOUNT = BareJID(NAME, DOMAIN)
LONG_AGO = datetime.now(UTC) - timedelta(days=400)


# -- catching up --------------------------------------------------------------------------------------------------


def catch_up(runs: int) -> list[Row]:
    """Measure the archive's 20,000 messages until all are stored, beside a reader that asks for the same and counts."""
    with tempfile.TemporaryDirectory(prefix="tui-xmpp-bench-") as name:
        folder = Path(name)
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.archive_server", str(MISSED)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            port, ca_file = server.stdout.readline().split()
            settings = AccountSettings(ACCOUNT, host=LOOPBACK, port=int(port), tls="direct", ca_file=ca_file)
            _keep_first(folder / "kept")
            least = [_read_pages(int(port), Path(ca_file)) for _ in range(runs)]
            ours = [asyncio.run(_fetch(settings, folder, run)) for run in range(runs)]
        finally:
            server.communicate("")
    return [
        Row("20,000 missed messages, all stored, s", median(wall for wall, _ in ours), median(least)),
        Row("20,000 missed messages, processor, s", median(cpu for _, cpu in ours), None, at_most(3.5)),
    ]


def _keep_first(folder: Path) -> None:
    """Make an archive that ends with the server's first entry."""
    with closing(Archive.open(folder / "archive.sqlite")) as archive:
        entry = ArchiveEntry("entry00000", LONG_AGO, None)
        archive.write([e.ArchivePageReceived(ACCOUNT, (entry,), None, True, False, None, False)])


def _read_pages(port: int, ca_file: Path) -> float:
    """Return the seconds to receive all pages, one asked for after the other."""
    receiver = Receiver(str(ACCOUNT), PASSWORD, LOOPBACK, port, ca_file)
    with receiver:
        receiver.come_online()
        began, after, is_complete = time.perf_counter(), "entry00000", False
        while not is_complete:
            query = (
                "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2' queryid='q'>"
                f"<set xmlns='http://jabber.org/protocol/rsm'><max>{PAGE}</max><after>{after}</after></set></query></iq>"
            )
            end = receiver.ask(query, b"</fin></iq>")
            found = re.search(rb"<last>([^<]+)</last>", end)
            assert found is not None
            after, is_complete = found[1].decode(), b'complete="true"' in end
        return time.perf_counter() - began


async def _fetch(settings: AccountSettings, folder: Path, run: int) -> tuple[float, float]:
    """Return the seconds and processor seconds from being online until all is stored."""
    data = folder / f"run{run}"
    shutil.copytree(folder / "kept", data)
    async with started(settings, PASSWORD, data=data) as user:
        await user.online()
        began, cpu = time.perf_counter(), time.process_time()

        def is_done() -> bool:
            account = user.views.account(ACCOUNT)
            caught = account.catch_up if account is not None else None
            return caught is not None and caught.received >= MISSED - 1 and not caught.is_running

        await user.until(lambda _: is_done(), deadline=300)
        return time.perf_counter() - began, time.process_time() - cpu


# -- a million ----------------------------------------------------------------------------------------------------


def million(runs: int) -> list[Row]:
    """Measure what the screen asks of an archive of a million messages, of which a rare word is in ten."""
    with tempfile.TemporaryDirectory(prefix="tui-xmpp-bench-") as name:
        path = Path(name) / "archive.sqlite"
        with closing(Archive.open(path)) as archive:
            _fill(archive)
        opened: list[float] = []
        for _ in range(runs):
            began = time.perf_counter()
            with closing(Archive.open(path)) as archive:
                archive.conversations(ACCOUNT)
                archive.page(ACCOUNT, _peer(3))
            opened.append(_ms(began))
        with closing(Archive.open(path)) as archive:
            before = _resident()
            pages = _scroll(archive, _peer(3))
            rare = [_time(lambda: _search(archive, "hermitage")) for _ in range(runs)]
            common = [_time(lambda: _search(archive, "walk")) for _ in range(runs)]
            unspaced = [_time(lambda: _search(archive, "早飯")) for _ in range(runs)]
            absent = [_time(lambda: _search(archive, "ungentlemanlike", least=0)) for _ in range(runs)]
            grown = _resident() - before
    return [
        Row("a million stored: started and a conversation opened, ms", median(opened), None, at_most(50)),
        Row("a million stored: a page further up, 95 of 100, ms", percentile(pages, 0.95), None, at_most(20)),
        Row("a million stored: a rare word found, ms", median(rare), None, at_most(100)),
        Row("a million stored: a common word found, ms", median(common), None, at_most(100)),
        Row("a million stored: words of a script without spaces found, ms", median(unspaced), None, at_most(100)),
        Row("a million stored: told that a word is nowhere, ms", median(absent), None, at_most(200)),
        Row("a million stored: memory for all that, MiB", grown, None, at_most(32), is_of_speed=False),
    ]


def _peer(number: int) -> BareJID:
    return BareJID.parse(f"c{number:05}@contacts.{DOMAIN}")


def _fill(archive: Archive) -> None:
    size = 10_000
    for first in range(0, STORED, size):
        archive.write([_said(number) for number in range(first, first + size)])


def _said(number: int) -> e.MessageReceived:
    peer = _peer(number % PEERS)
    word = "hermitage" if number % (STORED // 10) == 77 else f"turn{number % 977} of the shrubbery"
    body = f"We shall walk to the {word} after breakfast, if the rain lets us"
    message = Message(
        key=f"key{number}",
        account=ACCOUNT,
        peer=peer,
        direction=Direction.INCOMING,
        stamp=LONG_AGO + timedelta(seconds=30 * number),
        body="不下雨的話，我們早飯後去散步吧" if number % 1000 == 5 else body,
        author=peer.with_resource("library"),
        stanza_id=f"a-random-looking-id-{number}",
        delivery=Delivery.RECEIVED,
    )
    return e.MessageReceived(ACCOUNT, message)


def _scroll(archive: Archive, peer: BareJID) -> list[float]:
    """Return the milliseconds of each of a hundred pages, from the newest up."""
    times: list[float] = []
    before: Message | None = None
    while len(times) < 100:
        began = time.perf_counter()
        page = archive.page(ACCOUNT, peer, before).messages
        times.append(_ms(began))
        if not page:
            break
        before = page[0]
    return times


def _search(archive: Archive, word: str, *, least: int = 10) -> None:
    found, _ = archive.search(parse_query(word), [ACCOUNT])
    assert len(found) >= least


def _time(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return _ms(began)


def _ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _resident() -> float:
    """Return this process's memory in MiB."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096 / 2**20
