"""A minute at the keyboard, as a GIF: ``python -m tests.screenshots recording``."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from tests.screenshots.drawing import pixels_of, rows_of, svg_of
from tests.screenshots.evening import Evening, evening, play
from tui_xmpp.loopback import ELIZABETH

NAME = "recording"
WIDTH, HEIGHT = 100, 28
KEY, LOOK, READ = 90, 900, 2200
"""Milliseconds a frame stays: after a key, for a glance, to be read."""


@dataclass
class Recording:
    """Take a picture after each thing done; the same picture twice is one that stays longer."""

    tonight: Evening
    frames: list[Image.Image] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)
    _last: str = ""

    def take(self, milliseconds: int) -> None:
        """Take a picture of the screen as it is."""
        svg = svg_of(rows_of(self.tonight.app), "")
        if svg == self._last:
            self.durations[-1] += milliseconds
            return
        self._last = svg
        self.frames.append(pixels_of(svg, zoom=1.0))
        self.durations.append(milliseconds)

    async def press(self, *keys: str, then: int = LOOK) -> None:
        """Press keys, and look at what comes of them."""
        await self.tonight.press(*keys)
        await self.tonight.clear()
        self.take(then)

    async def write(self, text: str) -> None:
        """Type letter by letter, pictured word by word."""
        for word in text.split(" "):
            await self.tonight.press(*("space" if letter == " " else letter for letter in word))
            self.take(KEY * len(word))
            await self.tonight.press("space")

    def gif(self) -> bytes:
        """Return the pictures as one that moves, with one palette, so that only what changes is stored."""
        width, height = self.frames[0].size
        all_colors = Image.new("RGB", (width, height * len(self.frames)))
        for number, frame in enumerate(self.frames):
            all_colors.paste(frame, (0, number * height))
        palette = all_colors.quantize(128, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames)
        file = BytesIO()
        first.save(
            file, "GIF", save_all=True, append_images=others, duration=self.durations, loop=0, optimize=True, disposal=1
        )
        return file.getvalue()


async def record() -> bytes:
    """Play the evening for those who look over a shoulder."""
    async with evening(WIDTH, HEIGHT) as tonight:
        await play(tonight)
        await tonight.press("ctrl+u")
        cast, recording = tonight.cast, Recording(tonight)
        recording.take(READ)
        await recording.write("You astonish me, sir. Which?")
        await recording.press("backspace", "enter")
        await tonight.hear(cast.darcy, "*Udolpho*. You may tell nobody, or > your sister\nat most.")
        recording.take(READ)
        await recording.press("alt+a", then=READ)
        await recording.write("Jane! The _good_ teapot?")
        await recording.press("backspace", "enter", then=LOOK)
        await tonight.hear(cast.jane, "The very one. Papa laughed for a quarter of an hour.")
        recording.take(READ)
        await recording.press("up", then=LOOK)
        await recording.press("m", then=READ)
        await recording.press("escape", "escape", then=KEY)
        await recording.press("ctrl+k", then=LOOK)
        await recording.press("c", "h", "a", then=LOOK)
        await recording.press("enter", then=READ)
        tonight.cast.georgiana.ask(ELIZABETH, "My brother speaks of you.")
        await tonight.settle()
        await tonight.clear()
        recording.take(LOOK)
        await recording.press("ctrl+r", then=READ)
        await recording.press("escape", then=KEY)
        await recording.press("f5", then=READ)
        await recording.press("escape", then=KEY)
        await recording.press("ctrl+t", then=READ)
        await recording.press("ctrl+t", then=KEY)
        await recording.press("f1", then=READ)
        await recording.press("escape", then=LOOK)
        return recording.gif()
