"""The program without a screen: log in, send numbered messages without end, keep an archive; made to be killed.

``python -m tests.support.headless FOLDER PEER`` reads the account from FOLDER/settings.json, goes on after the last
number in the archive, prints each as it is kept, and once it reads ``stop`` sends no more, says goodbye and prints
``done``. With ``annexes`` after that it changes its first message instead, and its reaction to the peer's first one, in
turns.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from tests.support.account import QUICK, KnownPassword
from tui_xmpp.core.commands import Command, CorrectMessage, OpenConversation, React, SendMessage
from tui_xmpp.core.model import Message
from tui_xmpp.core.settings import AccountSettings, Settings
from tui_xmpp.core.store import Store
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive
from tui_xmpp.worker.client import Client
from tui_xmpp.worker.engine import SessionEngine


def emoji(number: int) -> str:
    """Return one of many emoji by its number."""
    return chr(0x1F400 + number % 60)


def annex(account: BareJID, peer: BareJID, said: tuple[Message, ...], number: int) -> Command:
    """Return what an even number, or an odd one, makes of a conversation."""
    mine = next((message for message in said if message.is_outgoing), None)
    if mine is None:
        return SendMessage(account, peer, f"take {number}")
    if number % 2 == 0:
        return CorrectMessage(account, peer, mine.key, f"take {number}")
    theirs = next(message for message in said if not message.is_outgoing)
    return React(account, peer, theirs.key, (emoji(number),))


async def run(folder: Path, peer: BareJID, *, is_annexing: bool) -> None:
    kept = json.loads((folder / "settings.json").read_text())
    password = kept.pop("password")
    settings = AccountSettings(BareJID.parse(kept.pop("jid")), **kept)
    client = Client(Store(), Settings((settings,)))
    archive = Archive.open(folder / "archive.sqlite")
    said = archive.page(settings.jid, peer).messages
    own = [int(message.body.split()[1]) for message in said if message.is_outgoing]
    number = own[-1] + 1 if own else 1
    client.attach(
        lambda: SessionEngine(
            client,
            archive=archive,
            passwords=KnownPassword(password),
            backoff=QUICK,
            languages=("en",),
        )
    )
    answers: asyncio.Queue[str | None] = asyncio.Queue()

    def look() -> None:
        for answer in client.take().answers:
            answers.put_nowait(answer.failure)

    client.listen(look)
    client.start()
    await client.settle()
    if is_annexing:
        client.submit(OpenConversation(settings.jid, peer))
        assert await answers.get() is None
    print("ready", flush=True)
    stop = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    while not stop.done():
        if is_annexing:
            held = client.views.conversation(settings.jid, peer).messages
            client.submit(annex(settings.jid, peer, held, number))
        else:
            client.submit(SendMessage(settings.jid, peer, f"number {number}"))
        assert await answers.get() is None
        print(number, flush=True)
        number += 1
    await client.settle()
    await client.close()
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), BareJID.parse(sys.argv[2]), is_annexing="annexes" in sys.argv[3:]))
