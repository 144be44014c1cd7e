"""Find anything by a few letters: chats, people, accounts, layouts, actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import nlargest
from typing import ClassVar, TypeAlias

from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import AccountView, ContactView
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.actions import ACTIONS, Action
from tui_xmpp.ui.desk import Chat, Desk
from tui_xmpp.ui.keymap import moves
from tui_xmpp.ui.layouts import Layouts, SavedLayout, take_up, words_of
from tui_xmpp.ui.matching import fit, folded
from tui_xmpp.ui.screens.dialog import Choices, Dialog, address_problem, line
from tui_xmpp.ui.signs import DOUBT, SHAPES, account_ink, account_shape, chat_signs, contact_doubt, fitted, show_ink
from tui_xmpp.ui.theme import inks
from tui_xmpp.values import dataclass

_MOST = 40

Subject: TypeAlias = Action | ContactView | AccountView | SavedLayout | BareJID
"""What can be found; an address alone is one nobody has written to yet."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    subject: Subject
    texts: tuple[str, ...]
    weight: int
    """What speaks for it, whatever is typed."""


class PaletteScreen(Dialog[None]):
    """A line to type in and the best of what fits it: of the people one writes to, or of all verbs too."""

    # Priority for what an input would take for its own: the typing goes on while the list's cursor moves.
    BINDINGS: ClassVar[list[BindingType]] = [
        *moves({"up": "move(-1)", "down": "move(1)", "page-up": "move(-10)", "page-down": "move(10)"}, is_typing=True),
        Binding("ctrl+k", "move(1)", "Down", show=False, priority=True),
        Binding("tab", "complete", "Take the words", show=False, priority=True),
        Binding("alt+enter,ctrl+enter,ctrl+j", "take_beside", "Open in a split", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    PaletteScreen { align: center top; }
    PaletteScreen > VerticalScroll { margin-top: 2; width: 76; padding: 1 2; }
    PaletteScreen .title { display: none; }
    PaletteScreen OptionList {
        margin-top: 1; max-height: 20; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
    }
    """

    def __init__(self, desk: Desk, *, is_for_people: bool = False) -> None:
        super().__init__()
        self._desk = desk
        self._is_for_people = is_for_people
        self._is_of_several = len(desk.views.accounts()) > 1
        # What applies is judged as things stood before the palette took the cursor.
        actions = () if is_for_people else tuple(a for a in ACTIONS if a.is_in_palette and a.applies(desk))
        self._actions = [_Candidate(action, _action_texts(action), 0) for action in actions]
        self._people = [*self._weighed_people(), *self._layouts()]
        self._found: list[Subject] = []

    def content(self) -> ComposeResult:
        hint = "Go to: a chat, a person, an address" if self._is_for_people else "An action, a person, a chat"
        yield line(placeholder=hint, id="query")
        yield Choices()

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.query_one(Input).focus()

    def on_resize(self, event: events.Resize) -> None:
        # What the box does not show, its own bar would hide: only the list is to scroll.
        self.query_one(OptionList).styles.max_height = max(1, min(20, event.size.height - 7))
        self._fill(self.query_one(Input).value.strip())

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.is_choosing = False
        self._fill(event.value.strip())

    # -- what there is --------------------------------------------------------------------------------------------

    def _weighed_people(self) -> Iterator[_Candidate]:
        desk = self._desk
        visited = {chat: place for place, chat in enumerate(each for each in desk.trail.visits() if each != desk.chat)}
        active = {chat: place for place, chat in enumerate(desk.views.conversations()[:200])}
        for account in desk.views.accounts():
            for contact in desk.views.contacts(account.account):
                chat = (contact.account, contact.peer)
                yield _Candidate(
                    contact,
                    (folded(contact.name), str(contact.peer)) if contact.name else (str(contact.peer),),
                    self._weight(contact, visited.get(chat), active.get(chat)),
                )
            if self._is_of_several:
                yield _Candidate(account, (str(account.account),), -20)

    def _layouts(self) -> Iterator[_Candidate]:
        for layout in Layouts(self._desk.client).all():
            yield _Candidate(layout, (folded(layout.name), folded(f"layout {layout.name}")), -10)

    def _weight(self, contact: ContactView, visited: int | None, active: int | None) -> int:
        marks = self._desk.marks.of(contact.account, contact.peer)
        weight = 5 * contact.show.is_available + 15 * marks.is_pinned - 90 * marks.is_archived
        if contact.unread and not marks.is_muted:
            weight += 60
        if visited is not None:
            weight += max(10, 50 - 5 * visited)
        elif active is not None:
            weight += max(5, 35 - active)
        return weight

    def _find(self, query: str) -> list[Subject]:
        """Return what fits best, best first. Where nothing is typed, the chat to go back to comes first of all."""
        wanted = folded(query)
        people = self._people if query or self._is_for_people else ()
        scored = [
            (score + candidate.weight, candidate.subject)
            for candidate in (*people, *self._actions)
            if (score := max((s for text in candidate.texts if (s := fit(wanted, text)) is not None), default=None))
            is not None
        ]
        found = [subject for _, subject in nlargest(_MOST, scored, key=lambda pair: pair[0])]
        if not query and self._is_for_people:
            found = self._in_order_of_return(found)
        elif (stranger := self._stranger(query)) is not None:
            found.append(stranger)
        return found

    def _in_order_of_return(self, found: Iterable[Subject]) -> list[Subject]:
        """Put the chat before this one first, and leave out the open one and what is archived."""
        marks, here = self._desk.marks, self._desk.chat
        last = next((chat for chat in self._desk.trail.visits() if chat != here), None)
        people = [
            (chat, subject)
            for subject in found
            if (chat := _chat_of(subject)) != here and not (chat and marks.of(*chat).is_archived)
        ]
        back = [subject for chat, subject in people if chat == last]
        return back + [subject for chat, subject in people if chat != last]

    def _stranger(self, query: str) -> BareJID | None:
        """Return the whole address that is typed, where it is no one's known here."""
        peer, _ = address_problem(query)
        account = self._desk.account
        if peer is None or account is None or self._desk.views.contact(account, peer) is not None:
            return None
        return peer

    # -- what is shown --------------------------------------------------------------------------------------------

    def _fill(self, query: str) -> None:
        self._found = self._find(query)
        options = self.query_one(OptionList)
        options.clear_options()
        width = max(20, min(71, self.app.size.width - 5))
        options.add_options([Option(self._words(subject, width)) for subject in self._found])
        if self._found:
            options.highlighted = 0
        else:
            options.add_option(Option(Text("Nothing fits.", "dim"), disabled=True))

    def _words(self, subject: Subject, width: int) -> Text:
        ink = inks(self.app.current_theme)
        if isinstance(subject, ContactView):
            return self._contact_words(subject, width)
        if isinstance(subject, AccountView):
            shape = (f"{account_shape(subject)} ", account_ink(subject, ink))
            return _row([shape, (str(subject.account), ink.text)], [("speak as this account", ink.dim)], width)
        if isinstance(subject, SavedLayout):
            left = [("▦ ", ink.accent), (f"{subject.name}  ", ink.text)]
            return _row(
                left, [(fitted(words_of(self._desk, subject), width // 2), ink.dim), ("  layout", ink.dim)], width
            )
        if isinstance(subject, BareJID):
            return _row([("+ ", ink.accent), (f"Chat with {sanitize_line(str(subject), 200)}", ink.text)], [], width)
        hint = self._desk.keymap.words(subject)
        return _row([(subject.title, ink.text)], [(hint, ink.dim)], width)

    def _contact_words(self, contact: ContactView, width: int) -> Text:
        ink = inks(self.app.current_theme)
        marks = self._desk.marks.of(contact.account, contact.peer)
        if self._desk.is_linear:
            from tui_xmpp.ui.linear import contact_words

            account = f", as {contact.account}" if self._is_of_several else ""
            return Text(contact_words(contact, marks) + account, no_wrap=True, overflow="ellipsis")
        is_calling = contact.unread and not marks.is_muted
        left = [
            (f"{SHAPES[contact.show]} ", show_ink(contact.show, ink)),
            (sanitize_line(contact.title, 60), ink.strong if is_calling else ink.text),
        ]
        hints = [sanitize_line(str(contact.peer), 60)] if contact.name else []
        if self._is_of_several:
            hints.append(f"as {sanitize_line(str(contact.account), 40)}")
        right = [("  ".join(hints), ink.dim)]
        if contact_doubt(contact):
            right.append((f"  {DOUBT}", ink.warning))
        if signs := chat_signs(marks):
            right.append((f"  {signs}", ink.dim))
        if contact.unread:
            right.append((f"  {min(contact.unread, 999)}", ink.badge if is_calling else ink.dim))
        return _row(left, right, width)

    # -- what the user does ---------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """Move the list's cursor while the typing goes on."""
        options = self.query_one(OptionList)
        self.is_choosing = bool(self._found)
        if self._found:
            options.highlighted = max(0, min(len(self._found) - 1, (options.highlighted or 0) + step))

    def action_complete(self) -> None:
        """Put the words of what is under the cursor into the line."""
        subject = self._at(self.query_one(OptionList).highlighted)
        if subject is not None:
            query = self.query_one(Input)
            query.value = _plain_words(subject)
            query.cursor_position = len(query.value)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._take(self.query_one(OptionList).highlighted)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._take(event.option_index)

    def action_take_beside(self) -> None:
        """Open the chat under the cursor beside the others."""
        self._take(self.query_one(OptionList).highlighted, is_beside=True)

    def _at(self, index: int | None) -> Subject | None:
        return self._found[index] if index is not None and index < len(self._found) else None

    def _take(self, index: int | None, *, is_beside: bool = False) -> None:
        subject = self._at(index)
        if subject is None:
            return
        self.dismiss(None)
        main = self._desk.main
        if isinstance(subject, Action):
            self._desk.app.call_later(self._desk.app.perform, subject.id)
        elif isinstance(subject, AccountView):
            main.speak_as(subject.account)
        elif isinstance(subject, SavedLayout):
            take_up(self._desk, subject)
        else:
            account = subject.account if isinstance(subject, ContactView) else self._desk.need_account()
            peer = subject.peer if isinstance(subject, ContactView) else subject
            if is_beside:
                main.open_beside((account, peer))
            else:
                main.open_chat(account, peer)


def _chat_of(subject: Subject) -> Chat | None:
    return (subject.account, subject.peer) if isinstance(subject, ContactView) else None


def _action_texts(action: Action) -> tuple[str, ...]:
    return (folded(action.title), *((action.slash, *action.aliases) if action.slash else ()))


def _plain_words(subject: Subject) -> str:
    if isinstance(subject, Action):
        return subject.title
    if isinstance(subject, SavedLayout):
        return subject.name
    if isinstance(subject, ContactView):
        return sanitize_line(subject.title, 200)
    return str(subject.account if isinstance(subject, AccountView) else subject)


def _row(left: list[tuple[str, Style]], right: list[tuple[str, Style]], width: int) -> Text:
    """Put pieces at both ends of a line; what stands at the left is not cut for the right."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for piece, style in left:
        text.append(piece, style)
    tail = Text.assemble(*right)
    room = width - text.cell_len - 2
    if tail.cell_len > room and right:
        first, style = right[0]
        room_for_first = room - (tail.cell_len - Text(first).cell_len)
        tail = Text.assemble((fitted(first, room_for_first), style), *right[1:])
    gap = width - text.cell_len - tail.cell_len
    if gap >= 1:
        text.append(" " * gap).append_text(tail)
    return text
