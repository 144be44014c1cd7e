from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from textual.color import Color

from tui_xmpp.core.model import Delivery, Direction, Failure, Message, MessageKind
from tui_xmpp.core.text import sanitize_body
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.blocks import Block, Palette, day_words, speakers
from tui_xmpp.ui.highlighting import Highlighter, Part
from tui_xmpp.ui.render import MOST_DRAWN, Renderer
from tui_xmpp.ui.wrapping import chop, fit, graphemes, wrap

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
STYLED = st.lists(
    st.sampled_from(["```\n", "```py\n", "> ", ">", "*", "_", "~", "`", " ", "\n", "/me ", "x" * 30, "if x: # y\n"])
    | st.sampled_from(
        ["https://аррӏе.com/" + "a" * 50, "https://a.example/b.jpg", "שלום", "👨\u200d👩\u200d👧", "\ufe0f"]
    )
    | ANYTHING
).map("".join)


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


@given(text=ANYTHING, width=st.integers(2, 40))
def test_rows_begin_and_end_between_graphemes(text: str, width: int) -> None:
    shown = sanitize_body(text).expandtabs(4)
    for line in shown.split("\n"):
        edges = {0, *itertools.accumulate(len(cluster) for cluster in graphemes(line))}
        assert all(start in edges and end in edges for start, end in [*wrap(line, width), *chop(line, width)])


@given(text=ANYTHING, width=st.integers(2, 40))
def test_code_breaks_at_the_width_alone(text: str, width: int) -> None:
    line = sanitize_body(text).expandtabs(4).replace("\n", "")
    spans = chop(line, width)
    assert "".join(line[start:end] for start, end in spans) == line
    assert all(cell_len(line[start:end]) <= width for start, end in spans)


def test_a_word_that_fills_its_row_leaves_no_space_to_the_next() -> None:
    text = "é12 567890 ab"
    assert [text[start:end] for start, end in wrap(text, 6)] == ["é12", "567890", "ab"]


