from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.color import Color

from tui_xmpp.core.model import Delivery, Direction, Failure, Message, MessageKind
from tui_xmpp.core.text import sanitize_body
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.render import MOST_DRAWN, Block, Palette, Renderer, speakers
from tui_xmpp.ui.wrapping import fit, graphemes, wrap

ACCOUNT = BareJID.parse("elizabeth@longbourn.lit")
PEER = BareJID.parse("darcy@pemberley.lit")
EVENING = datetime(2026, 11, 19, 20, 14, tzinfo=UTC)
PALETTE = Palette.of(
    Color.parse("#101218"),
    Color.parse("#e0e0e0"),
    accent=Color.parse("#7aa2f7"),
    error=Color.parse("#ff6b6b"),
    warning=Color.parse("#e0af68"),
)
ANYTHING = st.text(
    st.characters(codec=None) | st.sampled_from("  \n\ta漢字かなé👨👩\u200d\ufe0f\u0301\u202e\u2066🇬🇧❤ب")
)


def message(body: str, *, minutes: float = 0, outgoing: bool = False, key: str = "", **fields: Any) -> Message:
    return Message(
        key=key or f"{body}{minutes}",
        account=ACCOUNT,
        peer=PEER,
        direction=Direction.OUTGOING if outgoing else Direction.INCOMING,
        stamp=EVENING + timedelta(minutes=minutes),
        body=body,
        **fields,
    )


def renderer(width: int = 90, **fields: Any) -> Renderer:
    own, peer = speakers(ACCOUNT, PEER, "Darcy")
    return Renderer(width, PALETTE, own, peer, zone=UTC, **fields)


def drawn(made: Renderer, blocks: list[Block]) -> list[str]:
    return [made.draw(block, index, 0).text for block in blocks for index in range(len(block.rows))]


def lines(*messages: Message, width: int = 90, **fields: Any) -> list[str]:
    made = renderer(width)
    return [line.rstrip() for line in drawn(made, made.blocks(messages, 0, len(messages), **fields))]


@given(text=ANYTHING, width=st.integers(2, 60))
@example("a" * 100, 7)
@example(" " * 30 + "é", 5)
@example("é" + " " * 30, 5)
@example("漢字" * 20, 5)
@example("word " * 9 + "é", 12)
def test_no_row_is_wider_than_the_width_and_no_character_but_spaces_is_lost(text: str, width: int) -> None:
    shown = sanitize_body(text).expandtabs(4)
    spans = wrap(shown, width)
    assert all(cell_len(shown[start:end]) <= width for start, end in spans)
    assert "".join("".join(shown[start:end] for start, end in spans).split()) == "".join(shown.split())
    assert len(spans) >= shown.count("\n") + 1
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


@given(ANYTHING)
def test_graphemes_are_the_whole_text(text: str) -> None:
    assert "".join(graphemes(text)) == text


@pytest.mark.parametrize("cluster", ["👨\u200d👩\u200d👧", "e\u0301", "🇬🇧", "❤\ufe0f", "👍🏽"])
def test_a_grapheme_is_never_torn(cluster: str) -> None:
    assert list(graphemes(cluster * 3)) == [cluster] * 3
    text = cluster * 20
    assert all((end - start) % len(cluster) == 0 for start, end in wrap(text, 7))


def test_rows_break_at_spaces_and_between_wide_characters() -> None:
    def rows(text: str, width: int) -> list[str]:
        return [text[start:end] for start, end in wrap(text, width)]

    assert rows("my head is always full", 8) == ["my head", "is", "always", "full"]
    assert rows("mü head is always full", 8) == ["mü head", "is", "always", "full"]
    assert rows("漢字漢字漢字", 5) == ["漢字", "漢字", "漢字"]
    assert rows("one\n\ntwo", 8) == ["one", "", "two"]
    assert rows("", 8) == [""]


@given(ANYTHING, st.integers(0, 30))
def test_fit_gives_exactly_the_width(text: str, width: int) -> None:
    assert cell_len(fit(sanitize_body(text).replace("\n", ""), width)) == width


@settings(max_examples=150, deadline=None)
@given(
    body=ANYTHING,
    subject=ANYTHING,
    width=st.integers(1, 130),
    kind=st.sampled_from(MessageKind),
    delivery=st.sampled_from(Delivery),
    outgoing=st.booleans(),
    selected=st.none() | st.tuples(st.integers(-9, 40), st.integers(-1, 40)),
)
def test_any_text_at_any_width_draws_rows_of_exactly_that_width(
    body: str,
    subject: str,
    width: int,
    kind: MessageKind,
    delivery: Delivery,
    outgoing: bool,
    selected: tuple[int, int] | None,
) -> None:
    failure = Failure("item-not-found", subject, body) if delivery is Delivery.FAILED else None
    made = renderer(width)
    one = message(body, outgoing=outgoing, subject=subject, kind=kind, delivery=delivery, failure=failure)
    for block in made.blocks((one,), 0, 1, first_unread=one.key, unread=1):
        for index in range(len(block.rows)):
            for has_cursor in (False, True):
                strip = made.draw(block, index, 7, selected=selected, has_cursor=has_cursor)
                assert strip.cell_length == made.width == cell_len(strip.text)
                assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in strip.text)


