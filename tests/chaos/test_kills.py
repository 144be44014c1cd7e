"""kill -9 of a client that sends: what it had promised to send arrives, once and in order."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
from pathlib import Path
from random import Random

import pytest

from tests.support.account import User, logged_in, settings_of, started
from tests.support.headless import emoji
from tests.support.prosody import Prosody
from tests.support.xmpp_server import Account, XmppServer
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.model import Direction
from tui_xmpp.core.reactions import emojis_by
from tui_xmpp.jid import BareJID

ROOT = Path(__file__).parents[2]
DEADLINE = 40.0


async def start(folder: Path, peer: BareJID, *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.support.headless", str(folder), str(peer), *words),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        return (await process.stdout.readline()).decode().strip()


async def promised_by(process: asyncio.subprocess.Process, count: int) -> int:
    """Wait until the client is ready and has promised so many messages; return the last one's number."""
    assert await line(process) == "ready"
    return [int(await line(process)) for _ in range(count)][-1]


async def rest_of(process: asyncio.subprocess.Process) -> tuple[int, str]:
    """Wait for the end; return the last number promised before it (0 for none), and the last word."""
    words = (await process.communicate())[0].decode().split()
    return max((int(word) for word in words if word.isdigit()), default=0), words[-1] if words else ""


def note(lizzy: User, kitty: BareJID, heard: dict[str, int]) -> None:
    heard.update((m.key, int(m.body.split()[1])) for m in lizzy.messages(kitty))


def write_settings(server: XmppServer, account: Account, folder: Path) -> BareJID:
    settings = settings_of(server, account)
    fields = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    kept = {**fields, "jid": account.jid, "password": account.password}
    folder.joinpath("settings.json").write_text(json.dumps(kept))
    return BareJID.parse(account.jid)


async def kill_often(server: XmppServer, folder: Path, kills: int, seed: int) -> None:
    random = Random(seed)
    account = server.user("kitty")
    kitty = write_settings(server, account, folder)
    promised = 0
    async with logged_in(server) as lizzy:
        heard: dict[str, int] = {}
        for number in range(kills + 1):
            process = await start(folder, lizzy.account)
            try:
                if number < kills and random.random() < 0.3:
                    # Somewhere in the start or the login.
                    await asyncio.sleep(random.random() * 0.8)
                else:
                    promised = await promised_by(process, random.randrange(1, 40))
                    await asyncio.sleep(random.random() / 50)
                if number == kills:
                    assert process.stdin is not None
                    process.stdin.write(b"stop\n")
            finally:
                if number < kills:
                    process.kill()
                further, word = await rest_of(process)
            note(lizzy, kitty, heard)  # the screen holds no more than the latest two thousand
            promised = max(promised, further)
            if number == kills:
                assert word == "done"
        last = f"number {promised}"
        await lizzy.until(lambda _: any(m.body == last for m in lizzy.messages(kitty)), deadline=DEADLINE)
        note(lizzy, kitty, heard)
        said = list(heard.values())
        assert said == list(range(1, len(said) + 1))
        assert said[-1] >= promised


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get("CHAOS_SEED", Random().randrange(10**6)))
    print(f"CHAOS_SEED={chosen}")
    return chosen


@pytest.mark.timeout(120)
async def test_x_198_06_a_killed_client_loses_and_doubles_nothing(
    server: XmppServer, tmp_path: Path, seed: int
) -> None:
    await kill_often(server, tmp_path, 8, seed)


@pytest.mark.timeout(120)
async def test_x_198_06_a_killed_client_goes_on_with_its_session_by_the_login_itself(
    instant_prosody: Prosody, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    account = instant_prosody.user("kitty")
    kitty = write_settings(instant_prosody, account, tmp_path)
    async with logged_in(instant_prosody) as lizzy:
        process = await start(tmp_path, lizzy.account)
        promised = await promised_by(process, random.randrange(1, 40))
        process.kill()
        promised = max(promised, (await rest_of(process))[0])
        async with started(settings_of(instant_prosody, account), account.password, data=tmp_path) as user:
            await user.online()
            assert user.connection.facts.is_resumed
            await lizzy.hears(kitty, f"number {promised}")
            await user.settle()
        heard = [m.body for m in lizzy.messages(kitty)]
        assert heard == [f"number {number}" for number in range(1, len(heard) + 1)]


@pytest.mark.timeout(120)
async def test_a_killed_client_keeps_what_it_put_under_a_message_and_made_of_one(
    server: XmppServer, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    account = server.user("kitty")
    kitty = write_settings(server, account, tmp_path)
    async with logged_in(server) as lizzy:
        await lizzy.does(SendMessage(lizzy.account, kitty, "Well?"))
        for kills_left in (2, 1, 0):
            process = await start(tmp_path, lizzy.account, "annexes")
            promised = await promised_by(process, random.randrange(2, 20))
            if kills_left:
                await asyncio.sleep(random.random() / 50)
                process.kill()
            else:
                assert process.stdin is not None
                process.stdin.write(b"stop\n")
            promised = max(promised, (await rest_of(process))[0])
        even, odd = sorted((promised, promised - 1), key=lambda number: number % 2)

        def has_arrived() -> bool:
            said = lizzy.messages(kitty)
            return said[-1].body == f"take {even}" and emojis_by(said[0], Direction.INCOMING) == (emoji(odd),)

        await lizzy.until(lambda _: has_arrived(), deadline=DEADLINE)
        assert len(lizzy.messages(kitty)) == 2


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_x_198_06_a_client_killed_many_times_loses_and_doubles_nothing(
    any_server: XmppServer, tmp_path: Path, seed: int
) -> None:
    for part in range(4):  # each a new account: Prosody's simple archive reads all of itself for each page
        folder = tmp_path / str(part)
        folder.mkdir()
        await kill_often(any_server, folder, 50, seed + part)
