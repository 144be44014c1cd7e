"""XEP-0313: the server's archive: what was missed comes at login, what is older when it is wanted.

What is held of the archive has no hole up to its head, from where the next login goes on. A live message moves the head
only while nothing was sent from here since the archive was last asked: what we sent has an id there that nobody told,
so a while after the last one the archive is asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Final

from tui_xmpp.core.commands import FetchOlder, FillGap, StopCatchUp
from tui_xmpp.core.events import ArchiveHeld, ArchivePageReceived, CatchUpProgressed, GapsChanged
from tui_xmpp.core.model import ArchiveEntry, CatchUp, Gap, Severity
from tui_xmpp.core.model import Message as Said
from tui_xmpp.features import stand_ins, xep0444_reactions
from tui_xmpp.features.feature import (
    Arrival,
    Context,
    Feature,
    FeatureError,
    Kept,
    MessageDecorator,
    RequestError,
    carries_out,
    derives_from_messages,
    follows,
    is_own_account,
    unwraps,
)
from tui_xmpp.features.rfc6121_messages import said_of
from tui_xmpp.features.xep0004_forms import Field, Form
from tui_xmpp.features.xep0059_paging import Before, Page
from tui_xmpp.features.xep0115_caps import offered
from tui_xmpp.features.xep0280_carbons import Carbons
from tui_xmpp.features.xep0297_forwarding import Forwarded
from tui_xmpp.features.xep0359_ids import Ids
from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.inline import ArchiveMetadata
from tui_xmpp.xmpp.payload import PayloadError, attribute, child, payload, tag_of
from tui_xmpp.xmpp.stanza import Body, Iq, IqType, Message, MessageType
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream_management import UnackedStanza

ARCHIVE = ns.MESSAGE_ARCHIVE
GROUPCHAT_FIELD = "urn:xmpp:mam:2#groupchat-field"

PAGE: Final = 250
"""Entries asked for at once; servers may give fewer."""
FIRST: Final = 1000
"""Newest entries fetched when nothing is held yet; older ones come when they are looked at."""
MOST: Final = 100_000
"""Entries fetched at one login before the rest is left as a gap (S-56)."""
GAP_PAGES: Final = 20
"""Pages fetched at one wish to fill a gap."""
OLDER_PAGES: Final = 20
"""Pages without a word that are passed over to find something older."""
QUIET: Final = 30.0
"""Seconds after the last message sent before the archive is asked where it stands."""
PULSE: Final = 5.0
"""Seconds between two notes of how far what came live reaches."""
DEADLINE: Final = 60.0

_WORTH_KEEPING = frozenset((tag_of(Body), xep0444_reactions.TAG, *stand_ins.TAGS))
_SAID = frozenset((MessageType.CHAT, MessageType.NORMAL))


@payload(ARCHIVE, "query")
class Query:
    queryid: str | None = attribute(default=None)
    form: Form | None = child(default=None)
    page: Page | None = child(default=None)


@payload(ARCHIVE, "result")
class Result:
    id: str = attribute()
    forwarded: Forwarded = child()
    queryid: str | None = attribute(default=None)


@payload(ARCHIVE, "fin")
class Fin:
    complete: bool = attribute(default=False)
    stable: bool = attribute(default=True)
    page: Page | None = child(default=None)


class UnstableArchiveError(FeatureError):
    """The archive is being changed and its ids cannot be kept."""


@dataclass(slots=True)
class _Open:
    """A query under way and what came for it."""

    most: int
    entries: list[ArchiveEntry] = field(default_factory=list)


@dataclass(slots=True)
class Archiving:
    """What an account knows of its archive at the server."""

    head: str | None = None
    """The newest entry held without a hole; empty while there was none, None while nothing is known."""
    gaps: tuple[Gap, ...] = ()
    is_kept: bool = True
    is_wanted: bool = True
    """The user has not broken the catching up off."""
    announced: ArchiveMetadata | None = None
    """What the server said of the archive while it bound the session, which has copies since then (C-BIND2-02)."""
    is_current: bool = False
    """In this session everything up to the present is held."""
    has_groupchat_field: bool = False
    queries: dict[str, _Open] = field(default_factory=dict)
    live: tuple[str, datetime] | None = None
    """The newest entry that came live, not noted yet."""
    sent_at: float | None = None
    """When something was last sent whose id in the archive is not known."""


@dataclass(frozen=True, slots=True)
class Received:
    """A page that came: its first and last id may be those of entries the server left out."""

    entries: tuple[ArchiveEntry, ...]
    first: str | None
    last: str | None
    is_complete: bool
    index: int | None
    count: int | None


def restore(ctx: Context, kept: Kept) -> None:
    state = ctx.state(Archiving)
    state.head, state.gaps, state.is_kept = kept.archive_head, kept.archive_gaps, kept.is_kept


def follow_gaps(ctx: Context, event: GapsChanged) -> None:
    ctx.state(Archiving).gaps = event.gaps


# -- one page -----------------------------------------------------------------------------------------------------


async def ask_page(
    ctx: Context, *, after: str | None = None, before: str | None = None, peer: BareJID | None = None, most: int = PAGE
) -> Received:
    """Ask for the page after or before an entry; ``before`` empty for the newest. Raise ``RequestError``."""
    state = ctx.state(Archiving)
    queryid = ctx.new_id()
    fields = [Field("FORM_TYPE", "hidden", (ARCHIVE,))]
    if peer is not None:
        fields.append(Field("with", None, (str(peer),)))
    if state.has_groupchat_field:
        fields.append(Field("include-groupchat", None, ("false",)))  # X-313-04
    form = Form("submit", tuple(fields)) if len(fields) > 1 else None
    page = Page(max=most, after=after, before=None if before is None else Before(before))
    opened = state.queries[queryid] = _Open(most)
    try:
        reply = await ctx.request(
            Iq(type=IqType.SET).with_payloads(Query(queryid, form, page)),
            "What was missed is still at the server.",
            DEADLINE,
        )
        fin = reply.payload(Fin)
    except PayloadError as error:
        raise RequestError("The server's archive gave an answer that cannot be read.") from error
    finally:
        del state.queries[queryid]  # no results after the end (S-02)
    if fin is None or len(opened.entries) > most:
        raise RequestError("The server's archive does not keep to what it was asked.")
    if not fin.stable:
        raise UnstableArchiveError("The server's archive is being changed; what was missed comes later.")
    said = fin.page or Page()
    entries = opened.entries
    first = said.first.id if said.first is not None and said.first.id else None
    return Received(
        tuple(entries),
        first or (entries[0].archive_id if entries else None),
        said.last or (entries[-1].archive_id if entries else None),
        fin.complete or not (entries or said.last),
        said.first.index if said.first is not None else None,
        said.count,
    )


def unwrap_result(ctx: Context, message: Message, result: Result) -> None:
    """Put a result to the query it answers; one that nobody asked for, or from another archive, is dropped (S-02)."""
    opened = ctx.state(Archiving).queries.get(result.queryid or "")
    if opened is None or not is_own_account(ctx, message.from_) or len(opened.entries) > opened.most:
        return
    stamp = result.forwarded.stamp
    if stamp is None or not result.id:
        return
    stamp = min(stamp, ctx.clock.now())
    inner = result.forwarded.message()
    said = None if inner is None else _said(ctx, inner, result.id, stamp)
    opened.entries.append(ArchiveEntry(result.id, stamp, said))


def _said(ctx: Context, message: Message, archive_id: str, stamp: datetime) -> Said | None:
    parts: dict[object, Element] = {part.tag: part for part in message.children}
    if message.type not in _SAID or parts.keys().isdisjoint(_WORTH_KEEPING) or message.from_ is None:
        return None
    if message.from_.bare != ctx.account and message.to is not None and message.to.bare != ctx.account:
        return None  # neither from nor to the account: none of its conversations
    origin = parts.get(_ORIGIN_ID)
    ids = Ids(None if origin is None else origin.get("id") or None, archive_id)
    return said_of(ctx, message, parts, ids, key=f"archive:{archive_id}", stamp=stamp)


_ORIGIN_ID = "{urn:xmpp:sid:0}origin-id"


def page_event(
    ctx: Context,
    page: Received,
    *,
    after: str | None = None,
    before: str | None = None,
    peer: BareJID | None = None,
    is_news: bool = False,
) -> ArchivePageReceived:
    """Return the fact a page is. Edges the server named without showing them are entries nobody can read."""
    entries = list(page.entries)
    if entries:
        if page.first is not None and entries[0].archive_id != page.first:
            entries.insert(0, ArchiveEntry(page.first, entries[0].stamp, None))
        if page.last is not None and entries[-1].archive_id != page.last:
            entries.append(ArchiveEntry(page.last, entries[-1].stamp, None))
    is_forward = before is None
    anchor = (after if is_forward else before) or None
    return ArchivePageReceived(ctx.account, tuple(entries), anchor, is_forward, page.is_complete, peer, is_news)


# -- catching up --------------------------------------------------------------------------------------------------


async def catch_up(ctx: Context) -> None:
    """Fetch what was said while nobody was here."""
    state = ctx.state(Archiving)
    offers = await offered(ctx)
    if ARCHIVE not in offers.account or not state.is_kept:
        return
    state.has_groupchat_field = GROUPCHAT_FIELD in offers.account
    state.is_wanted, state.live, state.sent_at = True, None, None
    try:
        if not _has_missed_nothing(state):
            await _show_opened(ctx)
            await _fetch_missed(ctx, _Progress(ctx))
    except (RequestError, UnstableArchiveError) as error:
        ctx.log(str(error), Severity.WARNING)
    else:
        state.is_current = True


def _has_missed_nothing(state: Archiving) -> bool:
    """Tell whether the archive ended, when the session began, where what is held ends."""
    announced, state.announced = state.announced, None
    if announced is None or state.head is None:
        return False
    return state.head == ("" if announced.end is None else announced.end.id)


def begin_anew(ctx: Context, h: int | None, unacked: Sequence[UnackedStanza]) -> None:
    state = ctx.state(Archiving)
    state.is_current, state.announced = False, None


class _Progress:
    """Tells how far catching up has come."""

    def __init__(self, ctx: Context, *, is_told: bool = True) -> None:
        self._ctx = ctx
        self.is_told = is_told
        self._is_begun = False
        self.now = CatchUp(is_running=True)

    def add(self, page: Received) -> None:
        total = self.now.total
        if not self._is_begun and page.count is not None and page.index is not None:
            total = page.count - page.index
        self._is_begun = True
        self._tell(CatchUp(self.now.received + len(page.entries), total, is_running=True))

    def end(self) -> None:
        if self._is_begun:
            self._tell(replace(self.now, is_running=False))

    def _tell(self, now: CatchUp) -> None:
        self.now = now
        if self.is_told:
            self._ctx.emit(CatchUpProgressed(self._ctx.account, now))


async def _show_opened(ctx: Context) -> None:
    """Fetch the newest page of what is on the screen before anything else."""
    if ctx.state(Archiving).head:
        for peer in ctx.opened:
            page = await ask_page(ctx, before="", peer=peer, most=50)
            await ctx.record(page_event(ctx, page, before="", peer=peer, is_news=True))


async def _fetch_missed(ctx: Context, progress: _Progress) -> None:
    state = ctx.state(Archiving)
    writing: Awaitable[None] | None = None
    try:
        if state.head is None:
            await _fetch_newest(ctx, progress, FIRST)
            return
        while True:
            after = state.head
            try:
                page = await ask_page(ctx, after=after or None)  # an empty head is the start of the archive
            except RequestError as error:
                if error.condition is not ErrorCondition.ITEM_NOT_FOUND:
                    raise
                await _fetch_newest(ctx, progress, PAGE)  # the archive has forgotten where we were (X-313-02)
                return
            # The next page is asked for while this one is written, and no further ahead.
            if writing is not None:
                await writing
            writing = asyncio.ensure_future(ctx.record(page_event(ctx, page, after=after, is_news=True)))
            progress.add(page)
            if page.is_complete or page.last is None or page.last == after:
                return
            state.head = page.last
            if not state.is_wanted or progress.now.received >= MOST:
                await _fetch_newest(ctx, progress, PAGE)
                return
    finally:
        progress.end()
        if writing is not None:
            await asyncio.shield(writing)


async def _fetch_newest(ctx: Context, progress: _Progress, most: int) -> None:
    """Fetch the newest entries, whatever lies between them and what is held: it becomes a gap."""
    state = ctx.state(Archiving)
    is_news = state.head is not None
    before, head = "", None
    while progress.now.received < most or head is None:
        page = await ask_page(ctx, before=before)
        await ctx.record(page_event(ctx, page, before=before, is_news=is_news))
        progress.add(page)
        head = head or page.last
        if page.is_complete or page.first is None or page.first == before or (is_news and head is not None):
            break
        before = page.first
    state.head = head or state.head or ""


def note_sent(ctx: Context, message: Message) -> Message:
    if message.type in _SAID and any(part.tag in _WORTH_KEEPING for part in message.children):
        ctx.state(Archiving).sent_at = ctx.clock.monotonic()
    return message


def note_live(ctx: Context, arrival: Arrival[Message]) -> None:
    """Move the head along with what comes, as long as nothing can be missing before it."""
    ids = arrival.note(Ids)
    if ids is None or ids.archive_id is None:
        return
    state = ctx.state(Archiving)
    if state.sent_at is None and state.is_current and ctx.state(Carbons).are_on:
        state.live = (ids.archive_id, ctx.clock.now())


async def keep_up(ctx: Context) -> None:
    """Note how far what came live reaches, and ask where stands what was sent."""
    state = ctx.state(Archiving)
    try:
        while True:
            await asyncio.sleep(PULSE)
            _hold_live(ctx)
            is_quiet = state.sent_at is not None and ctx.clock.monotonic() - state.sent_at >= QUIET
            if is_quiet and state.is_current and ctx.state(Carbons).are_on:
                await settle_sent(ctx)
    finally:
        _hold_live(ctx)


async def settle_sent(ctx: Context) -> None:
    """Ask the archive where it put what was sent from here; what a cut breaks off is asked again."""
    state = ctx.state(Archiving)
    sent_at = state.sent_at
    try:
        await _fetch_missed(ctx, _Progress(ctx, is_told=False))
    except RequestError as error:
        state.is_current = error.error is None  # who refuses now is asked at the next login
        state.sent_at = ctx.clock.monotonic()
    except UnstableArchiveError:
        state.is_current = False
    else:
        if state.sent_at == sent_at:
            state.sent_at = None


def _hold_live(ctx: Context) -> None:
    state = ctx.state(Archiving)
    if state.live is not None:
        state.head = state.live[0]
        ctx.emit(ArchiveHeld(ctx.account, *state.live))
        state.live = None


# -- what the user wants ------------------------------------------------------------------------------------------


async def stop(ctx: Context, command: StopCatchUp) -> None:
    ctx.state(Archiving).is_wanted = False


async def fill_gap(ctx: Context, command: FillGap) -> None:
    """Fetch forward from the gap's beginning, or backward from its end where the archive has forgotten that."""
    state = ctx.state(Archiving)
    after, before = command.gap.after_id, command.gap.before_id
    is_forward = state.is_wanted = True
    progress = _Progress(ctx)
    try:
        for _ in range(GAP_PAGES):
            if not any(gap.after_id == after or gap.before_id == before for gap in state.gaps):
                return
            try:
                page = await ask_page(ctx, after=after) if is_forward else await ask_page(ctx, before=before)
            except RequestError as error:
                if error.condition is not ErrorCondition.ITEM_NOT_FOUND or not is_forward:
                    raise
                is_forward = False
                continue
            fact = page_event(ctx, page, after=after) if is_forward else page_event(ctx, page, before=before)
            await ctx.record(fact)
            progress.add(page)
            if page.is_complete or page.first is None or page.last is None or not state.is_wanted:
                return
            after, before = (page.last, before) if is_forward else (after, page.first)
    finally:
        progress.end()


