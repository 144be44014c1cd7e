from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui_xmpp.core.styling import DEEPEST, Look, is_styled, parse

HOSTILE = st.text(st.sampled_from("*_~`> \na\u00a0é\u3000\t") | st.characters(codec=None))


def spans(text: str) -> list[tuple[str, Look]]:
    """Return the styled parts of a text."""
    return [(text[span.start : span.end], span.look) for line in parse(text) for span in line.spans]


def blocks(text: str) -> list[tuple[int, str | None, str]]:
    """Return each line as its depth, its language where it is code, and what is quoted or coded."""
    return [(line.depth, "```" if line.is_fence else line.code, text[line.content : line.end]) for line in parse(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # XEP-0393 §4.2, "each of the following would be styled as indicated"
        ("*strong*", ["*strong*"]),
        ("plain *strong* plain", ["*strong*"]),
        ("*strong* plain *strong*", ["*strong*", "*strong*"]),
        ("*strong*plain*", ["*strong*"]),
        ("* plain *strong*", ["*strong*"]),
        # "Nothing would be styled in the following messages"
        ("not strong*", []),
        ("*not strong", []),
        ("*not \n strong*", []),
        ("*not *strong", []),
        ("**", []),
        ("***", []),
        ("****", []),
        # The specification's examples of the kinds of span
        ("Two spans, both *alike in dignity*", ["*alike in dignity*"]),
        ("The full title is _Twelfth Night, or What You Will_ but", ["_Twelfth Night, or What You Will_"]),
        ("_most_ people shorten it.", ["_most_"]),
        ("Everyone ~dis~likes cake.", ["~dis~"]),
        ("Wow, I can write in `monospace`!", ["`monospace`"]),
        ("This is `*monospace*`", ["`*monospace*`"]),
        ("This is *`monospace and bold`*", ["*`monospace and bold`*", "`monospace and bold`"]),
        ("*this cannot _overlap*_", ["*this cannot _overlap*"]),
        ("_emphasized span containing *strong span*_", ["_emphasized span containing *strong span*_", "*strong span*"]),
        # Three blocks, and no span leaves its block
        ("(There are three blocks in this body marked by parens,)\n(but there is no *formatting)\n(as spans* may", []),
        ("_*~`all`~*_", ["_*~`all`~*_", "*~`all`~*", "~`all`~", "`all`"]),
        ("a*b*c 2 * 3 * 4 snake_case_name", []),
        ("*no-break\u00a0* *stop*", ["*no-break\u00a0* *stop*"]),
        ("(*strong*)", []),
        ("https://example.org/_under_", []),
    ],
)
def test_x_393_spans_of_the_specification(text: str, expected: list[str]) -> None:
    assert [part for part, _ in spans(text)] == expected


def test_x_393_each_directive_has_its_look() -> None:
    assert [look for _, look in spans("*a* _b_ ~c~ `d`")] == [Look.STRONG, Look.EMPHASIS, Look.STRIKE, Look.PRE]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '```ignored\n(println "Hello, world!")\n```\n\nThis should show up as monospace, preformatted text ⤴',
            [
                (0, "```", "```ignored"),
                (0, "ignored", '(println "Hello, world!")'),
                (0, "```", "```"),
                (0, None, ""),
                (0, None, "This should show up as monospace, preformatted text ⤴"),
            ],
        ),
        (
            '> ```\n> (println "Hello, world!")\n\nThe entire blockquote is a preformatted text block, but this line',
            [
                (1, "```", "```"),
                (1, "", '(println "Hello, world!")'),
                (0, None, ""),
                (0, None, "The entire blockquote is a preformatted text block, but this line"),
            ],
        ),
        (
            "> That that is, is.\n\nSaid the old hermit of Prague.",
            [(1, None, "That that is, is."), (0, None, ""), (0, None, "Said the old hermit of Prague.")],
        ),
        (
            ">> That that is, is.\n> Said the old hermit of Prague.\n\nWho?",
            [
                (2, None, "That that is, is."),
                (1, None, "Said the old hermit of Prague."),
                (0, None, ""),
                (0, None, "Who?"),
            ],
        ),
        ("```\n*code*\n> code\n``` \n", [(0, "```", "```"), *[(0, "", s) for s in ("*code*", "> code", "``` ", "")]]),
        ("> ```\n```py\nx", [(1, "```", "```"), (0, "```", "```py"), (0, "py", "x")]),
        (" > no quote", [(0, None, " > no quote")]),
        (">", [(1, None, "")]),
    ],
)
def test_x_393_blocks_of_the_specification(text: str, expected: list[tuple[int, str | None, str]]) -> None:
    assert blocks(text) == expected


def test_x_393_spans_stand_in_quotations_but_not_in_code() -> None:
    assert [part for part, _ in spans("> *a*\n```\n*b*\n```\n>> _c_")] == ["*a*", "_c_"]


def test_x_393_quotations_are_told_apart_to_a_depth() -> None:
    assert parse(">" * 50)[0].depth == DEEPEST


@given(HOSTILE)
@example("> ```\n>")
@example("*_*_*_*_")
def test_x_393_any_text_is_parsed_and_none_of_it_is_lost(text: str) -> None:
    lines = parse(text)
    assert "\n".join(text[line.start : line.end] for line in lines) == text
    for line in lines:
        assert line.start <= line.content <= line.end
        assert line.depth <= text[line.start : line.content].count(">")
        open_ends: list[int] = []
        for one, other in pairwise(line.spans):
            assert one.start < other.start
        for span in line.spans:
            assert line.content <= span.start
            assert span.end <= line.end
            assert len(text[span.start : span.end].strip()) > 2
            assert text[span.start] == text[span.end - 1] in "*_~`"
            while open_ends and open_ends[-1] <= span.start:
                open_ends.pop()
            assert not open_ends or span.end < open_ends[-1]
            open_ends.append(span.end)
    if any(line.spans or line.depth or line.code is not None for line in lines):
        assert is_styled(text)


@pytest.mark.parametrize(
    "part", ["*a ", "*", "_*", "*a _b ~c ", "*a* ", "_a*b~ ", "> ", ">", "`", "```\n", "*_~`a`~_* "]
)
def test_x_393_time_grows_with_the_length_alone(part: str) -> None:
    def seconds(count: int) -> float:
        text = part * count
        best = 9.0
        for _ in range(3):
            began = time.process_time()
            parse(text)
            best = min(best, time.process_time() - began)
        return best

    parse(part)
    assert seconds(16_000) < 40 * max(seconds(1_000), 0.000_5)
