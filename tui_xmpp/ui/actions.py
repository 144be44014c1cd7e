"""Every verb of the screen, once: keys, footer, help, palette and slash commands are read from here."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from tui_xmpp.core import commands as c
from tui_xmpp.core.model import Phase, Show
from tui_xmpp.jid import BareJID, JIDError
from tui_xmpp.ui import chats, editor, history, messages, notifications, preferences
from tui_xmpp.ui.desk import Desk, VerbError
from tui_xmpp.ui.signs import WORDS
from tui_xmpp.ui.trail import NUMBERS
from tui_xmpp.values import dataclass

if TYPE_CHECKING:
    from tui_xmpp.core.views import ContactView

Run = Callable[[Desk, str], None]


class Kind(Enum):
    """What an argument is, for completion."""

    CONTACT = "contact"
    REQUEST = "request"
    BLOCKED = "blocked"
    SHOW = "show"
    STATUS = "status"
    THEME = "theme"
    SETTING = "setting"
    VALUE = "value"
    COMMAND = "command"
    GROUP = "group"
    NOTIFY = "notify"
    QUERY = "query"
    DAY = "day"
    LAYOUT = "layout"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a slash command, by the word that stands for it in help."""

    word: str
    kind: Kind
    is_optional: bool = False

    def __str__(self) -> str:
        return f"[{self.word}]" if self.is_optional else self.word


class Place(Enum):
    """Where an action's keys work."""

    EVERYWHERE = "Everywhere"
    ROSTER = "In the list of people"
    WRITING = "While writing"
    MESSAGES = "On a message"
    STATUS = "In the status pane"
    INBOX = "In the inbox"


def _always(desk: Desk) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """One verb. ``keys`` are Textual's names, the first is shown; ``slash`` is the command's name without the slash."""

    id: str
    title: str
    help: str
    run: Run
    keys: tuple[str, ...] = ()
    place: Place = Place.EVERYWHERE
    slash: str = ""
    aliases: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    example: str = ""
    applies: Callable[[Desk], bool] = _always
    footer: str = ""
    is_in_palette: bool = True

    @property
    def usage(self) -> str:
        """The slash command as help shows it."""
        return " ".join([f"/{self.slash}", *map(str, self.arguments)]) if self.slash else ""


KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "delete": "Del",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}


def key_words(key: str) -> str:
    """Return a key's name as it stands on a keyboard: ``ctrl+t`` is Ctrl+T."""
    parts = key.split("+")
    words = [KEY_NAMES.get(part, part.upper() if len(part) == 1 and len(parts) > 1 else part) for part in parts]
    if len(parts) == 1:
        return words[0] if len(words[0]) == 1 else words[0][:1].upper() + words[0][1:]
    return "+".join(word[:1].upper() + word[1:] for word in words)


# -- when a verb applies ------------------------------------------------------------------------------------------


def _has_subject(desk: Desk) -> bool:
    return desk.subject is not None


def _has_contact(desk: Desk) -> bool:
    return desk.subject is not None and desk.subject.is_in_roster


def _has_chat(desk: Desk) -> bool:
    return desk.chat is not None


def _has_requests(desk: Desk) -> bool:
    return bool(desk.views.requests())


def _has_account(desk: Desk) -> bool:
    return desk.account is not None


def _has_accounts(desk: Desk) -> bool:
    return len(desk.views.accounts()) > 1


# -- getting around -----------------------------------------------------------------------------------------------