@settings(max_examples=150)
@given(
    body=STYLED,
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
    highlighter = Highlighter()
    made = renderer(width, highlighter=highlighter, unfolded={"key"} if outgoing else None)
    files = (("https://upload.example/a.png", subject), (subject, body))
    one = message(
        body, outgoing=outgoing, subject=subject, kind=kind, delivery=delivery, failure=failure, key="key", files=files
    )
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
        message("Down at noon", kind=MessageKind.NORMAL, subject="Maintenance"),
        message(
            "Dear Madam",
            kind=MessageKind.NORMAL,
            minutes=10,
            bodies=(("de", "Liebe"), ("en", "Dear Madam"), ("fr", "Chère")),
        ),
        message("late", minutes=20, subject="The ball", is_delayed=True),
    )
    assert shown[1:] == [
        " 20:14  Darcy        ✉ Maintenance",
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


@pytest.mark.parametrize(
    ("peer", "name"), [("darcy@pemberley.lit", "darcy"), ("pemberley.lit", "pemberley.lit")], ids=["person", "server"]
)
def test_who_has_no_name_is_called_by_what_comes_before_the_at(peer: str, name: str) -> None:
    assert speakers(ACCOUNT, BareJID.parse(peer), peer)[1].name == name


@pytest.mark.parametrize(("width", "name"), [(83, "Jane Bennet"), (58, "Jane Ben…")], ids=["wide", "narrow"])
def test_a_name_is_cut_only_where_it_would_take_the_room_of_what_is_said(width: int, name: str) -> None:
    own, peer = speakers(ACCOUNT, PEER, "Jane Bennet")
    made = Renderer(width, PALETTE, own, peer, zone=UTC)
    assert drawn(made, made.blocks((message("Well?"),), 0, 1))[1].rstrip() == f" 20:14  {name}  Well?"


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
    made = renderer(30)
    url = "https://" + "library." * 8 + "pemberley.lit"
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


# -- how messages look --------------------------------------------------------------------------------------------


def styles(made: Renderer, body: str, **fields: Any) -> dict[str, Style]:
    """Return each piece of a message's rows with how it looks."""
    return {
        segment.text.strip(): segment.style or Style.null()
        for block in made.blocks((message(body, **fields),), 0, 1)
        for index in range(len(block.rows))
        for segment in made.draw(block, index, index)
    }


def test_x_393_styles_are_shown_and_their_directives_stay_dimmed() -> None:
    made = renderer()
    shown = styles(made, "What *strong* and _stressed_ and ~struck~ and `raw` words, *_both_*")
    assert shown["strong"].bold
    assert shown["stressed"].italic
    assert shown["struck"].strike
    assert shown["raw"].bgcolor == Style(bgcolor=PALETTE.code).bgcolor
    assert (shown["both"].bold, shown["both"].italic) == (True, True)
    assert shown["*"].color == Style(color=PALETTE.faint).color
    assert not shown["words,"].bold


def test_x_393_the_hint_against_styles_is_honoured() -> None:
    shown = styles(renderer(), "*not strong*", is_unstyled=True)
    assert not shown["*not strong*"].bold


def test_x_393_quotations_have_a_bar_on_every_row() -> None:
    shown = lines(message("> My head is always full of something else\n>> deeper\nYes"), width=46)
    assert shown[2:] == [
        "  ▎ My head is always full of something",
        "  ▎ else",
        "  ▎▎ deeper",
        "  Yes",
    ]


def test_x_393_code_stands_on_its_own_tone_and_keeps_its_spaces() -> None:
    made = renderer()
    block = made.blocks((message("```\n  a =  1\n```"),), 0, 1)[0]
    strip = made.draw(block, 2, 0)
    assert "  a =  1" in strip.text
    tone = Style(bgcolor=PALETTE.code).bgcolor
    assert sum(cell_len(text) for text, style, _ in strip if style and style.bgcolor == tone) == made.columns.body


def test_code_gets_its_colours_once_it_was_read() -> None:
    highlighter = Highlighter()
    made = renderer(highlighter=highlighter)
    body = "```python\nreturn 1  # no sermons\n```\nreturn"
    assert "return" not in styles(made, body) or not highlighter.parts("python", "")
    assert highlighter.has_work
    highlighter.work()
    made.forget_drawn()
    shown = styles(made, body)
    colors = dict(zip(Part, PALETTE.parts, strict=True))
    assert shown["# no sermons"].color == Style(color=colors[Part.COMMENT]).color
    assert shown["1"].color == Style(color=colors[Part.NUMBER]).color
    assert not highlighter.has_work


def test_xep_0245_an_action_is_told_of_its_author() -> None:
    shown = lines(message("/me bows"), message("Well?", minutes=1), message("/me is silent", minutes=1.1))
    assert shown[1:] == [
        " 20:14               * Darcy bows",
        " 20:15  Darcy        Well?",
        "                     * Darcy is silent",
    ]
    assert lines(message("/meow"))[1] == " 20:14  Darcy        /meow"


def test_a_file_is_a_card_and_carries_its_address() -> None:
    made = renderer()
    url = "https://upload.example.org/4f1e/photo.jpg"
    shown = styles(made, url)
    assert shown["▣ photo.jpg · upload.example.org"].link == url
    assert not shown["▣ photo.jpg · upload.example.org"].underline
    assert styles(made, "https://example.org/")["https://example.org/"].underline
    assert lines(message(f"Look: {url}"))[1].endswith(f"Look: {url}")


def test_xep_0066_an_address_beside_the_text_is_a_card_below_it() -> None:
    files = (("https://www.jabber.org/images/psa-license.jpg", "A license to Jabber!"), ("javascript:alert(1)", ""))
    made = renderer()
    shown = styles(made, "Yeah, but do you have a license?", files=files)
    assert shown["▣ psa-license.jpg · www.jabber.org"].link == files[0][0]
    assert shown["javascript:alert(1)"].link is None
    assert [line.strip() for line in lines(message("Yes", files=files))[2:]] == [
        "▣ psa-license.jpg · www.jabber.org · A license to Jabber!",
        "javascript:alert(1)",
    ]


def test_a_long_link_is_short_on_the_screen_and_whole_in_what_is_copied_and_opened() -> None:
    made = renderer()
    url = "https://pemberley.lit/library/" + "shelf/" * 20 + "novels"
    block = made.blocks((message(f"See {url} there"),), 0, 1)[0]
    assert block.text == "See https://pemberley.lit/…lf/shelf/shelf/shelf/shelf/novels there"
    assert block.said.copied(0, len(block.text)) == f"See {url} there"
    assert block.said.copied(0, 9) == f"See {url}"
    assert block.said.copied(len(block.text) - 5, len(block.text)) == "there"
    assert [segment.style.link for segment in made.draw(block, 1, 0) if segment.style and segment.style.link] == [url]


def test_a_long_message_is_folded_until_it_is_opened() -> None:
    made = renderer()
    one = message("\n".join(f"line {number}" for number in range(52)), key="long")
    shown = [line.strip() for line in drawn(made, made.blocks((one,), 0, 1))]
    assert shown[-2:] == ["line 11", "… 40 more lines · Enter opens"]
    assert made.toggle_fold("long")
    shown = [line.strip() for line in drawn(made, made.blocks((one,), 0, 1))]
    assert shown[-2:] == ["line 51", "Enter folds it"]
    assert made.toggle_fold("long")
    assert len(made.blocks((one,), 0, 1)[0].rows) == len(shown) - 40
    assert not made.toggle_fold("unknown")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 21), "Today"),
        (date(2026, 11, 20), "Yesterday"),
        (date(2026, 11, 19), "Thursday 19 November"),
        (date(2025, 12, 31), "Wednesday 31 December 2025"),
        (date(2026, 11, 22), "Sunday 22 November"),
    ],
)
def test_days_are_named_as_one_does(day: date, words: str) -> None:
    assert day_words(day, date(2026, 11, 21)) == words


def test_a_new_day_names_the_days_anew() -> None:
    today = EVENING.date()
    made = renderer(today=lambda: today)
    assert "Today" in drawn(made, made.blocks((message("one"),), 0, 1))[0]
    today += timedelta(days=1)
    assert "Yesterday" in drawn(made, made.blocks((message("one"),), 0, 1))[0]


def test_s_33_a_row_that_runs_from_right_to_left_is_isolated() -> None:
    own, peer = speakers(ACCOUNT, PEER, "דרסי")
    made = Renderer(58, PALETTE, own, peer, zone=UTC)
    block = made.blocks((message("שלום לך, Mr. Darcy. " * 3),), 0, 1)[0]
    rows = [made.draw(block, index, 0).text for index in range(1, len(block.rows))]
    assert "\u2067דרסי\u2069     " in rows[0]
    assert all(row.count("\u2067") == row.count("\u2069") > 0 for row in rows)
    assert all(cell_len(row) == 58 for row in rows)
