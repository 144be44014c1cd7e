"""The verbs about people: in the list or not, who sees whom, what they are called."""

from __future__ import annotations

from tui_xmpp.core import commands as c
from tui_xmpp.core.views import ContactView
from tui_xmpp.jid import BareJID, JIDError
from tui_xmpp.ui.desk import Desk, VerbError


def add(desk: Desk, text: str) -> None:
    """Put someone in the list and ask to see when they are online; without an address, ask for one."""
    account = desk.need_account()
    if not text:
        from tui_xmpp.ui.screens.contact import AddContactScreen

        subject = desk.subject
        stranger = subject.peer if subject is not None and not subject.is_in_roster else None
        desk.app.push_screen(AddContactScreen(desk, account, stranger))
        return
    address, _, name = text.partition(" ")
    peer = _address(address)
    _check_is_another(account, peer)
    desk.main.roster.expect(account, peer)
    desk.submit_and_say(
        c.AddContact(account, peer, name.strip()), f"{name.strip() or peer} is in your list and was asked."
    )


def _address(text: str) -> BareJID:
    try:
        return BareJID.parse(text)
    except JIDError as error:
        raise VerbError(str(error)) from error


def find_another(desk: Desk, text: str) -> tuple[BareJID, BareJID]:
    """Return (account, peer) as :meth:`Desk.find_contact` does; raise ``VerbError`` for the account itself."""
    account, peer = desk.find_contact(text)
    _check_is_another(account, peer)
    return account, peer


def _check_is_another(account: BareJID, peer: BareJID) -> None:
    if peer == account:
        raise VerbError("This is your own address.")


def requests(desk: Desk, text: str) -> None:
    """Show who asks to see when the user is online."""
    from tui_xmpp.ui.screens.requests import RequestsScreen

    desk.app.push_screen(RequestsScreen(desk))


def _request_or_contact(desk: Desk, text: str) -> tuple[BareJID, BareJID]:
    if not text:
        subject = desk.subject
        if subject is not None and subject.is_requesting:
            return subject.account, subject.peer
        waiting = desk.views.requests()
        if len(waiting) == 1:
            return waiting[0].account, waiting[0].peer
        if len(waiting) > 1 and subject is None:
            raise VerbError("Several people ask: say whom, or choose in /requests.")
    else:
        for request in desk.views.requests():
            if str(request.peer) == text.casefold():
                return request.account, request.peer
    return desk.find_contact(text)


def _who_asks(desk: Desk, text: str) -> tuple[BareJID, BareJID]:
    """Return (account, peer) of a request; raise ``VerbError`` for someone who has not asked."""
    account, peer = _request_or_contact(desk, text)
    if all((request.account, request.peer) != (account, peer) for request in desk.views.requests()):
        way = "; /preapprove lets them in at once when they do" if desk.can_pre_approve(account) else ""
        raise VerbError(f"{desk.title(account, peer)} has not asked to see when you are online{way}.")
    return account, peer


def approve(desk: Desk, text: str) -> None:
    """Let someone see when the user is online."""
    account, peer = _who_asks(desk, text)
    desk.submit_and_say(c.ApproveSubscription(account, peer), f"{desk.title(account, peer)} sees when you are online.")


def approve_back(desk: Desk, text: str) -> None:
    """Let someone in who asks, and put them in the list."""
    from tui_xmpp.ui.screens.contact import ApproveScreen

    account, peer = _who_asks(desk, text)
    desk.app.push_screen(ApproveScreen(desk, account, peer))


def deny(desk: Desk, text: str) -> None:
    """Refuse a request, or stop letting someone see when the user is online."""
    account, peer = _request_or_contact(desk, text)
    desk.submit_and_say(
        c.DenySubscription(account, peer), f"{desk.title(account, peer)} does not see when you are online."
    )


def block(desk: Desk, text: str) -> None:
    """Hear nothing more from someone, once that is confirmed."""
    from tui_xmpp.ui.screens.confirm import ConfirmScreen

    is_of_subject = not text and desk.subject is not None
    account, peer = desk.find_contact("") if is_of_subject else _request_or_contact(desk, text)
    _check_is_another(account, peer)
    name = desk.title(account, peer)
    desk.ask(
        ConfirmScreen(
            f"Block {name}?",
            f"You hear nothing more from {peer}, and they are not told. /unblock takes it back.",
            yes="Block",
        ),
        lambda yes: desk.submit_and_say(c.BlockPeer(account, peer), f"{name} is blocked.") if yes else None,
    )


def unblock(desk: Desk, text: str) -> None:
    """Hear from a blocked person again."""
    account, peer = desk.find_contact(text)
    desk.submit_and_say(c.UnblockPeer(account, peer), f"{desk.title(account, peer)} is no longer blocked.")


