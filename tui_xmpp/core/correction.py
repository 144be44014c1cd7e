"""What becomes of a message when its author says it anew (XEP-0308)."""

from __future__ import annotations

from dataclasses import replace

from tui_xmpp.core.model import Delivery, Failure, Message, Version
from tui_xmpp.core.order import TOLERANCE, said_id
from tui_xmpp.core.reactions import names_of

MOST_VERSIONS = 20
"""Texts kept of one message: the first and the latest, whatever its author sends."""


def is_corrected_by(original: Message, correction: Message) -> bool:
    """Tell whether a correction is one of this message and by its author (X-308-01, S-11).

    In a conversation of two the direction says who speaks. A correction is never corrected itself: each should name the
    first text (§4). Some clients name the one before, so that the id of any of its texts stands for the message.
    """
    if original.replaces is not None or not _may_correct(original, correction):
        return False
    return correction.replaces in (original.key, *names_of(original))


def is_followed_by(earlier: Message, later: Message) -> bool:
    """Tell whether a correction names another one of the same message, and so corrects that message too."""
    return earlier.replaces is not None and _may_correct(earlier, later) and later.replaces in names_of(earlier)


def _may_correct(message: Message, correction: Message) -> bool:
    if correction.replaces is None or correction.peer != message.peer:
        return False
    return correction.direction is message.direction and correction.kind is message.kind


def corrected(original: Message, correction: Message) -> Message:
    """Return the message as it reads now; the same where the correction is known or says nothing new."""
    versions = original.versions or (Version(original.stamp, original.body, said_id(original) or ""),)
    id_ = said_id(correction) or correction.archive_id or ""
    version = Version(correction.stamp, correction.body, id_, _open(correction.delivery), correction.failure)
    if version.body == versions[-1].body or (version.id and any(version.id == known.id for known in versions)):
        return original
    first, *later = versions
    # What comes last was said last, unless it is clearly older: an archive counts whole seconds, by another clock.
    place = len(later)
    while place and later[place - 1].stamp - version.stamp > TOLERANCE:
        place -= 1
    later.insert(place, version)
    del later[: 1 - MOST_VERSIONS]
    if later[-1] is not version:
        return replace(original, versions=(first, *later))
    return replace(
        original,
        versions=(first, *later),
        body=correction.body,
        bodies=correction.bodies,
        subject=correction.subject,
        files=correction.files,
        is_unstyled=correction.is_unstyled,
    )


def _open(delivery: Delivery) -> Delivery | None:
    return delivery if delivery in (Delivery.QUEUED, Delivery.SENT, Delivery.FAILED) else None


def correction_of(message: Message, version: Version) -> Message:
    """Return the message that gives one of ours this text: whole, and naming the first text (XEP-0308 §4)."""
    reply = message.reply
    if reply is not None and not version.body.startswith(message.first_body[: reply.quoted]):
        reply = replace(reply, quoted=0)
    return replace(
        message,
        key=version.id,
        stamp=version.stamp,
        body=version.body,
        bodies=(),
        author=message.account,
        delivery=Delivery.QUEUED,
        failure=None,
        is_delayed=False,
        stanza_id=None,
        archive_id=None,
        origin_id=None,
        place=0,
        states=(),
        versions=(),
        replaces=message.stanza_id or message.origin_id or message.key,
        reply=reply,
        reactions=(),
    )


def settled(message: Message, id_: str, delivery: Delivery, failure: Failure | None) -> Message:
    """Return a message that knows how far its correction of this id has come."""
    versions = tuple(
        replace(version, delivery=_open(delivery), failure=failure) if version.id == id_ else version
        for version in message.versions
    )
    return message if versions == message.versions else replace(message, versions=versions)


def withdrawn(message: Message, id_: str) -> Message:
    """Return a message as it reads once its correction of this id is given up."""
    versions = tuple(version for version in message.versions if version.id != id_)
    if versions == message.versions or not versions:
        return message
    return replace(message, versions=versions if len(versions) > 1 else (), body=versions[-1].body)
