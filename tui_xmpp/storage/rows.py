"""Messages as rows of the archive's table, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tui_xmpp.core.model import Delivery, Direction, Failure, Message, MessageKind, Reply, Version
from tui_xmpp.core.order import microseconds, moment, said_id
from tui_xmpp.jid import BareJID, parse_jid

COLUMNS = (
    "key, stamp, direction, kind, author, stanza_id, subject, body, thread, bodies, delivery, failure, is_delayed,"
    " archive_id, origin_id, place, states, files, is_unstyled, versions, replaces, reply"
)
INSERT = (
    f"INSERT OR IGNORE INTO message (account, conversation, is_placed, {COLUMNS})"  # noqa: S608 - constants
    f" VALUES ({', '.join('?' * 25)})"
)


def row_of(account: int, conversation: int, message: Message, *, is_placed: bool = False) -> tuple[object, ...]:
    """Return the values of :data:`INSERT`."""
    return (
        account,
        conversation,
        is_placed,
        message.key,
        microseconds(message.stamp),
        message.direction.value,
        message.kind.value,
        None if message.author is None else str(message.author),
        message.stanza_id,
        message.subject,
        message.body,
        message.thread,
        json.dumps(message.bodies) if message.bodies else None,
        message.delivery.value,
        failure_text(message.failure),
        message.is_delayed,
        message.archive_id,
        said_id(message),
        message.place,
        states_text(message),
        json.dumps(message.files) if message.files else None,
        message.is_unstyled,
        versions_text(message),
        message.replaces,
        reply_text(message.reply),
    )


def message_of(account: BareJID, peer: BareJID, row: Sequence[Any]) -> Message:
    """Return the message of a row of :data:`COLUMNS`."""
    (
        key,
        stamp,
        direction,
        kind,
        author,
        stanza_id,
        subject,
        body,
        thread,
        bodies,
        delivery,
        failure,
        delayed,
        archive_id,
        origin_id,
        place,
        states,
        files,
        is_unstyled,
        versions,
        replaces,
        reply,
    ) = row
    return Message(
        key=key,
        account=account,
        peer=peer,
        direction=Direction(direction),
        stamp=moment(stamp),
        body=body,
        kind=MessageKind(kind),
        author=None if author is None else peer if author == str(peer) else parse_jid(author),
        stanza_id=stanza_id,
        subject=subject,
        thread=thread,
        bodies=tuple((language, text) for language, text in json.loads(bodies)) if bodies else (),
        delivery=Delivery(delivery),
        failure=Failure(*json.loads(failure)) if failure else None,
        is_delayed=bool(delayed),
        archive_id=archive_id,
        origin_id=origin_id,
        place=place,
        states=tuple((Delivery(state), moment(at)) for state, at in json.loads(states)) if states else (),
        files=tuple((url, words) for url, words in json.loads(files)) if files else (),
        is_unstyled=bool(is_unstyled),
        versions=tuple(Version(moment(at), text, id_) for at, text, id_ in json.loads(versions)) if versions else (),
        replaces=replaces,
        reply=_reply_of(reply),
    )


def failure_text(failure: Failure | None) -> str | None:
    return None if failure is None else json.dumps([failure.condition, failure.sentence, failure.text])


def states_text(message: Message) -> str | None:
    return json.dumps([(state.value, microseconds(at)) for state, at in message.states]) if message.states else None


def versions_text(message: Message) -> str | None:
    versions = [(microseconds(version.stamp), version.body, version.id) for version in message.versions]
    return json.dumps(versions) if versions else None


def reply_text(reply: Reply | None) -> str | None:
    return None if reply is None else json.dumps([reply.id, reply.to and str(reply.to), reply.quoted])


def _reply_of(text: str | None) -> Reply | None:
    if text is None:
        return None
    id_, to, quoted = json.loads(text)
    return Reply(id_, None if to is None else parse_jid(to), quoted)
