"""The app: themes, the door to the worker, idleness, and the last line of defence. Panes live elsewhere."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import ClassVar, Literal

from textual import events, on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter
from textual.geometry import Offset, Region
from textual.messages import ExitApp
from textual.notifications import Notify
from textual.screen import Screen
from textual.timer import Timer

from tui_xmpp.clock import Clock, SystemClock
from tui_xmpp.core.commands import SetActivity
from tui_xmpp.core.model import Phase, Prompt, PromptKind
from tui_xmpp.core.settings import Settings
from tui_xmpp.core.text import sanitize_line, sanitize_title
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID
from tui_xmpp.ui import chords, terminal_widths
from tui_xmpp.ui.actions import BY_ID
from tui_xmpp.ui.background import QUESTION, BackgroundTold, hint
from tui_xmpp.ui.bridge import Bridge
from tui_xmpp.ui.desk import Desk, VerbError
from tui_xmpp.ui.guard import Guarded
from tui_xmpp.ui.idle import Idleness
from tui_xmpp.ui.job import has_shell, heed_signals
from tui_xmpp.ui.notifications import Notifications
from tui_xmpp.ui.screens.main import MainScreen
from tui_xmpp.ui.sixteen import SixteenColors
from tui_xmpp.ui.terminal_widths import PlainEmoji
from tui_xmpp.ui.theme import AUTO, DARK, LIGHT, OURS, SHORT_NAMES, TERMINAL, short_name
from tui_xmpp.ui.type_ahead import TypeAhead
from tui_xmpp.worker.client import Client

KeyringCheck = Callable[[], Awaitable[str | None]]
"""Say in a sentence why no keyring can keep a password; None where one can."""

_BACKGROUND = "terminal is dark"
_MOST_FAULTS = 25
_MOST_TOASTS = 6
_GOODBYE_SECONDS = 8.0
_NOTICE_SECONDS = 30.0
_MOST_NOTICES = 2
_MOST_BEHIND = 6
_log = logging.getLogger(__name__)


async def _no_keyring() -> str | None:
    return "No keyring was found, so the password is asked for at each start."


class TuiXmppApp(Guarded, App[None], inherit_bindings=False):
    """The screen of tui_xmpp over a :class:`~tui_xmpp.worker.client.Client`, which it starts and closes."""

    TITLE = "tui_xmpp"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        # By the action's id, so that the key of one's own leads out of every dialog too.
        *(Binding(key, "quit", show=False, priority=True, id="quit") for key in BY_ID["quit"].keys),
        Binding("ctrl+c", "help_quit", show=False, system=True),
    ]

    CSS = """
    ToastRack { dock: top; align: right top; margin: 1 1 0 0; }
    ToastHolder { height: auto; }
    Toast { width: 56; max-width: 96%; padding: 0 1; background: $panel; }
    .-linear ModalScreen { background: $background; align: left top; }
    .-linear Dialog > VerticalScroll { width: 100%; max-height: 100%; margin: 0; padding: 0 2; }
    .-theme-tui-xmpp-terminal Dialog > VerticalScroll { border: round $foreground; padding: 0 1; }
    .-theme-tui-xmpp-terminal Dialog Input { text-style: underline; }
    .-theme-tui-xmpp-terminal Dialog Input:focus { background-tint: transparent; text-style: bold underline; }
    """

    def __init__(
        self,
        client: Client,
        *,
        is_first_run: bool = False,
        check_keyring: KeyringCheck = _no_keyring,
        start_demo: Callable[[], Awaitable[None]] | None = None,
        notices: Sequence[str] = (),
        greeting: str = "Welcome",
        is_demo: bool = False,
        clock: Clock | None = None,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        chords.tell_apart()
        self.client = client
        self.is_first_run = is_first_run
        self.check_keyring = check_keyring
        self.start_demo = start_demo
        self.greeting = greeting
        self.is_demo = is_demo
        self.clock = clock or SystemClock()
        self.is_strict: bool | None = None
        self.bridge = Bridge(self, client, self._complain)
        self.desk = Desk(self, client, self.clock)
        for theme in OURS:
            self.register_theme(theme)
        self.notices = (*notices, *self.desk.keymap.problems, *self._theme_problems())
        """What was wrong at the start, in sentences."""
        self.main = MainScreen(self.desk)
        self.set_class(self.desk.is_linear, "-linear")
        self._idleness = Idleness(self.desk)
        self.type_ahead = TypeAhead(self, self._heed)
        self.calls = Notifications(self.desk)
        self._ticker: Timer | None = None
        self._title_written = ""
        self._faults = 0
        self._about_to_say: set[str] = set()
        self._is_leaving = False
        self._is_away = False
        kept = client.recall(_BACKGROUND)
        self._is_terminal_dark = next((known for known in (hint(environ), kept) if isinstance(known, bool)), True)
        self._has_few_colors = bool(environ) and self.console.color_system in ("standard", None)
        self._filter = SixteenColors(has_color=not self.no_color, is_dark=self._is_terminal_dark)
        self.emoji = PlainEmoji()
        self.emoji.enabled = bool(environ)
        self._told_widths: list[int] = []
        self.awaits_widths = False
        self.theme = self._resolved(client.settings.ui.theme) or self._resolved(AUTO) or DARK.name

    # -- life -----------------------------------------------------------------------------------------------------

    def get_driver_class(self) -> type[Driver]:
        """Return Textual's driver, or where that reads a terminal the one that does not wake for nothing."""
        driver = super().get_driver_class()
        if driver is LinuxDriver:
            from tui_xmpp.ui.driver import TerminalDriver

            return TerminalDriver
        return driver

    def get_default_screen(self) -> Screen[None]:
        return self.main

    def on_mount(self) -> None:
        self.bridge.open()
        heed_signals(self)
        self.app_resume_signal.subscribe(self, lambda _: self._come_back())
        if keys := self.desk.keymap.overrides():
            self.set_keymap(keys)
        self._idleness.start()
        self.calls.show_quiet()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.client.start()
        self.main.begin()
        # Whoever starts the program may have put the collector off until the first screen was there. What has been made
        # so far stays: it need not be looked through again.
        gc.freeze()
        gc.enable()
        for notice in self.notices[:_MOST_NOTICES]:
            self.say(notice, "warning", _NOTICE_SECONDS)
        if len(self.notices) > _MOST_NOTICES:
            self.say(f"{len(self.notices)} things were wrong at the start: /problems shows them all.", "warning")
        self._ask_background()
        self._ask_widths()
        if self.desk.is_linear:
            self._show_terminal_cursor()
        if self.is_first_run:
            from tui_xmpp.ui.screens.wizard import WizardScreen

            self.push_screen(WizardScreen(self.desk))

    def leave(self) -> None:
        """Say goodbye on all accounts, then end; asked again, end at once."""
        if self._is_leaving:
            self.exit()
            return
        self._is_leaving = True
        self.main.keep_places()
        self.say("Saying goodbye…")
        self.run_worker(self._leave(), exit_on_error=False)

    def end(self) -> None:
        """Leave as the system asks, however often it does."""
        if not self._is_leaving:
            self.leave()

    def on_terminal_driver_gone(self) -> None:
        self.end()

    def on_exit_app(self, event: ExitApp) -> None:
        """Say goodbye first where a closed page in a browser is what ends the program."""
        if self._driver is not None and self._driver.is_web and not self._is_leaving:
            event.prevent_default()
            self.leave()

    def step_aside(self) -> None:
        """Hand the terminal back to the shell until it brings the program back."""
        if self._driver is None or not self._driver.can_suspend or not has_shell():
            raise VerbError("There is no shell here that could bring the program back.")
        self.action_suspend_process()

    def _come_back(self) -> None:
        """Draw all of the screen, which the terminal kept nothing of."""
        self._title_written = ""
        self.show_unread()
        self.refresh(layout=True)

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self.client.close()
        except Exception:
            _log.exception("the goodbye failed")
        finally:
            self.exit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave every key to a screen that asks for one."""
        if action == "quit" and getattr(self.screen, "takes_every_key", False):
            return False
        return super().check_action(action, parameters)

    async def action_quit(self) -> None:
        self.leave()

    def action_help_quit(self) -> None:
        """Tell how one leaves: Ctrl+C is for copying."""
        self.say(f"{self.desk.keymap.words('quit')} leaves the program.")

    # -- news and words -------------------------------------------------------------------------------------------

    @on(Bridge.Rung)
    def _rung(self) -> None:
        self.calls.follow(self.bridge.deliver())
        if self.main.tour_bar is not None:
            self.main.tour_bar.look()
        self._arm_ticker()

    def _arm_ticker(self) -> None:
        """Wake once a second while something counts down, and not at all otherwise."""
        is_counting = any(
            view.connection.phase is Phase.WAITING and view.connection.retry_at is not None
            for view in self.client.views.accounts()
        )
        if is_counting and self._ticker is None:
            self._ticker = self.set_interval(1.0, self.main.tick)
        elif not is_counting and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def say(
        self,
        sentence: str,
        severity: Literal["information", "warning", "error"] = "information",
        seconds: float | None = None,
    ) -> None:
        """Show a sentence for a while; it is never read as markup. One that is still shown is not shown twice."""
        shown = sanitize_line(sentence, 400)
        sentences = {toast.message for toast in self._notifications} | self._about_to_say
        if shown in sentences or len(sentences) >= _MOST_TOASTS:
            return
        if self.main.announcer is not None and self.screen is self.main:
            self.main.announcer.announce(shown)
            return
        self._about_to_say.add(shown)
        usual = 4 if severity == "information" else 8
        self.notify(shown, severity=severity, timeout=seconds or usual, markup=False)

    def on_notify(self, event: Notify) -> None:
        self._about_to_say.discard(event.notification.message)

    def _complain(self, sentence: str) -> None:
        self.say(sentence, "error")

    def perform(self, action: str, text: str = "") -> None:
        """Run an action of the registry, or say why it cannot be run."""
        verb = BY_ID[action]
        try:
            if verb.applies(self.desk):
                verb.run(self.desk, text)
        except TuiXmppError as error:
            self._complain(str(error))

    def follow_settings(self, before: Settings, after: Settings) -> None:
        """Let what was set hold on the screen at once."""
        if after.ui.theme != before.ui.theme:
            self.show_theme(after.ui.theme)
        if after.ui.is_linear != before.ui.is_linear:
            self.set_class(after.ui.is_linear, "-linear")
            self._show_terminal_cursor()
        if after.ui.is_mouse_enabled != before.ui.is_mouse_enabled:
            self._use_mouse(after.ui.is_mouse_enabled)
        if (after.keys, after.ui.keys) != (before.keys, before.ui.keys):
            self.desk.follow_keys()
            self.main.show_speaker()
        if after.notifications != before.notifications:
            self.calls.show_quiet()
            self.main.follow_marks()
        self.main.follow_settings(before.ui, after.ui)
        self._idleness.check()

    @property
    def cursor_position(self) -> Offset:
        """Where the terminal's cursor is to stand: on what has the focus, for screen readers and input methods."""
        place = self._focus_place() if self._screen_stacks[self._current_mode] else None
        return self._text_cursor if place is None else place

    @cursor_position.setter
    def cursor_position(self, place: Offset) -> None:
        """Take where a text field has its cursor."""
        self._text_cursor = place

    def _focus_place(self) -> Offset | None:
        """Return where the focus is; None where a text field says so itself."""
        screen = self.screen
        focused = screen.focused
        for one in (screen, focused):
            place: Offset | None = getattr(one, "cursor_place", None)
            if place is not None:
                return place
        return None if focused is None or hasattr(focused, "cursor_screen_offset") else focused.region.offset

    def _show_terminal_cursor(self) -> None:
        """Let the terminal show its cursor all the time where someone listens to the screen."""
        from tui_xmpp.ui.widgets.composer import Composer

        if not isinstance(self.screen.focused, Composer):
            self.write_terminal("\x1b[2 q\x1b[?25h" if self.desk.is_linear else "\x1b[?25l\x1b[0 q")

    def _use_mouse(self, is_used: bool) -> None:
        driver = self._driver
        if isinstance(driver, LinuxDriver):
            # Textual takes the mouse when it starts; later it does so only by these names.
            driver._mouse = True
            if is_used:
                driver._enable_mouse_support()
            else:
                driver._disable_mouse_support()
            driver._mouse = is_used

    # -- colours --------------------------------------------------------------------------------------------------

    def _known(self, name: str) -> str | None:
        theme = self.available_themes.get(SHORT_NAMES.get(name, name))
        if theme is None:
            return AUTO if name == AUTO else None
        return TERMINAL.name if theme.ansi else theme.name

    def _resolved(self, name: str) -> str | None:
        """Return the full name of the theme to draw with; None where there is no such theme."""
        known = self._known(name)
        if known is None:
            return None
        if self.no_color or (known == AUTO and self._has_few_colors):
            return TERMINAL.name
        if known == AUTO:
            return DARK.name if self._is_terminal_dark else LIGHT.name
        return known

    def _theme_problems(self) -> tuple[str, ...]:
        name = self.client.settings.ui.theme
        return (
            ()
            if self._known(name) is not None
            else (f"ui.theme: there is no theme called {sanitize_line(name, 40)}; /theme lists them.",)
        )

    def show_theme(self, name: str) -> None:
        """Draw with a theme from now on, without setting it; raise ``VerbError`` for one that is not here."""
        full = self._resolved(name)
        if full is None:
            raise VerbError(f"There is no theme called {sanitize_line(name, 40)}: /theme lists them.")
        self.theme = full

    def set_theme(self, name: str) -> None:
        """Set the theme by its name; raise ``VerbError`` for one that is not here."""
        self.show_theme(name)
        self.desk.preferences.set_named("ui.theme", short_name(self._known(name) or AUTO))

    @property
    def plain_signs(self) -> LineFilter | None:
        """What takes the decoration out of all that is drawn, while a screen reader is to read it."""
        if not self.desk.is_linear:
            return None
        from tui_xmpp.ui.plain_signs import PLAIN_SIGNS

        return PLAIN_SIGNS

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Add what draws in the terminal's own colours, and without decoration, where these are wanted."""
        filters = super().get_line_filters()
        if (plain_signs := self.plain_signs) is not None:
            filters = [*filters, plain_signs]
        if self.emoji.enabled:
            filters = [*filters, self.emoji]
        return [*filters, self._filter] if self.theme == TERMINAL.name else filters

    def _ask_background(self) -> None:
        """Ask the terminal whether it is dark, after the first paint; its answer may come late or never."""
        driver = self._driver
        if not isinstance(driver, LinuxDriver) or not driver.input_tty or self.no_color or self._has_few_colors:
            return  # nothing depends on it, or a plain terminal might write the question out
        if self.client.settings.ui.theme in (AUTO, "terminal"):
            driver.write(QUESTION)
            driver.flush()

    @on(BackgroundTold)
    def _background_told(self, told: BackgroundTold) -> None:
        if told.is_dark != self._is_terminal_dark:
            self._is_terminal_dark = self._filter.is_dark = told.is_dark
            self.theme = self._resolved(self.client.settings.ui.theme) or self.theme
            self.refresh(layout=True)
        self.client.remember(_BACKGROUND, told.is_dark)

    def _ask_widths(self) -> None:
        """Ask the terminal how wide it draws what is joined; until it answers emoji are drawn plainly."""
        driver = self._driver
        if isinstance(driver, LinuxDriver) and driver.input_tty:
            driver.write(terminal_widths.QUESTION)
            self.awaits_widths = True
            self.screen.refresh(Region(0, 0, self.size.width, 1))

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """Take the answers, one for each sample. Some terminals send the like for Shift+F3."""
        if not self.awaits_widths or event.y:
            return
        self._told_widths.append(event.x)
        if len(self._told_widths) == len(terminal_widths.SAMPLES):
            *emoji, has_marks = (cells == 2 for cells in self._told_widths)
            self._told_widths, self.awaits_widths = [], False
            before, self.emoji = self.emoji, PlainEmoji(*emoji)
            is_wider = has_marks and terminal_widths.count_spacing_marks()
            if is_wider:
                for pane in self.main.splits.panes:
                    pane.log_lines.lay_out()
            if before.has_changed_any or is_wider:
                self.refresh(layout=True)

    def show_unread(self) -> None:
        """Write the number of unread messages that call for the user into the terminal's title."""
        unread = self.desk.unread.total()
        title = sanitize_title(f"({unread}) {self.TITLE}" if unread else str(self.TITLE))
        if title != self._title_written:
            self._title_written = title
            self.write_terminal(f"\x1b]0;{title}\x07")

    def write_terminal(self, sequence: str) -> None:
        """Write a control sequence to the terminal as it is; what is remote in it has been made safe."""
        if self._driver is not None and not self.is_headless and not self._is_away:
            self._driver.write(sequence)

    @contextmanager
    def away_from_terminal(self) -> Iterator[None]:
        """Write nothing to the terminal, which belongs to another program meanwhile."""
        self._is_away = True
        try:
            yield
        finally:
            self._is_away = False

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last key or mouse event."""
        return self._idleness.idle_seconds

    def follow_link(self, url: str) -> None:
        """Open a link where there is a desktop, else copy it."""
        has_desktop = sys.platform in ("darwin", "win32") or any(
            os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
        )
        if has_desktop and not self.is_headless:
            self.open_url(url)
            self.say(f"Opened {sanitize_line(url, 100)}")
        else:
            self.copy_to_clipboard(url)
            self.say(f"Copied {sanitize_line(url, 100)}")

    # -- questions of the sessions --------------------------------------------------------------------------------

    def is_answering(self, account: BareJID) -> bool:
        """Say whether an open screen answers the account's questions itself."""
        return any(account in getattr(screen, "answers_for", ()) for screen in self.screen_stack)

    def put_question(self, prompt: Prompt) -> None:
        """Open the dialog for a question only the user can answer."""
        from tui_xmpp.ui.screens.prompts import CertificateScreen, PasswordScreen

        if prompt.kind is PromptKind.PASSWORD:
            self.push_screen(PasswordScreen(self.desk, prompt))
        else:
            self.push_screen(CertificateScreen(self.desk, prompt))

    # -- the user's hands, and faults -----------------------------------------------------------------------------

    def on_app_focus(self) -> None:
        self._look(is_here=True)

    def on_app_blur(self) -> None:
        self._look(is_here=False)

    def _look(self, *, is_here: bool) -> None:
        """Let the servers know whether anyone looks at the terminal, where it tells (XEP-0352)."""
        for account in self.desk.views.accounts():
            # Nobody asked for it, so nobody is told where an account is not ready for it.
            self.desk.submit(SetActivity(account.account, is_here), lambda failure: None)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent):
            self._idleness.touch()
        if isinstance(event, events.Key) and "alt+" in event.key:
            event.character = None  # a chord: a text field would write the letter of it
        await self.type_ahead.take(event)

    async def _heed(self, event: events.Event) -> None:
        await super().on_event(event)
        if self.main.tour_bar is not None and isinstance(event, events.InputEvent):
            self.call_after_refresh(self.main.tour_bar.look)

    def report(self, error: Exception) -> None:
        """Log a fault of the screen itself, say one sentence, and go on; after very many, end."""
        is_strict = self.is_headless if self.is_strict is None else self.is_strict
        if is_strict:
            super()._handle_exception(error)
            return
        _log.error("a fault in the screen", exc_info=error)
        self._faults += 1
        if self._faults > _MOST_FAULTS:
            self.exit(return_code=1, message="The screen failed too often and was closed; --debug-log tells why.")
        elif self._faults <= 3:
            self._complain("Something went wrong inside the screen; it was logged and the program goes on.")

    def _handle_exception(self, error: Exception) -> None:
        self.report(error)

    def _fatal_error(self) -> None:
        """End without Textual's picture of all variables: it shows secrets, and hides the fault if it fails itself."""
        self._close_messages_no_wait()

    @property
    def _background_screens(self) -> list[Screen[object]]:
        """The screens seen behind the topmost one, the nearest last: of very many questions only a few.

        Textual draws each from within the one before it, which ends at Python's limit of nested calls.
        """
        screens = super()._background_screens
        return [*screens[:1], *screens[1:][-_MOST_BEHIND:]]
