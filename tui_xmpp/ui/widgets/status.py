"""How things stand: one line above the footer, and the pane that opens upward from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from tui_xmpp.clock import Clock
from tui_xmpp.core.model import LogEntry, Phase, Severity
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import AccountView, Views
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.keymap import key_of, moves
from tui_xmpp.ui.signs import (
    SHAPES,
    WORDS,
    account_ink,
    account_shape,
    counted,
    laid_out,
    phase_words,
    show_ink,
    span_words,
    visible_show,
)
from tui_xmpp.ui.theme import TERMINAL, Inks, inks
from tui_xmpp.ui.widgets.lines import DrawnLines
from tui_xmpp.ui.wrapping import rows_of

Pieces = list[tuple[str, Style]]
_TWO_COLUMNS = 100
_FACTS_WIDTH = 54


def clock_words(at: datetime, now: datetime, time_format: str) -> str:
    """Return a local time of day, with the day of the week where that is not today."""
    local = at.astimezone()
    is_today = local.date() == now.astimezone().date()
    return local.strftime(time_format if is_today else f"%a {time_format}")


def retry_words(view: AccountView, clock: Clock) -> str:
    """Say when the next try comes; empty where none is planned."""
    retry_at = view.connection.retry_at
    if view.connection.phase is not Phase.WAITING or retry_at is None:
        return ""
    seconds = (retry_at - clock.now()).total_seconds()
    return "next try now" if seconds < 1 else f"next try in {span_words(seconds + 0.5)}"


def connection_words(view: AccountView, clock: Clock, time_format: str) -> str:
    """Say in a few words how an account is connected."""
    connection = view.connection
    if connection.phase is Phase.ONLINE:
        facts = connection.facts
        words = ["connected"]
        if facts.since is not None:
            words[0] += f" since {clock_words(facts.since, clock.now(), time_format)}"
        if facts.tls_version:
            words.append(sanitize_line(facts.tls_version, 20))
        if facts.is_resumed:
            words.append("resumed")
        return " · ".join(words)
    words = [phase_words(connection.phase)]
    if retry := retry_words(view, clock):
        words = [retry]
    if connection.reason and connection.phase in (Phase.WAITING, Phase.STOPPED):
        words.append(sanitize_line(connection.reason, 300))
    return " · ".join(words)


def catch_up_words(view: AccountView) -> str:
    """Say how far fetching what was missed has come; empty where nothing is fetched."""
    told = view.catch_up
    if not told.is_running:
        return ""
    of = f" of {max(told.total, told.received):,}" if told.total is not None else ""
    return f"catching up {told.received:,}{of}"


def index_words(view: AccountView) -> str:
    """Say that not all that is stored can be found yet; empty where it can."""
    return "" if view.indexed == 100 else f"being prepared: {view.indexed} % can be found, newest last"


class StatusLine(DrawnLines):
    """One line: how the user is shown, how the account is connected, what waits."""

    DEFAULT_CSS = "StatusLine { height: 1; background: $panel; }"

    class Opened(Message):
        """The line was clicked."""

    class RequestsWanted(Message):
        """The badge of waiting requests was clicked."""

    class ProblemsWanted(Message):
        """The badge of what was wrong at the start was clicked."""

    def __init__(self, views: Views, clock: Clock, time_format: str, count_unread: Callable[[], int]) -> None:
        super().__init__()
        self._views = views
        self._clock = clock
        self._count_unread = count_unread
        self.time_format = time_format
        self.speaker: BareJID | None = None
        self.is_quiet = False
        """Nothing calls the user now."""
        self.problems = 0
        """How many things were wrong at the start."""

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw the line."""
        return [self._drawn_line() for _ in lines]

    def _drawn_line(self) -> Strip:
        ink = inks(self.app.current_theme)
        width = self.size.width
        right: Pieces = []
        requests = len(self._views.requests())
        if requests:
            style = ink.warning + Style(bold=True, meta={"badge": "requests"})
            right += [(f"  ! {counted(requests, 'request')}", style)]
        if self.problems:
            right += [(f"  ! {counted(self.problems, 'problem')}", ink.error + Style(meta={"badge": "problems"}))]
        accounts = self._views.accounts()
        if unread := self._count_unread():
            right += [(f"  {unread} unread", ink.badge)]
        if self.is_quiet:
            right += [("  quiet", ink.dim)]
        right.append((" ", ink.text))
        view = self._views.account(self.speaker) if self.speaker else None
        if view is None:
            return laid_out(
                [(f" No account yet · {key_of(self, 'accounts')} adds one", ink.dim)], right, width, ink.panel
            )
        show = visible_show(view)
        left: Pieces = [(" ", ink.text), (SHAPES[show], show_ink(show, ink)), (f" {WORDS[show]}", ink.text)]
        if view.connection.phase is Phase.ONLINE and view.own.status:
            left.append((f" · {sanitize_line(view.own.status, 60)}", ink.text))
        if len(accounts) > 1:
            left.append((f" · {view.account}", ink.dim))
        if view.connection.phase is Phase.ONLINE and (width >= _TWO_COLUMNS or view.own.priority):
            left.append((f" · priority {view.own.priority}", ink.dim))
        state_ink = ink.dim
        if view.connection.phase is Phase.STOPPED:
            state_ink = ink.error
        elif view.connection.phase is not Phase.ONLINE:
            state_ink = ink.warning
        if told := catch_up_words(view):
            left += [(" │ ", ink.dim), (told, ink.accent)]
        elif view.connection.phase is not Phase.OFFLINE:
            left += [(" │ ", ink.dim), (connection_words(view, self._clock, self.time_format), state_ink)]
        else:
            left += [(" │ ", ink.dim), (sanitize_line(view.connection.reason) or "not connected", ink.dim)]
        return laid_out(left, right, width, ink.panel)

    def on_click(self, event: events.Click) -> None:
        badges = {"requests": self.RequestsWanted, "problems": self.ProblemsWanted}
        self.post_message(badges.get(event.style.meta.get("badge", ""), self.Opened)())