def test_time_once_a_minute_and_name_once_a_run() -> None:
    shown = lines(
        message("What think you of books?"),
        message("Well?", minutes=0.5),
        message("I am waiting.", minutes=1),
        message("I cannot talk of books in a ball-room.", minutes=1.5, outgoing=True, delivery=Delivery.DELIVERED),
        message("Later.", minutes=9, outgoing=True, delivery=Delivery.QUEUED),
    )
    assert shown == [
        " " + "─" * 32 + " Thursday 19 November " + "─" * 34,
        " 20:14  Darcy        What think you of books?",
        "                     Well?",
        " 20:15               I am waiting.",
        " 20:15  elizabeth    I cannot talk of books in a ball-room." + " " * 28 + "✓✓",
        " 20:23  elizabeth    Later." + " " * 60 + "…",
    ]


def test_the_unread_line_stands_above_the_first_unread_message() -> None:
    one, two = message("one"), message("two", minutes=0.1)
    shown = lines(one, two, first_unread=two.key, unread=2)
    assert " 2 unread " in shown[2]
    assert shown[3] == " 20:14  Darcy        two"


def test_a_failed_message_says_why_and_what_to_do() -> None:
    failure = Failure("item-not-found", "This account does not exist.", "no such\nuser")
    shown = lines(message("Hello", outgoing=True, delivery=Delivery.FAILED, failure=failure))
    assert shown[1].endswith("✗")
    assert shown[2].strip() == "This account does not exist. “no such user”"
    assert shown[3].strip() == "Enter resend · E edit · Del discard"


def test_subject_kind_languages_and_delay_are_told() -> None:
    shown = lines(
        message("Down at noon", kind=MessageKind.HEADLINE, subject="Maintenance"),
        message("Dear Madam", kind=MessageKind.NORMAL, minutes=10, bodies=(("de", "Liebe"), ("fr", "Chère"))),
        message("late", minutes=20, subject="The ball", is_delayed=True),
    )
    assert shown[1:] == [
        " 20:14  Darcy        Headline · Maintenance",
        "                     Down at noon",
        " 20:24  Darcy        ✉ Single message",
        "                     Dear Madam",
        "                     also in de, fr",
        " 20:34◷ Darcy        Subject: The ball",
        "                     late",
    ]


def test_a_narrow_pane_puts_the_name_above_the_text() -> None:
    shown = lines(message("What think you of books?"), message("Well?", minutes=1), width=30)
    assert shown[1:] == ["  Darcy  20:14", "  What think you of books?", "  Well?"]


def test_hostile_names_and_markup_stay_text() -> None:
    own, peer = speakers(ACCOUNT, PEER, "\x1b[31m[bold]\u202eevil\n")
    made = Renderer(90, PALETTE, own, peer, zone=UTC)
    shown = drawn(made, made.blocks((message("[@click=app.quit]x[/]\x1b]52;c;AAAA\x07"),), 0, 1))
    assert "[@click=app.quit]x[/]�]52;c;AAAA�" in shown[1]
    assert "\x1b" not in "".join(shown)
    assert "\u202e" not in "".join(shown)


def test_only_what_changed_is_wrapped_again() -> None:
    made = renderer()
    first, second = message("one", outgoing=True, delivery=Delivery.QUEUED), message("two", minutes=1)
    before = made.blocks((first, second), 0, 2)
    sent = message("one", outgoing=True, delivery=Delivery.SENT, key=first.key)
    after = made.blocks((sent, second), 0, 2)
    assert after[1] is before[1]
    assert after[0] is not before[0]


def test_links_carry_their_target_in_every_row_they_cross() -> None:
    made = renderer(40)
    url = "https://pemberley.lit/" + "library/" * 8
    block = made.blocks((message(f"see {url} and [/]"),), 0, 1)[0]
    linked = [
        segment
        for index in range(len(block.rows))
        for segment in made.draw(block, index, index)
        if segment.style and segment.style.meta.get("link") == url
    ]
    assert "".join(segment.text for segment in linked) == url
    assert all(segment.style and segment.style.link == url for segment in linked)


def test_drawn_rows_are_kept_but_not_without_bound() -> None:
    made = renderer()
    blocks = made.blocks([message(f"m{number}", minutes=number) for number in range(2 * MOST_DRAWN)], 0, 2 * MOST_DRAWN)
    assert made.draw(blocks[0], 0, 0) is made.draw(blocks[0], 0, 0)
    for y, block in enumerate(blocks):
        for index in range(len(block.rows)):
            made.draw(block, index, y)
    assert sum(len(block.drawn) for block in blocks) <= MOST_DRAWN + 1
