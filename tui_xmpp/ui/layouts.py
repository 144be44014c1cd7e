"""Layouts by name: which chats stand beside each other, which panes are shown, and how wide. And the verbs for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tui_xmpp.core.settings import WIDEST_ROSTER
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.ui.chat_marks import chat_name, named_chat
from tui_xmpp.ui.desk import Chat, Desk, VerbError
from tui_xmpp.ui.screens.layout import CONVERSATION
from tui_xmpp.ui.widgets.splits import MOST_PANES
from tui_xmpp.values import dataclass

if TYPE_CHECKING:
    from tui_xmpp.worker.client import Client

MOST_LAYOUTS = 20
LONGEST_NAME = 40
SAVE, DELETE = "save", "delete"
"""What stands before a name to keep or forget a layout; so no layout has such a name."""
_KEPT = "layouts"
_NONE_YET = f"There is no layout yet: /layout {SAVE} and a name keeps the one you see."


@dataclass(frozen=True, slots=True)
class SavedLayout:
    """One layout. ``chats`` are those of the panes in order, None for an empty one; ``active`` is the pane written in.

    ``roster_width`` is what the user chose, in cells; None: by the terminal's width.
    """

    name: str
    chats: tuple[Chat | None, ...] = (None,)
    active: int = 0
    is_roster_shown: bool = True
    is_status_shown: bool = False
    roster_width: int | None = None

    def written(self) -> str:
        """Return the layout as it is kept: one JSON object."""
        return json.dumps(
            {
                "name": self.name,
                "chats": [chat_name(chat) if chat is not None else None for chat in self.chats],
                "active": self.active,
                "people": self.is_roster_shown,
                "status": self.is_status_shown,
                "width": self.roster_width,
            }
        )

    @classmethod
    def read(cls, text: str) -> SavedLayout | None:
        """Read what :meth:`written` made; None for what another hand has broken."""
        try:
            kept = json.loads(text)
            chats = tuple(named_chat(name) if name is not None else None for name in kept["chats"][:MOST_PANES])
            width = kept["width"]
            return cls(
                _name(kept["name"]),
                chats or (None,),
                max(0, min(int(kept["active"]), len(chats) - 1)),
                bool(kept["people"]),
                bool(kept["status"]),
                None if width is None else min(int(width), WIDEST_ROSTER),
            )
        except (ValueError, KeyError, TypeError, AttributeError, VerbError):
            return None


def _name(text: str) -> str:
    name = sanitize_line(text.strip())
    if not name:
        raise VerbError(f"Say what the layout is to be called: /layout {SAVE} work.")
    if len(name) > LONGEST_NAME:
        raise VerbError(f"A layout's name has {LONGEST_NAME} letters at most.")
    if name.casefold().split(" ")[0] in (SAVE, DELETE):
        raise VerbError(f"No layout can be called {name}: the word is a part of the command.")
    return name


class Layouts:
    """The layouts the user has saved, by name, kept from run to run."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def all(self) -> tuple[SavedLayout, ...]:
        """Return the layouts in the order of their names."""
        kept = self._client.recall(_KEPT)
        read = map(SavedLayout.read, kept if isinstance(kept, list) else ())
        return tuple(sorted(filter(None, read), key=lambda layout: layout.name.casefold()))

    def find(self, name: str) -> SavedLayout | None:
        """Return a layout by its name, whatever its case."""
        wanted = sanitize_line(name.strip()).casefold()
        return next((layout for layout in self.all() if layout.name.casefold() == wanted), None)

    def save(self, layout: SavedLayout) -> None:
        """Keep a layout in place of one that is called the same; raise ``VerbError`` where there are too many."""
        others = self._others(layout.name)
        if len(others) >= MOST_LAYOUTS:
            raise VerbError(f"There are {MOST_LAYOUTS} layouts already: /layout {DELETE} and a name makes room.")
        self._keep((*others, layout))

    def delete(self, name: str) -> None:
        """Forget a layout."""
        self._keep(self._others(name))

    def _others(self, name: str) -> tuple[SavedLayout, ...]:
        return tuple(layout for layout in self.all() if layout.name.casefold() != name.casefold())

    def _keep(self, layouts: tuple[SavedLayout, ...]) -> None:
        self._client.remember(_KEPT, [layout.written() for layout in layouts])


# -- the user's verbs ---------------------------------------------------------------------------------------------


def layout(desk: Desk, text: str) -> None:
    """Take up the layout that is named, save or delete one, or with no name choose one from a list."""
    word, _, rest = text.strip().partition(" ")
    if word.casefold() == SAVE:
        _save(desk, _name(rest))
    elif word.casefold() == DELETE:
        delete(desk, _need(desk, rest))
    elif word:
        take_up(desk, _need(desk, text))
    else:
        _choose(desk)


