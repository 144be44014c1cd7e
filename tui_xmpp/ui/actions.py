"""Every verb of the screen, once: keys, footer, help, palette and slash commands are read from here."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from tui_xmpp.core.model import Show
from tui_xmpp.ui import notifications, preferences
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.signs import WORDS
from tui_xmpp.ui.trail import NUMBERS
from tui_xmpp.values import dataclass

if TYPE_CHECKING:
    from tui_xmpp.ui import accounts, chats, contacts, editor, history, layouts, messages, panes, presence, reactions
else:

    class _Deferred:
        """A module of verbs that is imported when the first of them is asked for: the first paint does without."""

        def __init__(self, name):
            self._name = name

        def __getattr__(self, verb):
            return lambda *said: getattr(import_module(f"tui_xmpp.ui.{self._name}"), verb)(*said)

    accounts, chats, contacts = map(_Deferred, ("accounts", "chats", "contacts"))
    editor, history, layouts = map(_Deferred, ("editor", "history", "layouts"))
    messages, panes, presence, reactions = map(_Deferred, ("messages", "panes", "presence", "reactions"))

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
    EMOJI = "emoji"
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
    LISTS = "In lists and among messages"


def by_the_widget(desk: Desk, text: str) -> None:
    """Do nothing: a move is made by the widget that has the cursor, which binds its keys to a way of its own."""


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
    "plus": "+",
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


def _may_approve_beforehand(desk: Desk) -> bool:
    return desk.subject is not None and desk.can_pre_approve(desk.subject.account)


def _has_account(desk: Desk) -> bool:
    return desk.account is not None


def _has_accounts(desk: Desk) -> bool:
    return len(desk.views.accounts()) > 1


_WHOM = Argument("ADDRESS", Kind.CONTACT, is_optional=True)
_ASKING = Argument("ADDRESS", Kind.REQUEST, is_optional=True)
_WORDS = Argument("TEXT", Kind.STATUS, is_optional=True)

# fmt: off
_MOVES = {
    Place.LISTS: (
        ("up", "up k", "Up", "Go one up."),
        ("down", "down j", "Down", "Go one down; after the newest message, back to writing."),
        ("page-up", "pageup shift+pageup ctrl+pageup", "A page up", "Go a page up."),
        ("page-down", "pagedown shift+pagedown ctrl+pagedown", "A page down", "Go a page down."),
        ("first", "home g", "The first", "Go to the first, the oldest among messages."),
        ("last", "end G", "The last", "Go to the last, the newest among messages."),
        ("turn-left", "left", "Turn left", "In a narrow terminal, go to the pane at the left."),
        ("turn-right", "right", "Turn right", "In a narrow terminal, go to the pane at the right."),
    ),
    Place.ROSTER: (
        ("filter", "f", "Find", "Narrow the list by typing."),
        ("fold-group", "space", "Fold or unfold", "Fold or unfold a group."),
        ("to-writing", "escape", "Back to writing", "Show all again; else go back to writing."),
    ),
    Place.INBOX: (
        ("chat-menu", "o", "What can be done", "Show all that can be done with the chat, as a right click does."),
    ),
    Place.WRITING: (
        ("send", "enter", "Send", "Send what is written."),
        ("new-line", "alt+enter shift+enter ctrl+j", "A new line",
         "Begin a new line (Shift+Enter too, where the terminal tells it apart)."),
        ("to-messages", "ctrl+up", "To the messages", "Go to the messages; Up from an empty line does so too."),
        ("to-people", "escape", "To the people", "Go to the list of people."),
        ("earlier-text", "alt+up", "An earlier text", "Bring back an earlier text, sent in this chat."),
        ("later-text", "alt+down", "A later text", "Bring back a later one."),
        ("read-up", "pageup shift+pageup ctrl+pageup", "Read further up", "Read a page further up while writing."),
        ("read-down", "pagedown shift+pagedown ctrl+pagedown", "Read further down", "Read a page further down."),
        ("oldest", "ctrl+home", "The oldest message", "Show the oldest message while writing."),
        ("newest", "ctrl+end", "The newest message", "Show the newest message while writing."),
        ("line-start", "home", "Start of the line", "Go to the start of the line."),
        ("line-end", "end ctrl+e", "End of the line", "Go to the end of the line."),
        ("word-left", "ctrl+left alt+b", "A word left", "Go a word to the left."),
        ("word-right", "ctrl+right alt+f", "A word right", "Go a word to the right."),
        ("delete-word-left", "ctrl+w ctrl+backspace alt+backspace", "Delete a word", "Delete the word at the left."),
        ("delete-word-right", "ctrl+delete alt+delete", "Delete the next word", "Delete the word at the right."),
        ("select-all", "f7 ctrl+shift+a", "Select all", "Select all that is written."),
        ("empty", "ctrl+u super+backspace", "Empty the line", "Empty the line; undo brings it back."),
        ("undo", "ctrl+z super+z", "Undo", "Take the last change back."),
        ("redo", "ctrl+y super+y ctrl+shift+z", "Redo", "Make it again."),
    ),
}
"""How one moves and edits, by the place where that is: id, keys, title, and what it does."""
# fmt: on

# One verb a paragraph reads better than one argument a line.
# fmt: off
ACTIONS: tuple[Action, ...] = (
    Action("help", "Help", "Show keys and commands.", panes.open_help, ("f1", "question_mark"), slash="help",
           footer="Help", arguments=(Argument("COMMAND", Kind.COMMAND, is_optional=True),), example="/help add"),
    Action("tour", "Tour", "Be shown around in a minute, or end that.", panes.tour, slash="tour", applies=_has_account),
    Action("palette", "Commands", "Find any action, person or chat by a few letters.", panes.palette, ("ctrl+p",),
           footer="Commands", is_in_palette=False),
    Action("go-to", "Go to", "Find a chat, person or account by a few letters; Enter alone goes back.", panes.go_to,
           ("ctrl+k",), footer="Go to"),
    Action("chat", "Open a chat", "Open a conversation and write.", chats.open_chat, slash="chat", aliases=("query",),
           arguments=(Argument("ADDRESS", Kind.CONTACT),), example="/chat darcy@pemberley.lit", is_in_palette=False),
    Action("close", "Close the chat", "Close the open conversation; its messages stay.", chats.close, ("alt+w",),
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
    Action("layout", "Layouts", "Go back to a layout: its chats beside each other, its panes and their width.",
           layouts.layout, slash="layout", applies=_has_account, example="/layout save work",
           arguments=(Argument("NAME, save NAME, delete NAME", Kind.LAYOUT, is_optional=True),)),
    Action("inbox", "Inbox", "See all chats of all accounts by activity.", chats.inbox, ("f5",), slash="inbox",
           footer="Inbox"),
    *(
        Action(f"chat-{number}", f"Chat {number}", f"Open the chat that has the number {number} beside it.",
               partial(chats.open_numbered, number), (f"alt+{number}",), is_in_palette=False)
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
    Action("tell-reading", "Tell what was read, or not", "Let someone know what you have read of theirs, or no longer.",
           chats.tell_reading, slash="tell-read", arguments=(_WHOM,), applies=_has_subject),
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
    Action("status-pane", "Status", "Open or close the status pane.", panes.toggle_status, ("ctrl+t",),
           footer="Status"),
    Action("roster-pane", "People", "Hide or show the list of people.", panes.toggle_roster, ("f2",)),
    Action("next-pane", "Next pane", "Go to the next pane.", panes.next_pane, ("f6",)),
    Action("pane-left", "List narrower", "Make the list of people narrower; in a narrow terminal, go a pane left.",
           panes.narrow, ("alt+left",)),
    Action("pane-right", "List wider", "Make the list of people wider; in a narrow terminal, go a pane right.",
           panes.widen, ("alt+right",)),
    Action("add", "Add contact", "Put someone in your list and ask to see when they are online.", contacts.add,
           ("ctrl+n",), slash="add", footer="Add contact", applies=_has_account,
           arguments=(Argument("ADDRESS", Kind.CONTACT), Argument("NAME", Kind.TEXT, is_optional=True)),
           example="/add jane@longbourn.lit Jane"),
    Action("requests", "Requests", "See who asks to see when you are online.", contacts.requests, ("ctrl+r",),
           slash="requests", footer="Requests"),
    Action("approve", "Approve a request", "Let someone see when you are online.", contacts.approve, slash="approve",
           arguments=(_ASKING,), applies=_has_requests),
    Action("approve-back", "Approve and add back", "Let someone in who asks, and put them in your list.",
           contacts.approve_back, slash="addback", arguments=(_ASKING,), applies=_has_requests),
    Action("deny", "Deny a request", "Refuse a request, or stop letting someone see when you are online.",
           contacts.deny, slash="deny", arguments=(_ASKING,), applies=_has_requests),
    Action("block", "Block", "Hear nothing more from someone.", contacts.block, slash="block", arguments=(_WHOM,),
           applies=_has_subject),
    Action("unblock", "Unblock", "Hear from a blocked person again.", contacts.unblock, slash="unblock",
           arguments=(Argument("ADDRESS", Kind.BLOCKED, is_optional=True),), applies=_has_subject),
    Action("subscribe", "Ask to see presence", "Ask to see when someone is online.", contacts.subscribe,
           slash="subscribe", arguments=(_WHOM, Argument("TEXT", Kind.TEXT, is_optional=True)), applies=_has_subject),
    Action("unsubscribe", "Stop seeing presence", "Stop seeing when someone is online, or take back a request.",
           contacts.unsubscribe, slash="unsubscribe", arguments=(_WHOM,), applies=_has_contact),
    Action("preapprove", "Approve beforehand", "Let someone in at once when they ask.", contacts.preapprove,
           slash="preapprove", arguments=(_WHOM,), applies=_may_approve_beforehand),
    Action("subscription", "Who sees whom", "Change who sees whose presence.", contacts.choose_subscription, ("s",),
           place=Place.ROSTER, applies=_has_subject),
    Action("edit", "Rename or move to groups", "Change a contact's name and groups.", contacts.edit, ("r",),
           place=Place.ROSTER, applies=_has_contact),
    Action("contact-menu", "What can be done", "Show all that can be done with someone, as a right click does.",
           contacts.menu, ("m",), place=Place.ROSTER, is_in_palette=False),
    Action("rename", "Rename", "Give the open chat's contact a name of your own.", contacts.rename, slash="rename",
           arguments=(Argument("NAME", Kind.TEXT),), applies=_has_contact, is_in_palette=False),
    Action("groups", "Groups", "Put the open chat's contact into groups, parted by commas.", contacts.regroup,
           slash="groups", arguments=(Argument("GROUP, …", Kind.GROUP),), example="/groups Friends, Work",
           applies=_has_contact, is_in_palette=False),
    Action("remove", "Remove contact", "Take someone out of your list.", contacts.remove, ("delete",),
           place=Place.ROSTER, slash="remove", arguments=(_WHOM,), applies=_has_contact),
    Action("details", "Details", "Show what is known of someone: devices, status, who sees whom.", contacts.details,
           ("i",), place=Place.ROSTER, slash="info", aliases=("whois",), arguments=(_WHOM,), applies=_has_subject),
    Action("add-here", "Add contact", "Put someone in your list.", contacts.add, ("a",), place=Place.ROSTER,
           is_in_palette=False, applies=_has_account),
    Action("offline", "Show or hide who is offline", "Show or hide contacts who are offline.", contacts.toggle_offline,
           ("o",), place=Place.ROSTER),
    Action("order", "Sort by state or name", "Sort the list by presence or by name.", contacts.toggle_order, ("n",),
           place=Place.ROSTER),
    Action("presence", "Presence", "Change your show, status text and priority.", presence.change, ("ctrl+o",),
           slash="presence", footer="Presence", applies=_has_account,
           arguments=(Argument("SHOW", Kind.SHOW, is_optional=True), _WORDS), example="/presence away at the ball"),
    Action("presence-here", "Presence", "Change your show, status text and priority.", presence.change, ("enter", "p"),
           place=Place.STATUS, is_in_palette=False, applies=_has_account),
    *(
        Action(f"show-{show.value}", WORDS[show].capitalize(), f"Be shown as {WORDS[show]}.",
               partial(presence.be, show), slash="" if show is Show.CHAT else show.value,
               arguments=() if show is Show.CHAT else (_WORDS,),
               applies=_has_account)
        for show in (Show.ONLINE, Show.CHAT, Show.AWAY, Show.XA, Show.DND, Show.OFFLINE)
    ),
    Action("status", "Status text", "Change your status text; nothing after it empties it.", presence.set_status,
           slash="status", arguments=(_WORDS,), example="/status at the ball", applies=_has_account,
           is_in_palette=False),
    Action("priority", "Priority", "Messages go to your device with the highest; below 0 none come here.",
           presence.set_priority, slash="priority", arguments=(Argument("−128…127", Kind.TEXT),),
           example="/priority 10", applies=_has_account, is_in_palette=False),
    Action("presence-to", "Presence for one person", "Show yourself to one address only; without a show, as you are.",
           presence.show_to, slash="presence-to", example="/presence-to jane@longbourn.lit away until five",
           arguments=(_WHOM, Argument("SHOW", Kind.SHOW, is_optional=True), _WORDS), applies=_has_subject),
    Action("hide-from", "Hide from one person", "Be offline for one address only, whatever you showed it before.",
           presence.hide_from, slash="hide-from", arguments=(_WHOM,), applies=_has_subject),
    Action("accounts", "Accounts", "Add, connect, disconnect or remove accounts.", accounts.open_accounts, ("f3",),
           slash="accounts"),
    Action("forget-login", "Forget the safer login", "Log in although the server now offers less than it did before.",
           accounts.forget_login, slash="forget-login", applies=_has_account),
    Action("unpin", "Unpin the certificate", "Trust the server by certificate authorities again.", accounts.unpin,
           slash="unpin", applies=_has_account),
    Action("speak-as", "Speak as another account", "Use the next account for what you do.", accounts.speak_as, ("f4",),
           applies=_has_accounts),
    Action("connect", "Connect", "Connect now.", accounts.connect, slash="connect", applies=_has_account),
    Action("disconnect", "Disconnect", "Say goodbye and stay offline.", accounts.disconnect, slash="disconnect",
           applies=_has_account),
    Action("connect-here", "Connect now", "Connect now.", accounts.connect, ("c",), place=Place.STATUS,
           is_in_palette=False),
    Action("problems", "Problems at the start", "Read what was wrong with the settings or the archive at the start.",
           panes.problems, ("v",), place=Place.STATUS, slash="problems", applies=panes.had_problems),
    Action("disconnect-here", "Disconnect", "Say goodbye and stay offline.", accounts.disconnect, ("d",),
           place=Place.STATUS, is_in_palette=False),
    Action("resend", "Send again", "Send again what failed.", messages.resend, ("s",), place=Place.MESSAGES,
           applies=messages.has_failed),
    Action("reply", "Reply", "Quote the message where you write.", messages.reply, ("r",), place=Place.MESSAGES,
           applies=messages.is_chosen),
    Action("react", "React", "Put an emoji under the message, or take it back.", reactions.react, ("plus",),
           place=Place.MESSAGES, applies=reactions.can_react),
    Action("react-last", "React to the last message", "Put an emoji under what was said to you last, or take it back.",
           reactions.react_to_last, slash="react", arguments=(Argument(":EMOJI:", Kind.EMOJI, is_optional=True),),
           example="/react :tada:", applies=_has_chat),
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
    Action("suspend", "Back to the shell", "Stop the program for now; fg in the shell comes back.", panes.step_aside,
           ("ctrl+z",), slash="suspend"),
    Action("quit", "Quit", "Say goodbye on all accounts and leave.", panes.leave, ("ctrl+q",), slash="quit"),
    *(
        Action(name, title, words, by_the_widget, tuple(keys.split()), place=place, is_in_palette=False)
        for place, moves in _MOVES.items()
        for name, keys, title, words in moves
    ),
)
# fmt: on

BY_ID = {action.id: action for action in ACTIONS}
BY_SLASH = {name: action for action in ACTIONS if action.slash for name in (action.slash, *action.aliases)}