def _help(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.screens.help import HelpScreen

    desk.app.push_screen(HelpScreen(desk, text.lstrip("/")))


def _tour(desk: Desk, text: str) -> None:
    desk.main.toggle_tour()


def _palette(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.palette import PaletteScreen

    desk.app.push_screen(PaletteScreen(desk))


def _go_to(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.palette import PaletteScreen

    desk.app.push_screen(PaletteScreen(desk, is_for_people=True))


def _chat(desk: Desk, text: str) -> None:
    desk.main.open_chat(*desk.find_contact(text))


def _close(desk: Desk, text: str) -> None:
    desk.main.close_chat()


def _quit(desk: Desk, text: str) -> None:
    desk.app.leave()


# -- people -------------------------------------------------------------------------------------------------------


def _add(desk: Desk, text: str) -> None:
    account = desk.need_account()
    if not text:
        from tui_xmpp.ui.screens.contact import AddContactScreen

        subject = desk.subject
        stranger = subject.peer if subject is not None and not subject.is_in_roster else None
        desk.app.push_screen(AddContactScreen(desk, account, stranger))
        return
    address, _, name = text.partition(" ")
    peer = _address(address)
    desk.submit_and_say(
        c.AddContact(account, peer, name.strip()), f"{name.strip() or peer} is in your list and was asked."
    )


def _address(text: str) -> BareJID:
    try:
        return BareJID.parse(text)
    except JIDError as error:
        raise VerbError(str(error)) from error


def _requests(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.screens.requests import RequestsScreen

    desk.app.push_screen(RequestsScreen(desk))


def _request_or_contact(desk: Desk, text: str) -> tuple[BareJID, BareJID]:
    if not text:
        waiting = desk.views.requests()
        if len(waiting) == 1:
            return waiting[0].account, waiting[0].peer
        if len(waiting) > 1 and desk.subject is None:
            raise VerbError("Several people ask: say whom, or choose in /requests.")
    else:
        for request in desk.views.requests():
            if str(request.peer) == text.casefold():
                return request.account, request.peer
    return desk.find_contact(text)


def _approve(desk: Desk, text: str) -> None:
    account, peer = _request_or_contact(desk, text)
    desk.submit_and_say(c.ApproveSubscription(account, peer), f"{desk.title(account, peer)} sees when you are online.")


def _approve_back(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.screens.contact import ApproveScreen

    account, peer = _request_or_contact(desk, text)
    desk.app.push_screen(ApproveScreen(desk, account, peer))


def _deny(desk: Desk, text: str) -> None:
    account, peer = _request_or_contact(desk, text)
    desk.submit_and_say(
        c.DenySubscription(account, peer), f"{desk.title(account, peer)} does not see when you are online."
    )


def _block(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.screens.confirm import ConfirmScreen

    account, peer = _request_or_contact(desk, text)
    name = desk.title(account, peer)
    desk.ask(
        ConfirmScreen(
            f"Block {name}?",
            f"You hear nothing more from {peer}, and they are not told. /unblock takes it back.",
            yes="Block",
        ),
        lambda yes: desk.submit_and_say(c.BlockPeer(account, peer), f"{name} is blocked.") if yes else None,
    )


def _unblock(desk: Desk, text: str) -> None:
    account, peer = desk.find_contact(text)
    desk.submit_and_say(c.UnblockPeer(account, peer), f"{desk.title(account, peer)} is no longer blocked.")


def _unsubscribe(desk: Desk, text: str) -> None:
    account, peer = desk.find_contact(text)
    desk.submit_and_say(c.Unsubscribe(account, peer), f"You no longer see when {desk.title(account, peer)} is online.")


def _subscribe(desk: Desk, text: str) -> None:
    address, _, words = text.partition(" ")
    account, peer = desk.find_contact(address)
    desk.submit_and_say(c.RequestSubscription(account, peer, words.strip()), f"{desk.title(account, peer)} was asked.")


def _preapprove(desk: Desk, text: str) -> None:
    account, peer = desk.find_contact(text)
    desk.submit_and_say(
        c.PreApproveSubscription(account, peer), f"If {desk.title(account, peer)} asks, they are let in at once."
    )


def _subscription_menu(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.screens.contact import SubscriptionScreen

    account, peer = desk.find_contact(text)
    desk.app.push_screen(SubscriptionScreen(desk, account, peer))


def _remove(desk: Desk, text: str) -> None:
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


def _edit(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.screens.contact import EditContactScreen

    account, peer = desk.find_contact(text)
    desk.app.push_screen(EditContactScreen(desk, _needs_contact(desk, account, peer)))


def _subject_contact(desk: Desk) -> ContactView:
    subject = desk.subject
    if subject is None:
        raise VerbError("Open a chat with someone first, or choose them in the list.")
    return _needs_contact(desk, subject.account, subject.peer)


def _rename(desk: Desk, text: str) -> None:
    contact = _subject_contact(desk)
    if not text:
        _edit(desk, "")
        return
    desk.submit_and_say(
        c.UpdateContact(contact.account, contact.peer, text, contact.groups), f"{contact.peer} is now called {text}."
    )


def _groups(desk: Desk, text: str) -> None:
    contact = _subject_contact(desk)
    if not text:
        _edit(desk, "")
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


def _details(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.screens.details import DetailsScreen

    account, peer = desk.find_contact(text)
    desk.app.push_screen(DetailsScreen(desk, account, peer))


def _toggle_offline(desk: Desk, text: str) -> None:
    desk.main.arrange_roster(offline_shown=not desk.main.roster.rows.is_offline_shown)


def _toggle_order(desk: Desk, text: str) -> None:
    desk.main.arrange_roster(by_state=not desk.main.roster.rows.is_ordered_by_state)


# -- presence -----------------------------------------------------------------------------------------------------


def _presence(desk: Desk, text: str) -> None:
    word, _, status = text.partition(" ")
    if not word:
        from tui_xmpp.ui.screens.presence import PresenceScreen

        desk.app.push_screen(PresenceScreen(desk, desk.need_account()))
        return
    show = SHOW_NAMES.get(word.casefold())
    if show is None:
        raise VerbError(f"There is no presence called {word}: use online, chat, away, xa, dnd or offline.")
    desk.set_presence(show, status.strip())


SHOW_NAMES = {show.value: show for show in Show} | {"busy": Show.DND, "available": Show.ONLINE}


def _show(show: Show) -> Run:
    def run(desk: Desk, text: str) -> None:
        desk.set_presence(show, text)

    return run


def _status(desk: Desk, text: str) -> None:
    desk.set_presence(status=text)


def read_priority(text: str) -> int:
    """Read a priority; raise ``VerbError`` for what is none (RFC 6121 §4.7.2.3)."""
    try:
        priority = int(text)
    except ValueError:
        priority = 1000
    if not -128 <= priority <= 127:
        raise VerbError("The priority is a whole number from −128 to 127.")
    return priority


def _priority(desk: Desk, text: str) -> None:
    desk.set_presence(priority=read_priority(text))


# -- accounts -----------------------------------------------------------------------------------------------------


def _accounts(desk: Desk, text: str) -> None:
    if desk.account is None:
        from tui_xmpp.ui.screens.wizard import WizardScreen

        desk.app.push_screen(WizardScreen(desk, is_adding=True))
        return
    from tui_xmpp.ui.screens.accounts import AccountsScreen

    desk.app.push_screen(AccountsScreen(desk))


def _speak_as(desk: Desk, text: str) -> None:
    desk.main.speak_as_next()


def _connect(desk: Desk, text: str) -> None:
    for view in desk.presence_accounts():
        if view.connection.phase in (Phase.OFFLINE, Phase.STOPPED, Phase.WAITING):
            desk.connect(view)


def _disconnect(desk: Desk, text: str) -> None:
    for view in desk.presence_accounts():
        desk.submit(c.Disconnect(view.account))


def _forget_login(desk: Desk, text: str) -> None:
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


def _unpin(desk: Desk, text: str) -> None:
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


# -- panes --------------------------------------------------------------------------------------------------------


def _problems(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.screens.problems import ProblemsScreen

    desk.app.push_screen(ProblemsScreen(desk))


def _had_problems(desk: Desk) -> bool:
    return bool(desk.app.notices)


def _toggle_roster(desk: Desk, text: str) -> None:
    desk.main.toggle_roster()


def _toggle_status(desk: Desk, text: str) -> None:
    desk.main.toggle_status()


def _layout(desk: Desk, text: str) -> None:
    from tui_xmpp.ui import layouts

    layouts.layout(desk, text)


def _pane_left(desk: Desk, text: str) -> None:
    desk.main.move_sideways(-1)


def _pane_right(desk: Desk, text: str) -> None:
    desk.main.move_sideways(1)


def _next_pane(desk: Desk, text: str) -> None:
    desk.main.focus_next_pane()


_WHOM = Argument("ADDRESS", Kind.CONTACT, is_optional=True)
_ASKING = Argument("ADDRESS", Kind.REQUEST, is_optional=True)
_WORDS = Argument("TEXT", Kind.STATUS, is_optional=True)

# One verb a paragraph reads better than one argument a line.
# fmt: off
ACTIONS: tuple[Action, ...] = (
    Action("help", "Help", "Show keys and commands.", _help, ("f1", "question_mark"), slash="help", footer="Help",
           arguments=(Argument("COMMAND", Kind.COMMAND, is_optional=True),), example="/help add"),
    Action("tour", "Tour", "Be shown around in a minute, or end that.", _tour, slash="tour", applies=_has_account),
    Action("palette", "Commands", "Find any action, person or chat by a few letters.", _palette, ("ctrl+p",),
           footer="Commands", is_in_palette=False),
    Action("go-to", "Go to", "Find a chat, person or account by a few letters; Enter alone goes back.", _go_to,
           ("ctrl+k",), footer="Go to"),
    Action("chat", "Open a chat", "Open a conversation and write.", _chat, slash="chat", aliases=("query",),
           arguments=(Argument("ADDRESS", Kind.CONTACT),), example="/chat darcy@pemberley.lit", is_in_palette=False),
    Action("close", "Close the chat", "Close the open conversation; its messages stay.", _close, ("alt+w",),
           slash="close", applies=_has_chat),
    Action("next-unread", "Next unread", "Open the unread chat that matters most: who names you, pinned, newest.",
           chats.next_unread, ("alt+a",), footer="Next unread"),
    Action("last-chat", "Last chat", "Go back to the chat before this one.", chats.last_chat, ("alt+l",)),
    Action("unread-line", "Unread line", "Go to the first message that was unread here.", chats.unread_line,
           ("alt+u",), applies=_has_chat),
    Action("split", "Split", "Open a chat beside the others: the one named or chosen, else the last one.",
           chats.split, ("alt+v",), slash="split", arguments=(_WHOM,)),
    Action("next-split", "Next split", "Go to the next of the conversations that are beside each other.",
           chats.next_split, ("alt+s",)),
    Action("close-split", "Close the split", "Take this conversation from beside the others; the chat stays open.",
           chats.close_split, ("alt+x",), slash="unsplit", applies=chats.has_splits),
    Action("layout", "Layouts", "Go back to a layout: its chats beside each other, its panes and their width.", _layout,
           slash="layout", arguments=(Argument("NAME, save NAME, delete NAME", Kind.LAYOUT, is_optional=True),),
           example="/layout save work", applies=_has_account),
    Action("inbox", "Inbox", "See all chats of all accounts by activity.", chats.inbox, ("f5",), slash="inbox",
           footer="Inbox"),
    *(
        Action(f"chat-{number}", f"Chat {number}", f"Open the chat that has the number {number} beside it.",
               chats.numbered(number), (f"alt+{number}",), is_in_palette=False)
        for number in range(1, NUMBERS + 1)
    ),
    Action("pin", "Pin or unpin", "Keep a chat at the top of lists, or no longer.", chats.pin, slash="pin",
           arguments=(_WHOM,), applies=_has_subject),
    Action("mute", "Mute or unmute", "Say when a chat may call you: always, on a mention, or never.", chats.mute,
           slash="mute", aliases=("notify",), arguments=(Argument("RULE", Kind.NOTIFY, is_optional=True),),
           example="/mute mention", applies=_has_subject),
    Action("quiet", "Quiet for a while", "Let nothing call you: for a time, between two times each day, or no longer.",
           notifications.quiet, slash="quiet",
           arguments=(Argument("1h, 22:00-07:00, off", Kind.TEXT, is_optional=True),), example="/quiet 2h"),
    Action("test-notification", "Test notification", "See how you are called when a message comes.",
           notifications.test, slash="test-notification"),
    Action("archive", "Archive or take back", "Put a chat out of sight until something comes in it, or take it back.",
           chats.archive, slash="archive", arguments=(_WHOM,), applies=_has_subject),
    Action("later", "Mark for later", "Mark a chat to come back to, or as done with.", chats.put_off, slash="later",
           arguments=(_WHOM,), applies=_has_subject),
    Action("search", "Search", "Find something said, in any chat of any account.", history.search, ("ctrl+f",),
           slash="search", footer="Search", arguments=(Argument("WORDS", Kind.QUERY, is_optional=True),),
           example="/search books from:darcy after:monday", applies=_has_account),
    Action("mark-read", "Mark read", "Mark a chat as read without opening it.", chats.mark_read, slash="read",
           arguments=(_WHOM,), applies=_has_subject),
    *(
        Action(f"{verb}-here", title, words, run, (key,), place=Place.INBOX, is_in_palette=False, applies=_has_subject)
        for key, verb, title, words, run in (
            ("p", "pin", "Pin or unpin", "Keep the chat at the top, or no longer.", chats.pin),
            ("m", "mute", "Mute or unmute", "Let the chat call you no more, or again.", chats.mute),
            ("a", "archive", "Archive or take back", "Put the chat among the archived ones, or back.", chats.archive),
            ("l", "later", "Mark for later", "Mark the chat to come back to, or as done with.", chats.put_off),
            ("r", "read", "Mark read", "Mark the chat as read.", chats.mark_read),
        )
    ),
    Action("pin-row", "Pin or unpin", "Keep the chat at the top of lists, or no longer.", chats.pin, ("p",),
           place=Place.ROSTER, is_in_palette=False, applies=_has_subject),
    Action("jump-date", "Go to a day", "Show the open chat as it was on a day.", history.jump_to_date, ("alt+d",),
           slash="date", arguments=(Argument("DAY", Kind.DAY, is_optional=True),), example="/date last week",
           applies=_has_chat),
    Action("stop-catch-up", "Stop catching up", "Leave what was missed at the server, to be loaded when looked at.",
           history.stop_catch_up, ("x",), place=Place.STATUS, slash="stop-catch-up", applies=history.is_catching_up),
    Action("fill-gap", "Load what is missing", "Ask the server for what is missing in the open chat.", history.fill_gap,
           slash="fill", applies=history.has_gap),
    Action("export", "Export the chat", "Write all that is stored of a chat into a file: text, or JSON lines (.jsonl).",
           history.export, slash="export", arguments=(Argument("FILE", Kind.TEXT, is_optional=True),),
           example="/export ~/darcy.txt", applies=_has_subject),
    Action("purge", "Delete the chat here", "Delete what is stored here of a chat; the server keeps its own.",
           history.purge, slash="purge", arguments=(_WHOM,), applies=_has_subject),
    Action("status-pane", "Status", "Open or close the status pane.", _toggle_status, ("ctrl+t",), footer="Status"),
    Action("roster-pane", "People", "Hide or show the list of people.", _toggle_roster, ("f2",)),
    Action("next-pane", "Next pane", "Go to the next pane.", _next_pane, ("f6",)),
    Action("pane-left", "List narrower", "Make the list of people narrower; in a narrow terminal, go a pane left.",
           _pane_left, ("alt+left",)),
    Action("pane-right", "List wider", "Make the list of people wider; in a narrow terminal, go a pane right.",
           _pane_right, ("alt+right",)),
    Action("add", "Add contact", "Put someone in your list and ask to see when they are online.", _add,
           ("ctrl+n",), slash="add", footer="Add contact", applies=_has_account,
           arguments=(Argument("ADDRESS", Kind.CONTACT), Argument("NAME", Kind.TEXT, is_optional=True)),
           example="/add jane@longbourn.lit Jane"),
    Action("requests", "Requests", "See who asks to see when you are online.", _requests, ("ctrl+r",),
           slash="requests", footer="Requests"),
    Action("approve", "Approve a request", "Let someone see when you are online.", _approve, slash="approve",
           arguments=(_ASKING,), applies=_has_requests),
    Action("approve-back", "Approve and add back", "Let someone in who asks, and put them in your list.",
           _approve_back, slash="addback", arguments=(_ASKING,), applies=_has_requests),
    Action("deny", "Deny a request", "Refuse a request, or stop letting someone see when you are online.", _deny,
           slash="deny", arguments=(_ASKING,), applies=_has_requests),
    Action("block", "Block", "Hear nothing more from someone.", _block, slash="block", arguments=(_WHOM,),
           applies=_has_subject),
    Action("unblock", "Unblock", "Hear from a blocked person again.", _unblock, slash="unblock",
           arguments=(Argument("ADDRESS", Kind.BLOCKED, is_optional=True),), applies=_has_subject),
    Action("subscribe", "Ask to see presence", "Ask to see when someone is online.", _subscribe, slash="subscribe",
           arguments=(_WHOM, Argument("TEXT", Kind.TEXT, is_optional=True)), applies=_has_subject),
    Action("unsubscribe", "Stop seeing presence", "Stop seeing when someone is online, or take back a request.",
           _unsubscribe, slash="unsubscribe", arguments=(_WHOM,), applies=_has_contact),
    Action("preapprove", "Approve beforehand", "Let someone in at once when they ask.", _preapprove,
           slash="preapprove", arguments=(_WHOM,), applies=_has_subject),
    Action("subscription", "Who sees whom", "Change who sees whose presence.", _subscription_menu, ("s",),
           place=Place.ROSTER, applies=_has_subject),
    Action("edit", "Rename or move to groups", "Change a contact's name and groups.", _edit, ("r", "m"),
           place=Place.ROSTER, applies=_has_contact),
    Action("rename", "Rename", "Give the open chat's contact a name of your own.", _rename, slash="rename",
           arguments=(Argument("NAME", Kind.TEXT),), applies=_has_contact, is_in_palette=False),
    Action("groups", "Groups", "Put the open chat's contact into groups, parted by commas.", _groups, slash="groups",
           arguments=(Argument("GROUP, …", Kind.GROUP),), example="/groups Friends, Work", applies=_has_contact,
           is_in_palette=False),
    Action("remove", "Remove contact", "Take someone out of your list.", _remove, ("delete",), place=Place.ROSTER,
           slash="remove", arguments=(_WHOM,), applies=_has_contact),
    Action("details", "Details", "Show what is known of someone: devices, status, who sees whom.", _details, ("i",),
           place=Place.ROSTER, slash="info", aliases=("whois",), arguments=(_WHOM,), applies=_has_subject),
    Action("add-here", "Add contact", "Put someone in your list.", _add, ("a",), place=Place.ROSTER,
           is_in_palette=False, applies=_has_account),
    Action("offline", "Show or hide who is offline", "Show or hide contacts who are offline.", _toggle_offline,
           ("o",), place=Place.ROSTER),
    Action("order", "Sort by state or name", "Sort the list by presence or by name.", _toggle_order, ("n",),
           place=Place.ROSTER),
    Action("presence", "Presence", "Change your show, status text and priority.", _presence, ("ctrl+o",),
           slash="presence", footer="Presence", applies=_has_account,
           arguments=(Argument("SHOW", Kind.SHOW, is_optional=True), _WORDS), example="/presence away at the ball"),
    Action("presence-here", "Presence", "Change your show, status text and priority.", _presence, ("enter", "p"),
           place=Place.STATUS, is_in_palette=False, applies=_has_account),
    *(
        Action(f"show-{show.value}", WORDS[show].capitalize(), f"Be shown as {WORDS[show]}.", _show(show),
               slash="" if show is Show.CHAT else show.value, arguments=() if show is Show.CHAT else (_WORDS,),
               applies=_has_account)
        for show in (Show.ONLINE, Show.CHAT, Show.AWAY, Show.XA, Show.DND, Show.OFFLINE)
    ),
    Action("status", "Status text", "Change your status text; nothing after it empties it.", _status, slash="status",
           arguments=(_WORDS,), example="/status at the ball", applies=_has_account, is_in_palette=False),
    Action("priority", "Priority", "Messages go to your device with the highest; below 0 none come here.",
           _priority, slash="priority", arguments=(Argument("−128…127", Kind.TEXT),), example="/priority 10",
           applies=_has_account, is_in_palette=False),
    Action("accounts", "Accounts", "Add, connect, disconnect or remove accounts.", _accounts, ("f3",),
           slash="accounts"),
    Action("forget-login", "Forget the safer login", "Log in although the server now offers less than it did before.",
           _forget_login, slash="forget-login", applies=_has_account),
    Action("unpin", "Unpin the certificate", "Trust the server by certificate authorities again.", _unpin,
           slash="unpin", applies=_has_account),
    Action("speak-as", "Speak as another account", "Use the next account for what you do.", _speak_as, ("f4",),
           applies=_has_accounts),
    Action("connect", "Connect", "Connect now.", _connect, slash="connect", applies=_has_account),
    Action("disconnect", "Disconnect", "Say goodbye and stay offline.", _disconnect, slash="disconnect",
           applies=_has_account),
    Action("connect-here", "Connect now", "Connect now.", _connect, ("c",), place=Place.STATUS, is_in_palette=False),
    Action("problems", "Problems at the start", "Read what was wrong with the settings or the archive at the start.",
           _problems, ("v",), place=Place.STATUS, slash="problems", applies=_had_problems),
    Action("disconnect-here", "Disconnect", "Say goodbye and stay offline.", _disconnect, ("d",), place=Place.STATUS,
           is_in_palette=False),
    Action("resend", "Send again", "Send again what failed.", messages.resend, ("s",), place=Place.MESSAGES,
           applies=messages.has_failed),
    Action("reply", "Reply", "Quote the message where you write.", messages.reply, ("r",), place=Place.MESSAGES,
           applies=messages.is_chosen),
    Action("edit-message", "Edit", "Correct what you said, or write anew what did not go out.", messages.edit,
           ("e", "E"), place=Place.MESSAGES, applies=messages.can_be_edited),
    Action("copy-message", "Copy", "Copy the selected text, or the whole message.", messages.copy,
           ("c", "y", "ctrl+c", "super+c"), place=Place.MESSAGES, applies=messages.is_chosen),
    Action("open-link", "Open link", "Open a link of the message.", messages.open_link, ("o",), place=Place.MESSAGES,
           applies=messages.has_link),
    Action("copy-link", "Copy link", "Copy a link of the message.", messages.copy_link, ("l",), place=Place.MESSAGES,
           applies=messages.has_link),
    Action("fold", "Open or fold", "Show all of a long message, or fold it again.", messages.fold, ("z",),
           place=Place.MESSAGES, applies=messages.is_long),
    Action("mark-unread", "Unread from here", "Keep the chat unread from this message on.", messages.mark_unread,
           ("u",), place=Place.MESSAGES, applies=messages.is_theirs),
    Action("message-details", "Details", "When it was said, from which device, how far it came.", messages.details,
           ("i",), place=Place.MESSAGES, applies=messages.is_chosen),
    Action("message-source", "Source", "Show the message as XML.", messages.source, ("x",), place=Place.MESSAGES,
           applies=messages.is_chosen),
    Action("discard", "Discard", "Give up what did not go out.", messages.discard, ("delete",), place=Place.MESSAGES,
           applies=messages.is_unsent),
    Action("message-menu", "What can be done", "Show all that can be done with the message.", messages.menu, ("m",),
           place=Place.MESSAGES, applies=messages.is_chosen, is_in_palette=False),
    Action("write", "Back to writing", "Leave the messages; typing does so too.", messages.write, ("escape",),
           place=Place.MESSAGES, is_in_palette=False),
    Action("seconds", "Seconds", "Add seconds to the times of messages, or leave them out.", messages.toggle_seconds,
           slash="seconds"),
    Action("editor", "Write in an editor", "Go on writing in your own editor ($EDITOR), and come back with the text.",
           editor.edit, slash="editor"),
    Action("settings", "Settings", "See and change all that can be set.", preferences.open_settings, ("f10",),
           slash="settings", arguments=(Argument("WORDS", Kind.TEXT, is_optional=True),)),
    Action("set", "Set", "Set one thing, or say what it is set to; - takes it back to the usual.",
           preferences.set_setting, slash="set", arguments=(Argument("SETTING", Kind.SETTING),
           Argument("VALUE", Kind.VALUE, is_optional=True)), example="/set time_format %I:%M %p", is_in_palette=False),
    Action("keys", "Keys", "Change which keys do what.", preferences.edit_keys, slash="keys",
           arguments=(Argument("WORDS", Kind.TEXT, is_optional=True),)),
    Action("theme", "Theme", "Change the colours: by name, or from a list that shows each.", preferences.choose_theme,
           slash="theme", arguments=(Argument("NAME", Kind.THEME, is_optional=True),), example="/theme light"),
    Action("quit", "Quit", "Say goodbye on all accounts and leave.", _quit, ("ctrl+q",), slash="quit"),
)
# fmt: on

BY_ID = {action.id: action for action in ACTIONS}
BY_SLASH = {name: action for action in ACTIONS if action.slash for name in (action.slash, *action.aliases)}