def _need(desk: Desk, name: str) -> SavedLayout:
    layouts = Layouts(desk.client)
    found = layouts.find(name)
    if found is None:
        shown = sanitize_line(name.strip(), LONGEST_NAME)
        known = ", ".join(layout.name for layout in layouts.all())
        there = f"There are: {known}." if known else _NONE_YET
        raise VerbError(f"No layout is called {shown}. {there}" if shown else f"Say which layout. {there}")
    return found


def _save(desk: Desk, name: str) -> None:
    layouts, layout = Layouts(desk.client), as_it_is(desk, name)

    def save() -> None:
        layouts.save(layout)
        desk.say(f"The layout {name} is saved: /layout {name} brings it back.")

    if layouts.find(name) is None:
        save()
        return
    from tui_xmpp.ui.screens.confirm import ConfirmScreen

    question = "What you see now takes the place of what it held."
    desk.ask(ConfirmScreen(f"Save over the layout {name}?", question, yes="Save"), lambda _: save())


def delete(desk: Desk, layout: SavedLayout, then: Callable[[], None] = lambda: None) -> None:
    """Forget a layout when the user is sure, and go on from there."""
    from tui_xmpp.ui.screens.confirm import ConfirmScreen

    def sure(_: bool) -> None:
        Layouts(desk.client).delete(layout.name)
        desk.say(f"The layout {layout.name} is deleted.")
        then()

    question = "Only the layout goes: its chats and their messages stay."
    desk.ask(ConfirmScreen(f"Delete the layout {layout.name}?", question, yes="Delete"), sure)


def _choose(desk: Desk) -> None:
    if not Layouts(desk.client).all():
        raise VerbError(_NONE_YET)
    from tui_xmpp.ui.screens.saved_layouts import LayoutsScreen

    desk.ask(LayoutsScreen(desk), lambda layout: take_up(desk, layout))


def words_of(desk: Desk, layout: SavedLayout) -> str:
    """Say in a line whose chats a layout holds."""
    return ", ".join(desk.title(*chat) for chat in layout.chats if chat is not None) or "no chat"


def offers(desk: Desk) -> Iterator[tuple[str, str]]:
    """Yield what may follow ``/layout``, with words beside it."""
    layouts = Layouts(desk.client).all()
    for layout in layouts:
        yield layout.name, words_of(desk, layout)
    yield f"{SAVE} ", "keep what you see under a name"
    for word, words in ((SAVE, "save over it"), (DELETE, "delete it")):
        for layout in layouts:
            yield f"{word} {layout.name}", words


# -- as the screen stands -----------------------------------------------------------------------------------------


def as_it_is(desk: Desk, name: str) -> SavedLayout:
    """Return what is on the screen now as a layout."""
    main = desk.main
    return SavedLayout(
        name,
        tuple(pane.chat or pane.missing for pane in main.splits.panes),
        main.splits.panes.index(main.conversation),
        not main.has_class("-no-roster"),
        main.has_class("-status"),
        desk.client.settings.ui.roster_width,
    )


def take_up(desk: Desk, layout: SavedLayout) -> None:
    """Furnish the screen as a layout says. Whose chat is not here any more leaves an empty place that says so."""
    main, splits = desk.main, desk.main.splits
    # Keys typed until the panes are there must not go into another chat.
    main.set_focus(None)
    if tuple(pane.chat for pane in splits.panes) != layout.chats:
        for pane in splits.panes:
            main.empty(pane)
        while len(splits.panes) > len(layout.chats):
            splits.take_away(splits.panes[-1])
        while len(splits.panes) < len(layout.chats):
            splits.activate(splits.panes[-1])
            splits.add()
        for pane, chat in zip(splits.panes, layout.chats, strict=True):
            if chat is None or _is_missing(desk, chat):
                pane.missing = chat
            else:
                main.show_in(pane, chat)
    main.show_panes(is_roster_shown=layout.is_roster_shown, is_status_shown=layout.is_status_shown)
    desk.preferences.set_named("ui.roster_width", layout.roster_width)
    active = splits.panes[layout.active]
    splits.activate(active)
    main.turned()
    main.turn_to(CONVERSATION)
    active.call_after_refresh(active.focus_composer)


def _is_missing(desk: Desk, chat: Chat) -> bool:
    """Say whether nothing is known of a chat any more; while an account's list is not here yet, nobody is missing."""
    if desk.views.account(chat[0]) is None:
        return True
    contact = desk.views.contact(*chat)
    is_known = contact is not None and (contact.is_in_roster or contact.last_stamp is not None)
    return not is_known and any(other.is_in_roster for other in desk.views.contacts(chat[0]))