async def fetch_older(ctx: Context, command: FetchOlder) -> None:
    """Fetch a page with something to read that is older than what is held of a conversation."""
    if ARCHIVE not in (await offered(ctx)).account:
        return
    before = command.before or ""
    for _ in range(OLDER_PAGES):
        page = await ask_page(ctx, before=before, peer=command.peer)
        # It stands before what is held; of an entry passed over without a word nobody would know where that is.
        await ctx.record(page_event(ctx, page, before=command.before or "", peer=command.peer))
        said = [entry.message for entry in page.entries if entry.message is not None]
        if page.is_complete or page.first is None or any(message.reaction is None for message in said):
            return
        before = page.first


FEATURE = Feature(
    spec="XEP-0313",
    title="Message Archive Management",
    version="1.1.3",
    inbound=(
        unwraps(Result, unwrap_result),
        derives_from_messages(MessageType.CHAT, MessageType.NORMAL, MessageType.HEADLINE, handler=note_live),
    ),
    outbound=(MessageDecorator(note_sent),),
    commands=(
        carries_out(StopCatchUp, stop, works_offline=True),
        carries_out(FillGap, fill_gap),
        carries_out(FetchOlder, fetch_older),
    ),
    facts=(follows(GapsChanged, follow_gaps),),
    on_restored=restore,
    on_online=catch_up,
    on_lost=begin_anew,
    in_background=keep_up,
)