class StatusPane(ScrollView, can_focus=True):
    """Everything known of the accounts' connections, and the log of events, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *moves({"up": "scroll_up", "down": "scroll_down", "page-up": "page_up", "page-down": "page_down"}),
        *moves({"first": "scroll_home", "last": "scroll_end"}),
        Binding("escape", "leave", "Close", show=False),
    ]

    DEFAULT_CSS = """
    StatusPane { background: $panel; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    class Left(Message):
        """The user is done with the pane."""

    def __init__(self, views: Views, clock: Clock, time_format: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._views = views
        self._clock = clock
        self.time_format = time_format
        self._lines: list[Strip] = []
        self.is_linear = False
        """Whether nothing may stand beside anything, for a screen reader."""
        self.problems: Sequence[str] = ()
        """What was wrong at the start, in sentences."""

    def update(self) -> None:
        """Read everything anew; nothing is done while the pane is closed."""
        if not self.is_on_screen and not self.display:
            return
        # The last column is the scroll bar's, whether it is there or not: no line breaks anew when it comes.
        width = self.outer_size.width - 1
        if width < 1:
            return
        ink = inks(self.app.current_theme)
        if width >= _TWO_COLUMNS and not self.is_linear:
            facts = list(self._facts(ink, _FACTS_WIDTH))
            log = list(self._events(ink, width - _FACTS_WIDTH))
            blank = Strip.blank(_FACTS_WIDTH)
            self._lines = [
                Strip.join(
                    [
                        facts[i] if i < len(facts) else blank,
                        log[i] if i < len(log) else Strip.blank(width - _FACTS_WIDTH),
                    ]
                )
                for i in range(max(len(facts), len(log)))
            ]
        else:
            self._lines = [*self._facts(ink, width), Strip.blank(width), *self._events(ink, width)]
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    @property
    def cursor_place(self) -> Offset:
        """Where the terminal's cursor is to stand."""
        return self.content_region.offset

    def on_resize(self) -> None:
        self.update()

    def on_show(self) -> None:
        self.update()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_attached:
            self.call_later(self.update)

    def render_line(self, y: int) -> Strip:
        """Draw the line ``y`` of what is visible."""
        line = y + self.scroll_offset.y
        strip = self._lines[line] if line < len(self._lines) else Strip.blank(self.size.width)
        return strip.apply_style(inks(self.app.current_theme).panel)

    def _facts(self, ink: Inks, width: int) -> Iterator[Strip]:
        def fact(name: str, value: str, style: Style = ink.text) -> Iterator[Strip]:
            for number, line in enumerate(rows_of(value, width - 15)):
                label = f"   {name:<11} " if number == 0 else " " * 15
                yield laid_out([(label, ink.dim), (line, style)], [], width)

        accounts = self._views.accounts()
        if not accounts:
            yield laid_out([(f" No account yet. {key_of(self, 'accounts')} adds one.", ink.dim)], [], width)
        for number, view in enumerate(accounts):
            if number:
                yield Strip.blank(width)
            head: Pieces = [(" ", ink.text), (account_shape(view), account_ink(view, ink)), (" ", ink.text)]
            yield laid_out([*head, (str(view.account), ink.strong)], [], width)
            own = view.own
            is_online = view.connection.phase is Phase.ONLINE
            shown = f"{SHAPES[own.show]} {WORDS[own.show]}" + (f" · {sanitize_line(own.status)}" if own.status else "")
            yield from fact("Presence", shown if is_online else f"{shown} (when connected)")
            yield from fact("Priority", str(own.priority))
            yield from self._connection_facts(view, ink, fact)
        yield Strip.blank(width)
        ways = (
            ("presence-here", "presence"),
            ("connect-here", "connect"),
            ("disconnect-here", "disconnect"),
            ("accounts", "accounts"),
            ("status-pane", "close"),
        )
        for words in rows_of(" · ".join(f"{key_of(self, action)} {words}" for action, words in ways), width - 3):
            yield laid_out([("   ", ink.dim), (words, ink.dim)], [], width)

    def _connection_facts(
        self, view: AccountView, ink: Inks, fact: Callable[[str, str, Style], Iterator[Strip]]
    ) -> Iterator[Strip]:
        connection, facts = view.connection, view.connection.facts
        state = phase_words(connection.phase)
        style = {Phase.ONLINE: ink.good, Phase.STOPPED: ink.error, Phase.OFFLINE: ink.dim}.get(
            connection.phase, ink.warning
        )
        if connection.phase is Phase.ONLINE and facts.since is not None:
            state += f" since {clock_words(facts.since, self._clock.now(), self.time_format)}"
            state += " · resumed" if facts.is_resumed else ""
        if retry := retry_words(view, self._clock):
            state += f" · {retry} (c: now)"
        yield from fact("Connection", state, style)
        if told := catch_up_words(view):
            yield from fact("History", f"{told} (x: stop)", ink.accent)
        if told := index_words(view):
            yield from fact("Search", told, ink.accent)
        if connection.reason:
            yield from fact("Reason", sanitize_line(connection.reason), ink.text)
        if connection.phase.is_under_way:
            for step in connection.steps:
                marks = ("now:", "done:", "failed:") if self.is_linear else ("…", "✓", "✗")
                mark = marks[{None: 0, True: 1, False: 2}[step.is_done]]
                yield from fact("", f"{mark} {sanitize_line(step.text)}", ink.dim)
        if connection.phase is not Phase.ONLINE:
            return
        if facts.jid is not None:
            yield from fact("Device", sanitize_line(facts.jid.resource), ink.text)
        if facts.host:
            where = sanitize_line(facts.host) + (f":{facts.port}" if facts.port else "")
            if facts.address and facts.address != facts.host:
                where += f" ({sanitize_line(facts.address)})"
            yield from fact("Server", where, ink.text)
        if facts.tls_version:
            tls = [facts.tls_version, facts.cipher, "direct" if facts.is_direct_tls else "STARTTLS"]
            yield from fact("Encryption", " · ".join(sanitize_line(part) for part in tls if part), ink.text)
        if facts.certificate is not None:
            words = f"for {sanitize_line(facts.certificate.subject)}, by {sanitize_line(facts.certificate.issuer)}"
            if facts.certificate.not_after is not None:
                words += f", until {facts.certificate.not_after:%Y-%m-%d}"
            if facts.is_pinned:
                words += " · pinned by you"
            yield from fact("Certificate", words, ink.text)
        if facts.mechanism:
            binding = f" · bound to the connection ({facts.channel_binding})" if facts.channel_binding else ""
            yield from fact("Login", sanitize_line(facts.mechanism + binding), ink.text)

    def _events(self, ink: Inks, width: int) -> Iterator[Strip]:
        if self.problems:
            yield laid_out([(" Wrong at the start", ink.strong)], [("v: all of it ", ink.dim)], width)
        for problem in self.problems:
            for number, line in enumerate(rows_of(sanitize_line(problem, 1000), width - 4)):
                yield laid_out([(" ! " if number == 0 else "   ", ink.error), (line, ink.text)], [], width)
        if self.problems:
            yield Strip.blank(width)
        entries = self._views.log()
        yield laid_out([(" Events", ink.strong)], [("newest first ", ink.dim)], width)
        if not entries:
            yield laid_out([("   Nothing has happened yet.", ink.dim)], [], width)
        accounts = len(self._views.accounts())
        now = self._clock.now()
        signs = {
            Severity.INFO: ("·", ink.dim),
            Severity.NOTICE: ("»", ink.accent),
            Severity.WARNING: ("!", ink.warning),
            Severity.ERROR: ("✗", ink.error),
        }
        for entry in reversed(entries):
            sign, style = signs[entry.severity]
            at = clock_words(entry.at, now, self.time_format)
            indent = len(at) + 4
            text_style = ink.text if entry.severity in (Severity.INFO, Severity.NOTICE) else style
            for number, line in enumerate(_entry_lines(entry, accounts > 1, width - indent - 1)):
                if number:
                    yield laid_out([(" " * indent, ink.text), (line, text_style)], [], width)
                else:
                    yield laid_out(
                        [(f" {at} ", ink.dim), (sign, style), (" ", ink.text), (line, text_style)], [], width
                    )

    def action_leave(self) -> None:
        """Tell that the user is done here."""
        self.post_message(self.Left())


@lru_cache(maxsize=2048)
def _entry_lines(entry: LogEntry, is_account_named: bool, width: int) -> tuple[str, ...]:
    text = sanitize_line(entry.text, 1000)
    if is_account_named and entry.account is not None:
        text += f" ({entry.account})"
    return tuple(rows_of(text, width))


class Divider(Widget):
    """The edge between two panes, to be dragged."""

    DEFAULT_CSS = """
    Divider { width: 1; height: 1fr; background: $surface; pointer: ew-resize; }
    Divider:hover, Divider.-dragged { background: $primary 40%; }
    """

    class Dragged(Message):
        """The edge is held at the screen's column ``x``; ``is_done`` when let go."""

        def __init__(self, x: int, is_done: bool) -> None:
            super().__init__()
            self.x = x
            self.is_done = is_done

    def render_line(self, y: int) -> Strip:
        """Draw the background, and a line where that would not be seen."""
        ground = Style(bgcolor=self.background_colors[1].hex6)
        if self.app.theme == TERMINAL.name:  # has no tones to part the panes by
            return Strip([Segment("│" * self.size.width, ground + inks(TERMINAL).dim)])
        return Strip.blank(self.size.width, ground)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self.add_class("-dragged")
        event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.has_class("-dragged"):
            self.post_message(self.Dragged(int(event.screen_x), is_done=False))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.has_class("-dragged"):
            self.release_mouse()
            self.remove_class("-dragged")
            self.post_message(self.Dragged(int(event.screen_x), is_done=True))
