"""The verbs about accounts: which there are, which are connected, what of their servers is trusted."""

from __future__ import annotations

from tui_xmpp.core import commands as c
from tui_xmpp.core.model import Phase
from tui_xmpp.ui.desk import Desk


def open_accounts(desk: Desk, text: str) -> None:
    """Show the accounts, or ask for the first."""
    if desk.account is None:
        from tui_xmpp.ui.screens.wizard import WizardScreen

        desk.app.push_screen(WizardScreen(desk, is_adding=True))
        return
    from tui_xmpp.ui.screens.accounts import AccountsScreen

    desk.app.push_screen(AccountsScreen(desk))


def speak_as(desk: Desk, text: str) -> None:
    """Use the next account for what is done."""
    desk.main.speak_as_next()


def connect(desk: Desk, text: str) -> None:
    """Connect what is not connected."""
    for view in desk.presence_accounts():
        if view.connection.phase in (Phase.OFFLINE, Phase.STOPPED, Phase.WAITING):
            desk.connect(view)


def disconnect(desk: Desk, text: str) -> None:
    """Say goodbye and stay offline."""
    for view in desk.presence_accounts():
        desk.submit(c.Disconnect(view.account))


def forget_login(desk: Desk, text: str) -> None:
    """Log in although the server offers less than before, once that is confirmed."""
    from tui_xmpp.ui.screens.confirm import ConfirmScreen

    account = desk.need_account()
    desk.ask(
        ConfirmScreen(
            "Forget the safer login?",
            f"The server of {account} logged you in more safely before than it offers to now. If its people say that "
            "they changed this, go on; otherwise someone in between may be after your password.",
            yes="Forget",
        ),
        lambda yes: desk.submit(c.AllowWeakerLogin(account)) if yes else None,
    )


def unpin(desk: Desk, text: str) -> None:
    """Trust the server by certificate authorities again, once that is confirmed."""
    from tui_xmpp.ui.screens.confirm import ConfirmScreen

    account = desk.need_account()
    said = f"The server of {account} is trusted by certificate authorities again."
    desk.ask(
        ConfirmScreen(
            "Trust no certificate by hand?",
            f"The server of {account} must then prove itself by a certificate authority again, "
            "or its certificate is put before you anew.",
            yes="Unpin",
        ),
        lambda yes: desk.submit_and_say(c.UnpinCertificate(account), said) if yes else None,
    )
