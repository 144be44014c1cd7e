"""The first run: an account or the demo, the password, a live test of the connection, done."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Checkbox, Input, Select, Static

from tui_xmpp.core import commands as c
from tui_xmpp.core.model import Phase, PromptKind
from tui_xmpp.core.settings import AccountSettings, TlsMode
from tui_xmpp.core.text import doubt, sanitize_line
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.dialog import Dialog, Tick, address_problem, button, buttons, field, line, problem, words
from tui_xmpp.ui.signs import phase_words
from tui_xmpp.worker.doorbell import Batch

_TLS_MODES: list[tuple[str, TlsMode]] = [
    ("find out", "auto"),
    ("STARTTLS", "starttls"),
    ("direct TLS", "direct"),
]


class Stage(Enum):
    """Where the wizard stands."""

    WELCOME = "welcome"
    ACCOUNT = "account"
    TRIAL = "trial"
    DONE = "done"


class _Settings(Tick):
    """The box that opens the fields below it, at once: a Tab that follows shall lead there."""

    def watch_value(self) -> None:
        """Show or hide them."""
        super().watch_value()
        self.screen.query_one(".advanced").display = self.value


class WizardScreen(Dialog[None]):
    """Lead from nothing to a connected account; what was typed stays typed whatever fails."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8", "toggle_secret", "Show the password", show=False),
        # Priority, because the next keys of a fast typist belong to the password already.
        Binding("enter", "to_password", "To the password", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    WizardScreen { background: $background; }
    WizardScreen .stage { display: none; height: auto; }
    WizardScreen .choices { height: auto; }
    WizardScreen .choices > Button { width: 100%; margin-bottom: 1; text-align: left; content-align: left middle; }
    WizardScreen .advanced { display: none; height: auto; }
    WizardScreen Select { width: 1fr; height: 1; }
    WizardScreen SelectCurrent { border: none; height: 1; padding: 0 1 !important; background: $background; }
    WizardScreen .keyring { display: none; }
    """

    def __init__(self, desk: Desk, *, is_adding: bool = False) -> None:
        super().__init__()
        self._desk = desk
        self._is_adding = is_adding
        self._settings: AccountSettings | None = None
        self._password = ""
        self._is_password_given = False
        self._is_saved = False
        self._shown_certificate: object = None
        self.title_words = "Add an account" if is_adding else "Welcome to tui_xmpp"

    @property
    def answers_for(self) -> tuple[BareJID, ...]:
        """The accounts whose questions this screen puts to the user itself."""
        return (self._settings.jid,) if self._settings is not None else ()

    # -- what is shown --------------------------------------------------------------------------------------------

    def content(self) -> ComposeResult:
        with Vertical(classes="stage welcome"):
            yield words("A chat program for XMPP, in the terminal. How do you want to begin?")
            with Vertical(classes="choices"):
                yield button("Log in with an XMPP account", "login", "main")
                if self._desk.app.start_demo is not None:
                    yield button("Try the demo: no account, no network", "demo")
                yield button("Quit", "quit")
        with Vertical(classes="stage account"):
            yield field("Address", line(placeholder="name@example.com", id="jid"))
            yield field("Password", line(id="password", is_secret=True))
            yield problem()
            yield words("F8 shows or hides the password.", "words dim")
            yield Tick("Keep the password in the keyring", False, id="keep", disabled=True)
            yield words("", "words dim keyring")
            yield _Settings("Connection settings (seldom needed)", False, id="more")
            with Vertical(classes="advanced"):
                yield field("Host", line(placeholder="found by the address", id="host"))
                yield field("Port", line(placeholder="found by the address", id="port"))
                yield field("Encryption", Select(_TLS_MODES, value="auto", allow_blank=False, compact=True, id="tls"))
                yield field("CA file", line(placeholder="of a private certificate authority", id="ca"))
            yield buttons(button("Back", "back"), button("Connect", "connect", "main"))
        with Vertical(classes="stage trial"):
            yield words("", "words steps")
            yield buttons(button("Change what I typed", "change"), button("Try now", "again", "main"))
        with Vertical(classes="stage done"):
            yield words("", "words outcome")
            yield buttons(button("Begin", "begin", "main"))

    def on_mount(self) -> None:
        self._turn(Stage.ACCOUNT if self._is_adding else Stage.WELCOME)
        self.run_worker(self._look_for_keyring(), exit_on_error=False)

    async def _look_for_keyring(self) -> None:
        sentence = await self._desk.app.check_keyring()
        keep = self.query_one("#keep", Checkbox)
        keep.disabled = sentence is not None
        keep.value = sentence is None
        keyring = self.query_one(".keyring", Static)
        keyring.update(sanitize_line(sentence, 300) if sentence else "")
        keyring.display = sentence is not None

    def _turn(self, stage: Stage) -> None:
        for each in Stage:
            self.set_class(each is stage, f"-{each.value}")
            # At once, and not when styles are looked at next: what is not shown does not take the cursor.
            self.query_one(f".{each.value}").display = each is stage
        first = {Stage.WELCOME: "#login", Stage.ACCOUNT: "#jid", Stage.TRIAL: "#change", Stage.DONE: "#begin"}[stage]
        self.query_one(first).focus()

    @on(Input.Changed, "#jid")
    def _typed(self, event: Input.Changed) -> None:
        is_unfinished = "@" not in event.value or event.value.rstrip().endswith("@")
        jid, sentence = address_problem(event.value)
        self.tell("" if is_unfinished else sentence or doubt(str(jid)))

    def action_toggle_secret(self) -> None:
        """Show or hide the password."""
        password = self.query_one("#password", Input)
        password.password = not password.password

    # -- choices --------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#login")
    def _login(self) -> None:
        self._turn(Stage.ACCOUNT)

    @on(Button.Pressed, "#demo")
    def _demo(self) -> None:
        start = self._desk.app.start_demo
        if start is not None:
            self.dismiss(None)
            self._desk.app.run_worker(start(), exit_on_error=False)

    @on(Button.Pressed, "#quit")
    def _quit(self) -> None:
        self._desk.app.leave()

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        if self._is_adding:
            self.action_cancel()
        else:
            self._turn(Stage.WELCOME)

    def action_cancel(self) -> None:
        """Leave; an account that was tried and never connected leaves too."""
        if self._settings is not None and not self._is_saved:
            self._desk.submit(c.RemoveAccount(self._settings.jid), lambda failure: None)
        self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Enter to what has the cursor, but after an address whose password is not typed yet."""
        if action == "to_password":
            return self.focused is self.query_one("#jid") and not self.query_one("#password", Input).value
        return super().check_action(action, parameters)

    def action_to_password(self) -> None:
        """Go on to the password, at once."""
        self.set_focus(self.query_one("#password"))

    @on(Input.Submitted)
    def _entered(self) -> None:
        self._connect()

    def _read(self) -> AccountSettings | None:
        """Read the fields; say what is wrong with the first that is."""
        jid, sentence = address_problem(self.query_one("#jid", Input).value)
        if jid is None:
            self._refuse("#jid", sentence or "Type your address first: it looks like name@example.com.")
            return None
        is_known = self._desk.views.account(jid) is not None
        if is_known and (self._settings is None or self._settings.jid != jid):
            self._refuse("#jid", f"{jid} is among your accounts already.")
            return None
        port_text = self.query_one("#port", Input).value.strip()
        port = None
        if port_text:
            port = int(port_text) if port_text.isascii() and port_text.isdigit() else 0
            if not 1 <= port <= 65535:
                self._refuse("#port", "The port is a number from 1 to 65535, most often 5222.")
                return None
        tls = self.query_one("#tls", Select).value
        mode: TlsMode = "starttls" if tls == "starttls" else "direct" if tls == "direct" else "auto"
        host = self.query_one("#host", Input).value.strip() or None
        ca_file = self.query_one("#ca", Input).value.strip() or None
        return AccountSettings(jid, host=host, port=port, tls=mode, ca_file=ca_file)

    def _refuse(self, where: str, sentence: str) -> None:
        self.tell(sentence)
        self.query_one(where).focus()

    @on(Button.Pressed, "#connect")
    def _connect(self) -> None:
        settings = self._read()
        if settings is None:
            return
        password = self.query_one("#password", Input).value
        if not password:
            self._refuse("#password", "Type the password first.")
            return
        self.tell("")
        self._password = password
        self._is_password_given = False
        self._shown_certificate = None
        is_same = settings == self._settings
        if self._settings is not None and not is_same:
            self._desk.submit(c.RemoveAccount(self._settings.jid), lambda failure: None)
        self._settings = settings
        self._turn(Stage.TRIAL)
        view = self._desk.views.account(settings.jid)
        if is_same and view is not None:
            if not any(prompt.kind is PromptKind.PASSWORD for prompt in view.prompts):
                self._desk.submit(c.Connect(settings.jid), self._answered)
        else:
            self._desk.submit(c.AddAccount(settings.jid, settings), self._answered)
        self._follow_trial()

    def _answered(self, failure: str | None) -> None:
        if failure is not None and not self._is_saved:
            self._turn(Stage.ACCOUNT)
            self.tell(sanitize_line(failure, 400))

    @on(Button.Pressed, "#change")
    def _change(self) -> None:
        if self._settings is not None:
            self._desk.submit(c.Disconnect(self._settings.jid), lambda failure: None)
        self._turn(Stage.ACCOUNT)

    @on(Button.Pressed, "#again")
    def _again(self) -> None:
        if self._settings is not None:
            self._desk.submit(c.Connect(self._settings.jid), self._answered)

    @on(Button.Pressed, "#begin")
    def _begin(self) -> None:
        self.dismiss(None)

    # -- the trial ------------------------------------------------------------------------------------------------

    def follow(self, batch: Batch) -> None:
        """Show how the trial goes."""
        if self.has_class("-trial"):
            self._follow_trial()

    def _follow_trial(self) -> None:
        settings = self._settings
        view = self._desk.views.account(settings.jid) if settings else None
        if settings is None or view is None:
            self.query_one(".steps", Static).update("Beginning…")
            return
        for prompt in view.prompts:
            if prompt.kind is PromptKind.PASSWORD:
                if self._is_password_given:
                    self._is_password_given = False
                    self._turn(Stage.ACCOUNT)
                    self.tell(sanitize_line(prompt.reason, 400) or "The server refused the password.")
                    password = self.query_one("#password", Input)
                    password.action_select_all()
                    password.focus()
                    return
                self._is_password_given = True
                is_kept = self.query_one("#keep", Checkbox).value
                self._desk.submit(
                    c.ProvidePassword(settings.jid, self._password, is_remembered=is_kept), self._answered
                )
            elif prompt is not self._shown_certificate:
                self._shown_certificate = prompt
                self._desk.app.put_question(prompt)
        connection = view.connection
        has_failed = connection.phase in (Phase.STOPPED, Phase.WAITING, Phase.OFFLINE)
        text = Text()
        for step in connection.steps:
            mark, style = {None: ("…", "dim"), True: ("✓", ""), False: ("✗", "bold")}[step.is_done]
            text.append(f"{mark} {sanitize_line(step.text, 300)}\n", style)
        if not connection.steps:
            text.append(f"{phase_words(connection.phase).capitalize()}…\n", "dim")
        if connection.reason:
            text.append(f"\n{sanitize_line(connection.reason, 500)}\n")
        elif has_failed and self._shown_certificate is not None:
            text.append(
                "\nThe certificate was not trusted, and the password not sent. The file of a private authority "
            )
            text.append("goes under Connection settings.\n")
        if has_failed and not settings.host and any(step.is_done is False for step in connection.steps):
            text.append("\nIs the address right? A server that its name does not lead to can be given under ", "dim")
            text.append("Connection settings.\n", "dim")
        self.query_one(".steps", Static).update(text)
        self.query_one("#again", Button).display = has_failed
        if connection.phase is Phase.ONLINE:
            self._succeed(settings)

    def _succeed(self, settings: AccountSettings) -> None:
        self._is_saved = True
        self._desk.submit(c.SaveAccount(settings.jid, settings))
        is_kept = self.query_one("#keep", Checkbox).value
        keeping = "The password is in the keyring." if is_kept else "The password will be asked for at each start."
        key = self._desk.keymap.words
        self.query_one(".outcome", Static).update(
            f"✓ {settings.jid} is connected. {keeping}\n\n"
            f"{key('add')} adds someone to your list, {key('palette')} finds everything, "
            f"{key('help')} explains the keys."
        )
        self._turn(Stage.DONE)
