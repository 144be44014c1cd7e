"""The conversations that are open beside each other: one as a rule, up to four."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual import events
from textual.app import ComposeResult
from textual.widget import Widget

from tui_xmpp.jid import BareJID
from tui_xmpp.ui.widgets.conversation import ConversationPane

MOST_PANES = 4
_LEAST_HEIGHT = 10
_ARRANGEMENTS = {
    1: ((1, 1, 0),),
    2: ((2, 1, 36), (1, 2, 24)),
    3: ((3, 1, 48), (2, 2, 36), (1, 3, 24)),
    4: ((4, 1, 56), (2, 2, 36), (1, 4, 24)),
}
"""For a number of panes, the best first: columns, rows, and the least width of a column."""


def arrangement(count: int, width: int, height: int) -> tuple[int, int] | None:
    """Return the columns and rows in which so many panes have room to be read; None where they have not."""
    for columns, rows, least_width in _ARRANGEMENTS[count]:
        if width // columns >= least_width and (rows == 1 or height // rows >= _LEAST_HEIGHT):
            return columns, rows
    return None


class Splits(Widget):
    """Hold the panes, one of which is active; where they have no room beside each other only that one is shown."""

    DEFAULT_CSS = """
    Splits { width: 1fr; height: 1fr; layout: horizontal; background: $panel; }
    Splits.-grid { layout: grid; grid-gutter: 0 1; }
    Splits.-grid Composer { max-height: 40%; }
    Splits.-wide-last > ConversationPane:last-of-type { column-span: 2; }
    """

    def __init__(
        self,
        make_pane: Callable[[], ConversationPane],
        turned: Callable[[], None],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self._make_pane = make_pane
        # A call, not a message: what the user does next is already about the other pane.
        self._turned = turned
        self.panes = [make_pane()]
        """The panes in their order; there is always one."""
        self.active = self.panes[0]
        """The pane the user writes in."""

    def compose(self) -> ComposeResult:
        yield from self.panes

    def chats(self) -> Iterator[tuple[BareJID, BareJID]]:
        """Yield the chats that are open, in the panes' order."""
        for pane in self.panes:
            if pane.chat is not None:
                yield pane.chat

    def showing(self, chat: tuple[BareJID | None, BareJID | None]) -> ConversationPane | None:
        """Return the pane that shows a chat: none does twice."""
        return next((pane for pane in self.panes if pane.chat == chat), None)

    def holding(self, widget: Widget | None) -> ConversationPane | None:
        """Return the pane a widget is a part of."""
        ancestors = widget.ancestors_with_self if widget is not None else ()
        return next((pane for pane in self.panes if pane in ancestors), None)

    @property
    def is_full(self) -> bool:
        return len(self.panes) >= MOST_PANES

    def add(self) -> ConversationPane:
        """Put one more pane behind the active one, and make it the active one."""
        pane = self._make_pane()
        self.mount(pane, after=self.active)
        self.panes.insert(self.panes.index(self.active) + 1, pane)
        self.activate(pane)
        return pane

    def take_away(self, pane: ConversationPane) -> None:
        """Take a pane away, which is not the only one; the one before it becomes active."""
        index = self.panes.index(pane)
        self.panes.remove(pane)
        pane.remove()
        if pane is self.active:
            self.activate(self.panes[max(0, index - 1)])
        else:
            self.lay_out()

    def activate(self, pane: ConversationPane) -> None:
        """Let the user write in this pane."""
        if pane is not self.active:
            self.active = pane
            self.lay_out()
            self._turned()

    def following(self, step: int = 1) -> ConversationPane:
        """Return the pane after the active one, the first after the last."""
        return self.panes[(self.panes.index(self.active) + step) % len(self.panes)]

    def lay_out(self) -> None:
        """Give each pane its room."""
        count = len(self.panes)
        shape = arrangement(count, *self.size)
        for number, pane in enumerate(self.panes, 1):
            pane.display = shape is not None or pane is self.active
            place = f"{number}/{count}" if shape is None and count > 1 else ""
            pane.header.stand(is_active=pane is self.active if count > 1 else None, place=place)
        self.set_class(count > 1 and shape is not None, "-grid")
        self.set_class(count == 3 and shape == (2, 2), "-wide-last")
        if count > 1 and shape is not None:
            self.styles.grid_size_columns, self.styles.grid_size_rows = shape

    def on_resize(self) -> None:
        if len(self.panes) > 1:
            self.lay_out()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go to the pane that is clicked."""
        pane = self.holding(event.widget)
        if pane is not None and pane is not self.active:
            self.activate(pane)
            if self.holding(self.screen.focused) is not pane:
                pane.focus_composer()
