"""Which copies are one message, and where it stands: the archive's order, whoever tells of it and when (X-313-03).

A place is a whole number that sorts the messages of a conversation: nanoseconds since 1970 of the moment something was
said, moved by as little as keeps the order. A page of the server's archive knows the order of what it holds; its
neighbours know on which side of it they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from tui_xmpp.core.model import Message

TOLERANCE = timedelta(seconds=60)
"""How far the clocks of two witnesses of one message without an id of its own may be apart."""

CHANCE = 16
"""Characters from which on a sender's id is taken for a random one, which nobody uses again."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(stamp: datetime) -> int:
    """Return a moment as whole microseconds since 1970."""
    return (stamp - _EPOCH) // _MICROSECOND


def moment(microseconds_: int) -> datetime:
    """Return the moment so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=microseconds_)


def place_of(message: Message) -> int:
    """Return where a message stands; one not placed yet stands by its stamp."""
    return message.place or microseconds(message.stamp) * 1000


def said_id(message: Message) -> str | None:
    """Return the sender's own name for a message: its origin-id, else the stanza's id (XEP-0359)."""
    return message.origin_id or message.stanza_id or (message.key if message.is_outgoing else None)


def is_copy(copy: Message, held: Message, *, is_late: bool) -> bool:
    """Tell whether two messages of one conversation are copies of one.

    The same id given by the archive says so. Different ones do not say the contrary: who was not told that a message
    had arrived sends it again, and the archive has it twice (XEP-0198 §5); then the sender's id decides if it is long
    enough to be random. Else the sender's id counts together with the sender and the words, for senders use an id
    again. Only where neither has an id is a late copy, from the archive or from offline storage, known by its words and
    time: an id that one of them lacks was never on the other.
    """
    are_archived = copy.archive_id is not None and held.archive_id is not None
    if are_archived and copy.archive_id == held.archive_id:
        return True
    if copy.direction is not held.direction or copy.first_body != held.first_body or copy.reaction != held.reaction:
        return False
    if copy.author is not None and held.author is not None and copy.author.bare != held.author.bare:
        return False
    one, other = said_id(copy), said_id(held)
    if are_archived:
        return one is not None and one == other and len(one) >= CHANCE
    if one is not None or other is not None:
        return one == other
    return (is_late or held.is_delayed) and abs(copy.stamp - held.stamp) <= TOLERANCE


def arrange(wanted: Sequence[int], held: Sequence[int | None], edge: int | None, *, is_forward: bool) -> list[int]:
    """Return the places of a page's messages, in the page's order.

    ``wanted`` are the places by their stamps, ``held`` those the archive's order gave them before (None: none), which
    are kept where the order allows. ``edge`` is the place of the neighbour the page was asked for: all of a forward
    page stands after it, all of a backward page before it.
    """
    sign = 1 if is_forward else -1
    last = None if edge is None else sign * edge
    places = [0] * len(wanted)
    for index in range(len(wanted)) if is_forward else range(len(wanted) - 1, -1, -1):
        known = held[index]
        if known is not None and (last is None or sign * known > last):
            last = sign * known
        else:
            last = sign * wanted[index] if last is None else max(sign * wanted[index], last + 1)
        places[index] = sign * last
    return places


def make_room(last: int, beyond: Iterable[tuple[int, int]], *, is_forward: bool) -> Iterator[tuple[int, int]]:
    """Yield (what, its new place) for those beyond a page that its ``last`` place reaches or passes.

    ``beyond`` are (what, its place) of messages placed by other pages, nearest to this page's edge first.
    """
    sign = 1 if is_forward else -1
    reached = sign * last
    for what, place in beyond:
        if sign * place > reached:
            return
        reached += 1
        yield what, sign * reached
