"""The ways to go on from what is being written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_xmpp.ui.wrapping import fit
from tui_xmpp.values import dataclass

MOST_COMPLETIONS = 8
"""Completions in sight at once."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on. ``replacement`` takes the place of all text before the cursor."""

    replacement: str
    label: str
    help: str = ""


Completer = Callable[[str, int], Sequence[Completion]]
"""Given the text and the cursor's index in it, the ways to go on; none closes the list."""


class CompletionList(Widget):
    """The ways to go on, above the composer."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    CompletionList { display: none; width: 1fr; height: auto; background: $panel; }
    """

    @dataclass
    class Chosen(Message):
        """A completion was clicked."""

        index: int

    def __init__(self) -> None:
        super().__init__()
        self._items: Sequence[Completion] = ()
        self._index = -1

    @property
    def items(self) -> Sequence[Completion]:
        """What is offered."""
        return self._items

    def offer(self, items: Sequence[Completion], index: int = -1) -> None:
        """Show these, the one at ``index`` marked; none hides the list."""
        if items == self._items and index == self._index:
            return
        is_same_height = min(len(items), MOST_COMPLETIONS) == min(len(self._items), MOST_COMPLETIONS)
        self._items, self._index = items, index
        self.display = bool(items)
        self.refresh(layout=not is_same_height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return min(len(self._items), MOST_COMPLETIONS)

    @property
    def _first(self) -> int:
        """Return the first item in sight: the list scrolls with the mark."""
        return max(0, min(self._index - MOST_COMPLETIONS // 2, len(self._items) - MOST_COMPLETIONS))

    def render_line(self, y: int) -> Strip:
        """Draw one completion: what it is, and what it does in a quieter tone."""
        width = self.size.width
        index = self._first + y
        background, foreground = self.background_colors[1], Color.parse(self.app.theme_variables["foreground"])
        accent = Color.parse(self.app.theme_variables["accent"])
        ground = background.blend(accent, 0.3) if index == self._index else background
        base = Style(color=foreground.hex6, bgcolor=ground.hex6)
        if index >= len(self._items):
            return Strip.blank(width, base)
        item = self._items[index]
        label_width = min(max((cell_len(each.label) for each in self._items), default=0), width // 2)
        text = f" {fit(item.label, label_width)}  "
        quiet = base + Style(color=ground.blend(foreground, 0.6).hex6)
        rest = max(0, width - cell_len(text))
        return Strip([Segment(text, base), Segment(fit(item.help, rest), quiet)]).adjust_cell_length(width, base)

    def on_click(self, event: events.Click) -> None:
        index = self._first + event.y
        if 0 <= index < len(self._items):
            self.post_message(self.Chosen(index))
