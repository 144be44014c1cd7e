"""Messages as rows of the archive's table, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tui_xmpp.core.model import (
    Delivery,
    Direction,
    Failure,
    Message,
    MessageKind,
    Reaction,
    Reactions,
    Reply,
    Version,
)
from tui_xmpp.core.order import microseconds, moment, said_id
from tui_xmpp.jid import BareJID, parse_jid

COLUMNS = (
    "key, stamp, direction, kind, author, stanza_id, subject, body, thread, bodies, delivery, failure, is_delayed,"
    " archive_id, origin_id, place, states, files, is_unstyled, versions, replaces, reply, reacts_to, emojis, reactions"
)
INSERT = (
    f"INSERT OR IGNORE INTO message (account, conversation, is_placed, is_annex, {COLUMNS})"  # noqa: S608
    f" VALUES ({', '.join('?' * 29)})"
)


def row_of(
    account: int, conversation: int, message: Message, *, is_placed: bool = False, is_annex: bool = False
) -> tuple[object, ...]:
    """Return the values of :data:`INSERT`; a reaction is always an annex."""
    reaction = message.reaction
    return (
        account,
        conversation,
        is_placed,
        is_annex or reaction is not None,
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
        None if reaction is None else reaction.to,
        None if reaction is None else json.dumps(reaction.emojis, ensure_ascii=False),
        reactions_text(message),
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
        reacts_to,
        emojis,
        reactions,
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
        failure=_failure_of(failure),
        is_delayed=bool(delayed),
        archive_id=archive_id,
        origin_id=origin_id,
        place=place,
        states=tuple((Delivery(state), moment(at)) for state, at in json.loads(states)) if states else (),
        files=tuple((url, words) for url, words in json.loads(files)) if files else (),
        is_unstyled=bool(is_unstyled),
        versions=tuple(map(_version_of, json.loads(versions))) if versions else (),
        replaces=replaces,
        reply=_reply_of(reply),
        reactions=tuple(map(_reactions_of, json.loads(reactions))) if reactions else (),
        reaction=None if reacts_to is None else Reaction(reacts_to, tuple(json.loads(emojis))),
    )


def failure_text(failure: Failure | None) -> str | None:
    return None if failure is None else json.dumps([failure.condition, failure.sentence, failure.text])


def states_text(message: Message) -> str | None:
    return json.dumps([(state.value, microseconds(at)) for state, at in message.states]) if message.states else None


def versions_text(message: Message) -> str | None:
    versions = [
        (
            microseconds(version.stamp),
            version.body,
            version.id,
            *(() if version.delivery is None else (version.delivery.value, failure_text(version.failure))),
        )
        for version in message.versions
    ]
    return json.dumps(versions) if versions else None


def _version_of(kept: Sequence[Any]) -> Version:
    at, body, id_, *fate = kept
    if not fate:
        return Version(moment(at), body, id_)
    return Version(moment(at), body, id_, Delivery(fate[0]), _failure_of(fate[1]))


def reactions_text(message: Message) -> str | None:
    reactions = [
        (each.direction.value, each.emojis, microseconds(each.stamp), each.delivery.value) for each in message.reactions
    ]
    return json.dumps(reactions, ensure_ascii=False) if reactions else None


def _reactions_of(kept: Sequence[Any]) -> Reactions:
    direction, emojis, at, delivery = kept
    return Reactions(Direction(direction), tuple(emojis), moment(at), Delivery(delivery))


def _failure_of(text: str | None) -> Failure | None:
    return Failure(*json.loads(text)) if text else None


def reply_text(reply: Reply | None) -> str | None:
    return None if reply is None else json.dumps([reply.id, reply.to and str(reply.to), reply.quoted])


def _reply_of(text: str | None) -> Reply | None:
    if text is None:
        return None
    id_, to, quoted = json.loads(text)
    return Reply(id_, None if to is None else parse_jid(to), quoted)