def unsubscribe(desk: Desk, text: str) -> None:
    """Stop seeing when someone is online, or take back a request."""
    account, peer = find_another(desk, text)
    desk.submit_and_say(c.Unsubscribe(account, peer), f"You no longer see when {desk.title(account, peer)} is online.")


def subscribe(desk: Desk, text: str) -> None:
    """Ask to see when someone is online."""
    address, _, words = text.partition(" ")
    account, peer = find_another(desk, address)
    desk.submit_and_say(c.RequestSubscription(account, peer, words.strip()), f"{desk.title(account, peer)} was asked.")


def preapprove(desk: Desk, text: str) -> None:
    """Let someone in at once when they ask."""
    account, peer = find_another(desk, text)
    desk.submit_and_say(
        c.PreApproveSubscription(account, peer), f"If {desk.title(account, peer)} asks, they are let in at once."
    )


def choose_subscription(desk: Desk, text: str) -> None:
    """Ask who shall see whom."""
    from tui_xmpp.ui.screens.contact import SubscriptionScreen

    account, peer = find_another(desk, text)
    desk.app.push_screen(SubscriptionScreen(desk, account, peer))


def remove(desk: Desk, text: str) -> None:
    """Take someone out of the list, once that is confirmed."""
    from tui_xmpp.ui.screens.confirm import ConfirmScreen

    account, peer = desk.find_contact(text)
    contact = desk.views.contact(account, peer)
    name = desk.title(account, peer)
    if contact is None or not contact.is_in_roster:
        raise VerbError(f"{name} is not in your list.")
    desk.ask(
        ConfirmScreen(
            f"Remove {name}?",
            f"{peer} leaves your list on all your devices, and neither of you sees any more when the other is online. "
            "This cannot be undone, only asked for again. Your messages stay.",
            yes="Remove",
        ),
        lambda yes: desk.submit_and_say(c.RemoveContact(account, peer), f"{name} was removed.") if yes else None,
    )


def _needs_contact(desk: Desk, account: BareJID, peer: BareJID) -> ContactView:
    contact = desk.views.contact(account, peer)
    if contact is None or not contact.is_in_roster:
        raise VerbError(f"{desk.title(account, peer)} is not in your list: /add puts them there.")
    return contact


def edit(desk: Desk, text: str) -> None:
    """Change a contact's name and groups."""
    from tui_xmpp.ui.screens.contact import EditContactScreen

    account, peer = desk.find_contact(text)
    desk.app.push_screen(EditContactScreen(desk, _needs_contact(desk, account, peer)))


def _subject_contact(desk: Desk) -> ContactView:
    subject = desk.subject
    if subject is None:
        raise VerbError("Open a chat with someone first, or choose them in the list.")
    return _needs_contact(desk, subject.account, subject.peer)


def rename(desk: Desk, text: str) -> None:
    """Give the open chat's contact a name."""
    contact = _subject_contact(desk)
    if not text:
        edit(desk, "")
        return
    desk.submit_and_say(
        c.UpdateContact(contact.account, contact.peer, text, contact.groups), f"{contact.peer} is now called {text}."
    )


def regroup(desk: Desk, text: str) -> None:
    """Put the open chat's contact into groups, parted by commas."""
    contact = _subject_contact(desk)
    if not text:
        edit(desk, "")
        return
    groups = split_groups(text)
    desk.submit_and_say(
        c.UpdateContact(contact.account, contact.peer, contact.name, groups),
        f"{desk.title(contact.account, contact.peer)} is now in {', '.join(groups)}."
        if groups
        else f"{desk.title(contact.account, contact.peer)} is in no group.",
    )


def split_groups(text: str) -> tuple[str, ...]:
    """Read group names parted by commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def details(desk: Desk, text: str) -> None:
    """Show what is known of someone."""
    from tui_xmpp.ui.screens.details import DetailsScreen

    account, peer = desk.find_contact(text)
    desk.app.push_screen(DetailsScreen(desk, account, peer))


def toggle_offline(desk: Desk, text: str) -> None:
    """Show or hide contacts who are offline."""
    desk.main.arrange_roster(offline_shown=not desk.main.roster.rows.is_offline_shown)


def toggle_order(desk: Desk, text: str) -> None:
    """Sort the list by presence or by name."""
    desk.main.arrange_roster(by_state=not desk.main.roster.rows.is_ordered_by_state)


def menu(desk: Desk, text: str) -> None:
    """Show what can be done with the contact under the cursor, beside it."""
    desk.main.open_contact_menu()
