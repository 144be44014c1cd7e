"""A server with a full archive, in a process of its own: ``python -m tests.bench.archive_server COUNT``.

It prints the port of direct TLS and the file of its authority. Pages are written from text made beforehand: what is
measured is who reads them. It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from tui_xmpp.loopback import archives
from tui_xmpp.loopback.payloads import ArchiveFin, ArchiveQuery, PageFirst, PageSet
from tui_xmpp.loopback.realm import Realm
from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.loopback.session import Account, Archived, Session
from tui_xmpp.xmpp.stanza import Body, Message, MessageType

DOMAIN, NAME, PASSWORD = "pemberley.test", "elizabeth", "Obstinate, headstrong girl!"
PEER = f"darcy@{DOMAIN}"
PAGE = 250


def body(number: int) -> str:
    """Return what entry ``number`` says."""
    return f"missed-{number:05} and a few more words, as people write them"


def result(account: Account, number: int, stamp: datetime) -> str:
    said = f"{stamp:%Y-%m-%dT%H:%M:%S}Z"
    return (
        f"<message to='{account.jid}' from='{account.jid}'><result xmlns='urn:xmpp:mam:2' queryid='QUERY'"
        f" id='entry{number:05}'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{said}'/>"
        f"<message xmlns='jabber:client' type='chat' id='a-random-looking-id-{number:05}' to='{account.jid}'"
        f" from='{PEER}/library'><body>{body(number)}</body>"
        f"<origin-id xmlns='urn:xmpp:sid:0' id='a-random-looking-id-{number:05}'/>"
        "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>"
        "</message></forwarded></result></message>"
    )


async def main(count: int) -> None:
    async with LoopbackServer(DOMAIN, keeps_archives=True) as server:
        account = server.realm.account(server.add_user(NAME, PASSWORD))
        peer = server.add_user("darcy", PASSWORD)
        began = datetime.now(UTC) - timedelta(days=2)
        pages: dict[int, str] = {}
        for number in range(count):
            stamp = began + timedelta(seconds=5 * number)
            words = Message(account.jid, peer, type=MessageType.CHAT).with_payloads(Body(body(number)))
            account.places[f"entry{number:05}"] = number
            account.archive.append(Archived(f"entry{number:05}", stamp, peer, words))
            pages[number] = result(account, number, stamp)

        def answer(realm: Realm, account: Account, session: Session, query: ArchiveQuery) -> ArchiveFin:
            after = query.page.after if query.page is not None else None
            if not after:
                return small(realm, account, session, query)
            first = account.places[after] + 1
            last = min(first + PAGE, count)
            text = "".join(pages[number] for number in range(first, last))
            server.send_raw(session.jid, text.replace("QUERY", query.queryid or "").encode())
            edges = PageSet(first=PageFirst(f"entry{first:05}", first), last=f"entry{last - 1:05}", count=count)
            return ArchiveFin(complete=last == count, page=edges)

        small, archives.answer = archives.answer, answer
        print(await server.serve_socket(is_direct=True), server.ca_file, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
