"""A conversation as a file other programs and people can read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tui_xmpp.core.model import Direction, Message
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive


class ExportError(TuiXmppError):
    """The file cannot be written; the sentence says why."""


def export(archive: Archive, account: BareJID, peer: BareJID, path: Path) -> int:
    """Write all that is stored of a conversation into a new file only its owner may read, oldest first.

    Return how many messages. JSON lines if the name ends in ``.jsonl``, else text. Raise :class:`ExportError`.
    """
    write = _as_json if path.suffix == ".jsonl" else _as_text
    path = path.expanduser()
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            count = 0
            for message in archive.all_messages(account, peer):
                file.write(write(message) + "\n")
                count += 1
            return count
    except FileExistsError:
        raise ExportError(f"{path} is there already; nothing was written. Choose another name.") from None
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}.") from error


def _as_text(message: Message) -> str:
    who = message.account if message.is_outgoing else message.peer
    head = f"{message.stamp.astimezone():%Y-%m-%d %H:%M:%S%z} {who}: "
    subject = [f"[{message.subject}]"] if message.subject else []
    # A line that goes on is set in, so that no words can pass for another person's.
    reactions = [
        f"[{'me' if one.direction is Direction.OUTGOING else message.peer}: {' '.join(one.emojis)}]"
        for one in message.reactions
    ]
    return head + "\n    ".join([*subject, *message.body.splitlines(), *reactions])


def _as_json(message: Message) -> str:
    told = {
        "id": message.origin_id or message.key,
        "archive_id": message.archive_id,
        "time": message.stamp.isoformat(),
        "direction": message.direction.value,
        "from": str(message.author or (message.account if message.is_outgoing else message.peer)),
        "type": message.kind.value,
        "subject": message.subject,
        "body": message.body,
        "thread": message.thread,
        "delivery": message.delivery.value,
        "reactions": {one.direction.value: one.emojis for one in message.reactions},
    }
    return json.dumps({key: value for key, value in told.items() if value not in (None, "", {})}, ensure_ascii=False)
