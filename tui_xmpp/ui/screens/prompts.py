"""The questions only the user can answer while a session waits: a password, a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Checkbox, Input, Static

from tui_xmpp.core import commands as c
from tui_xmpp.core.changes import AccountChanged, AccountListChanged
from tui_xmpp.core.model import Prompt
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.dialog import Dialog, Tick, button, buttons, field, line, problem, two_columns, words
from tui_xmpp.worker.doorbell import Batch


class _PromptScreen(Dialog[None]):
    """A dialog that leaves by itself when its question was settled elsewhere."""

    def __init__(self, desk: Desk, prompt: Prompt) -> None:
        super().__init__()
        self._desk = desk
        self._prompt = prompt

    def follow(self, batch: Batch) -> None:
        """Leave when the session does not wait any more."""
        if any(isinstance(change, (AccountChanged, AccountListChanged)) for change in batch.changes):
            self._leave_if_settled()

    def on_screen_resume(self) -> None:
        self._leave_if_settled()

    def _leave_if_settled(self) -> None:
        view = self._desk.views.account(self._prompt.account)
        waiting = [prompt for prompt in view.prompts if prompt.kind is self._prompt.kind] if view else []
        if self._prompt not in waiting:
            self.dismiss(None)


class PasswordScreen(_PromptScreen):
    """Ask for an account's password; it is shown only on request and kept nowhere but in the keyring."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f8", "toggle_secret", "Show the password", show=False)]

    def content(self) -> ComposeResult:
        yield words(f"{self._prompt.account}")
        yield words(sanitize_line(self._prompt.reason, 400) or "The password is needed to log in.", "words dim reason")
        yield field("Password", line(id="password", is_secret=True))
        yield words("F8 shows or hides what you type.", "words dim")
        yield Tick("Keep it in the keyring", False, id="keep", disabled=True)
        yield words("", "words dim keyring")
        yield problem()
        yield buttons(button("Not now", "cancel"), button("Log in", "go", "main"))

    title_words = "Password"

    def on_mount(self) -> None:
        for password in self.query("#password"):  # there is none in a question settled already
            password.focus()
        self.run_worker(self._look_for_keyring(), exit_on_error=False)

    async def _look_for_keyring(self) -> None:
        sentence = await self._desk.app.check_keyring()
        self.query_one("#keep", Checkbox).disabled = sentence is not None
        keyring = self.query_one(".keyring", Static)
        keyring.update(sanitize_line(sentence, 300) if sentence else "")
        keyring.display = sentence is not None

    def action_toggle_secret(self) -> None:
        """Show or hide the password."""
        password = self.query_one("#password", Input)
        password.password = not password.password

    @on(Input.Submitted)
    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        password = self.query_one("#password", Input).value
        if not password:
            self.tell("Type the password first.")
            return
        is_kept = self.query_one("#keep", Checkbox).value
        self._desk.submit(c.ProvidePassword(self._prompt.account, password, is_remembered=is_kept))
        self.dismiss(None)


class CertificateScreen(_PromptScreen):
    """Show a refused certificate; the way out that is offered first is to refuse it."""

    title_words = "The server could not prove who it is"

    DEFAULT_CSS = """
    CertificateScreen > VerticalScroll { width: 78; }
    CertificateScreen.-low > VerticalScroll { padding: 0 2; scrollbar-gutter: stable; }
    CertificateScreen.-low .words, CertificateScreen.-low .problem { margin-bottom: 0; }
    CertificateScreen.-low .buttons { margin-top: 0; }
    """

    def content(self) -> ComposeResult:
        yield words(sanitize_line(self._prompt.reason, 500))
        yield Static(two_columns(self._facts()))
        yield words(
            "\nSomeone may be listening in. Trust it only if you got the same SHA-256 from the server's owner "
            "by another way."
        )
        yield field("To trust it", line(placeholder="type: trust", id="typed"))
        yield problem()
        yield buttons(button("Refuse", "refuse", "main"), button("Trust this certificate", "pin", "danger"))

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "Account", str(self._prompt.account)
        certificate = self._prompt.certificate
        if certificate is None:
            return
        yield "For", sanitize_line(certificate.subject, 200)
        yield "Issued by", sanitize_line(certificate.issuer, 200)
        if certificate.names:
            yield "Names", sanitize_line(", ".join(certificate.names), 300)
        if certificate.not_before is not None and certificate.not_after is not None:
            yield "Valid", f"{certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d}"
        digits = [certificate.sha256[i : i + 4].upper() for i in range(0, len(certificate.sha256), 4)]
        yield "SHA-256", "\n".join(" ".join(digits[i : i + 8]) for i in range(0, len(digits), 8))

    def on_mount(self) -> None:
        # Read from the top, also where not all of it has room; a question settled already has nothing in it any more.
        for refuse in self.query("#refuse"):
            self.set_focus(refuse, scroll_visible=False)

    @on(Button.Pressed, "#pin")
    @on(Input.Submitted, "#typed")
    def _pin(self) -> None:
        certificate = self._prompt.certificate
        if certificate is None:
            self.tell("The server showed no certificate, so there is nothing to trust.")
            return
        typed = self.query_one("#typed", Input)
        if typed.value.strip().casefold() != "trust":
            self.tell("Type the word trust to show that you mean it.")
            typed.focus()
            return
        self._desk.submit(c.PinCertificate(self._prompt.account, certificate.sha256))
        self.dismiss(None)

    @on(Button.Pressed, "#refuse")
    def action_cancel(self) -> None:
        """Refuse: the account stays disconnected."""
        self._desk.submit(c.Disconnect(self._prompt.account))
        self.dismiss(None)
