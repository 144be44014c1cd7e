"""Make remote text safe to show (S-31, S-33 to S-36, S-38). Everything shown passes through here first.

What comes out never holds a control character but ``\\n`` and ``\\t`` (bodies only), so no text can move the cursor,
colour, hide or reorder what stands beside it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import urlsplit

from tui_xmpp.patterns import late
from tui_xmpp.values import dataclass

LINE_LIMIT = 512
"""Most characters of a one-line field (name, status, subject)."""
BODY_LIMIT = 16_384
"""Most characters of a body laid out; the rest is counted."""
BODY_LINE_LIMIT = 4_096
"""Most characters of one line of a body."""
BODY_LINES = 400
"""Most lines of a body laid out."""
MARKS = 8
"""Most combining marks on one character (S-34)."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_MARKLESS_BASE = "\N{DOTTED CIRCLE}"

# Scripts whose letters need no second look: no marks, nothing invisible, nothing that reorders. For most texts one
# match of this is all the work. A pattern of wide ranges takes milliseconds to compile: it is, when first needed.
_PLAIN = (
    "[\t\n -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u20a0-\u20cf\u2190-\u23ff"
    "\u2500-\u27bf\u3001-\u3029\u3041-\u3096\u309b-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff9f"
    "\U0001f300-\U0001f3f3\U0001f3f5-\U0001f3fa\U0001f400-\U0001faff]*"
)

# Line ends of every kind, each the same line feed from here on; in one-line fields a space.
_LINE_ENDS = late("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = late("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ud800-\udfff\ufff9-\ufffb]")
_OPENERS = {"\u202a": "\u202c", "\u202b": "\u202c", "\u202d": "\u202c", "\u202e": "\u202c"} | {
    "\u2066": "\u2069",
    "\u2067": "\u2069",
    "\u2068": "\u2069",
}
_BIDI_CONTROLS = late("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_BIDI_PAIRS = late("[\u202a-\u202e\u2066-\u2069]")
_DEEPEST = 8
# Invisible and without meaning in a chat: they can only hide something or pad it.
_INVISIBLE = late(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0100-\U000e0fff]"
)
_TAGS = late("(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)|[\U000e0000-\U000e007f]")
# A joiner joins two characters of scripts that know joining (or two emoji); anywhere else it hides.
_STRAY_JOINERS = late("(?<![^\x00-\u02ff\u200c\u200d\\s])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\u02ff\\s])")
_JOINERS = late("([\u200c\u200d])[\u200c\u200d]+")
_STRAY_SELECTORS = (
    "(?<![#*0-9\u00a9\u00ae\u2000-\ufdff\U00010000-\U0010ffff])[\ufe0e\ufe0f]+|(?<=[\ufe0e\ufe0f])[\ufe0e\ufe0f]+"
)
_SPACES = late(r"[\s\u2800]+")


def sanitize_line(text: str, limit: int = LINE_LIMIT) -> str:
    """Return the text as one line without anything that moves, hides, reorders or colours; at most ``limit`` long."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text.strip()
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    text = _BIDI_CONTROLS.sub("", _visible(text))
    return _SPACES.sub(" ", text).strip()


def sanitize_title(text: str, limit: int = 120) -> str:
    """Return the text fit for a terminal's title or a notification (S-36)."""
    return sanitize_line(text, limit)


def sanitize_body(text: str, limit: int = BODY_LIMIT) -> str:
    """Return the text as lines parted by ``\\n``, tabs kept, without anything that moves, hides or colours.

    What is longer than ``limit`` characters, or a line longer than ``BODY_LINE_LIMIT``, ends with how much is missing.
    """
    if len(text) <= BODY_LINE_LIMIT and len(text) <= limit:
        if text.isascii() and text.isprintable():
            return text
        if re.fullmatch(_PLAIN, text) and text.count("\n") < BODY_LINES:
            return text
    missing = max(0, len(text) - limit)
    text = _LINE_ENDS.sub("\n", text[:limit])
    lines = text.split("\n")
    if len(lines) > BODY_LINES and limit <= BODY_LIMIT:
        missing += sum(map(len, lines[BODY_LINES:])) + len(lines) - BODY_LINES
        del lines[BODY_LINES:]
    shown = [_body_line(line) for line in lines]
    if missing:
        shown[-1] += f"…({missing} more characters)"
    return "\n".join(shown)


def _body_line(line: str) -> str:
    missing = len(line) - BODY_LINE_LIMIT
    if missing > 0:
        line = line[:BODY_LINE_LIMIT]
    if not re.fullmatch(_PLAIN, line):
        line = balanced(_visible(line))
    return f"{line}…({missing} more characters)" if missing > 0 else line


def balanced(line: str) -> str:
    """Close each direction that is opened in the line, and drop closers that close nothing (S-33)."""
    if line.isascii() or not _BIDI_PAIRS.search(line):
        return line
    kept: list[str] = []
    closers: list[str] = []
    for character in line:
        closer = _OPENERS.get(character)
        if closer is not None:
            if len(closers) >= _DEEPEST:
                continue
            closers.append(closer)
        elif character in ("\u202c", "\u2069"):
            if not closers or closers[-1] != character:
                continue
            closers.pop()
        kept.append(character)
    return "".join((*kept, *reversed(closers)))


# -- directions (S-33) --------------------------------------------------------------------------------------------

# Compiled when first needed, as it takes milliseconds.
_RIGHT_TO_LEFT = (
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_LRI, _RLI, _PDI = "\u2066", "\u2067", "\u2069"


def isolates(text: str, paragraph: str = "") -> tuple[str, str]:
    """Return what to write before and after a text so that it reorders nothing beside it; empty where it cannot.

    Some terminals reorder a row as one paragraph (VTE, Konsole, mlterm), across panes where nothing parts them. Those
    heed these marks; the others give them no cells. The direction is that of the whole ``paragraph`` (UAX 9 §3.3.1).
    """
    if text.isascii() or max(text) < "\u0590" or not re.search(_RIGHT_TO_LEFT, text):
        return "", ""
    for character in paragraph or text:
        match unicodedata.bidirectional(character):
            case "R" | "AL":
                return _RLI, _PDI
            case "L":
                break
    return _LRI, _PDI


def isolated(text: str) -> str:
    """Return a name or a line so that it reorders nothing beside it."""
    before, after = isolates(text)
    return f"{before}{text}{after}"


def _visible(text: str) -> str:
    """Replace what controls, remove what hides, cap what piles up."""
    text = _LINE_ENDS.sub("\n", text)
    text = _CONTROLS.sub(_REPLACEMENT, text)
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text)
    text = _TAGS.sub(lambda found: found[1] or "", text)
    text = re.sub(_STRAY_SELECTORS, "", _STRAY_JOINERS.sub("", _JOINERS.sub(r"\1", text)))
    return _capped(text)


def _capped(text: str) -> str:
    """Keep at most ``MARKS`` combining marks on a character, and give marks that have none something to stand on."""
    kept: list[str] = []
    marks = 0
    has_base = False
    for character in text:
        if character < "\u0300":
            marks = 0
            has_base = character > " "
        elif _is_mark(character):
            if not has_base:
                kept.append(_MARKLESS_BASE)
                has_base = True
            marks += 1
            if marks > MARKS:
                continue
        elif character not in "\u200c\u200d\ufe0e\ufe0f":
            if ord(character) & 0xFFFE == 0xFFFE:
                character = _REPLACEMENT  # a noncharacter at the end of a plane
            marks = 0
            has_base = True
        kept.append(character)
    return "".join(kept)


@lru_cache(maxsize=4096)
def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Mc") and character not in "\ufe0e\ufe0f"


# -- links (S-38) -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """A link found in a text: ``text[start:end]`` is what stands there and ``url`` what it opens."""

    start: int
    end: int
    url: str


_SCHEMES = late(r"(?<![\w+.-])(?:https?://|xmpp:|mailto:|geo:)", re.IGNORECASE)
_URL = late('[^\\s<>"`{}|\\\\^\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufffd«»“”„‘’「」『』【】。、，！？；：（）]+')
_TRAILING = ".,;:!?'*_~…"
_BRACKETS = {")": "(", "]": "["}


def find_links(text: str) -> tuple[Link, ...]:
    """Return the links of a sanitised text, in order.

    Only http, https, xmpp, mailto and geo count. An address with a user name or password in front of the host is no
    link: it is how a strange host dresses up as a known one.
    """
    if ":" not in text:
        return ()
    links = []
    position = 0
    while found := _SCHEMES.search(text, position):
        start = found.start()
        run = _URL.match(text, start)
        if run is None:
            break
        url = _trimmed(run[0])
        position = start + max(len(url), found.end() - start)
        if _is_sound(url):
            links.append(Link(start, start + len(url), url))
    return tuple(links)


def _trimmed(url: str) -> str:
    """Leave out a closing bracket that was opened before the link, and the punctuation of the sentence around it."""
    opened: list[str] = []
    for index, character in enumerate(url):
        if character in "([":
            opened.append(character)
        elif character in ")]" and (not opened or opened.pop() != _BRACKETS[character]):
            url = url[:index]
            break
    return url.rstrip(_TRAILING)


def _is_sound(url: str) -> bool:
    scheme, _, rest = url.partition(":")
    match scheme.lower():
        case "http" | "https":
            try:
                parts = urlsplit(url)
                _ = parts.port
            except ValueError:
                return False
            host = parts.hostname
            return bool(host) and "@" not in parts.netloc and not re.search(r"[^\w.:-]", host or "")
        case "mailto":
            return re.match(r"[^@?]+@[\w.-]+", rest) is not None
        case "geo":
            return re.match(r"-?\d+(\.\d+)?,-?\d+(\.\d+)?", rest) is not None
        case _:
            return re.match(r"[^/?#]", rest) is not None


# -- names that look like others (S-35) ---------------------------------------------------------------------------

_WORDS = late(r"[^\W\d_]+")
# Writing systems that use several scripts at once (UTS 39 §5.2), Latin letters allowed beside them.
_TOGETHER = (
    frozenset(("HAN", "HIRAGANA", "KATAKANA", "LATIN")),
    frozenset(("HAN", "BOPOMOFO", "LATIN")),
    frozenset(("HAN", "HANGUL", "LATIN")),
)
# Letters that are drawn like a Latin one in most fonts.
_LOOKALIKES = {
    letter: latin
    for latin, letters in {
        "a": "аα", "b": "ьЬ", "c": "сϲ", "d": "ԁ", "e": "е", "g": "ցɡ", "h": "һհ", "i": "іι", "j": "јϳ", "k": "κк",
        "l": "ӏ", "n": "ոп", "o": "оοօ", "p": "рρ", "q": "ԛզ", "r": "г", "s": "ѕ", "t": "τт", "u": "υսц", "v": "νѵ",
        "w": "ԝωա", "x": "хχ", "y": "уγ", "A": "АΑ", "B": "ВΒ", "C": "С", "E": "ЕΕ", "H": "НΗ", "I": "ІΙӀ", "J": "Ј",
        "K": "КΚ", "M": "МΜ", "N": "Ν", "O": "ОΟ", "P": "РΡ", "S": "ЅՏ", "T": "ТΤ", "X": "ХΧ", "Y": "Υ", "Z": "Ζ",
    }.items()
    for letter in letters
}  # fmt: skip


def confusion(text: str) -> str:
    """Say in a sentence why a name or an address may be mistaken for another; empty where it may not."""
    if text.isascii():
        return ""
    if _BIDI_CONTROLS.search(text) or _INVISIBLE.search(text):
        return "This name contains hidden characters."
    for word in _WORDS.findall(text):
        if word.isascii():
            continue
        scripts = frozenset(filter(None, map(_script, word)))
        if len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER):
            named = " and ".join(sorted(script.capitalize() for script in scripts))
            return f"“{sanitize_line(word, 40)}” mixes {named} letters."
        if len(word) > 1 and all(letter in _LOOKALIKES for letter in word):
            latin = "".join(_LOOKALIKES[letter] for letter in word)
            script = next(iter(scripts), "other").capitalize()
            return f"“{sanitize_line(word, 40)}” is written in {script} letters that look like “{latin[:40]}”."
    return ""


@lru_cache(maxsize=4096)
def doubt(address: str, name: str = "") -> str:
    """Say in a sentence why someone may be mistaken for another by address or name; empty where they may not."""
    return confusion(address) or confusion(name)


def skeleton(name: str) -> str:
    """Return what is left of a name where letters that look alike are one: equal for names an eye may mix up."""
    letters = unicodedata.normalize("NFKD", sanitize_line(name))
    plain = "".join(_LOOKALIKES.get(letter, letter) for letter in letters if not unicodedata.combining(letter))
    return " ".join(plain.casefold().split())


_SCRIPTLESS = ("", "MODIFIER", "COMBINING", "FEMININE", "MASCULINE", "MICRO", "FULLWIDTH", "HALFWIDTH")


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    """Name a letter's script as far as its name tells; empty for letters that all scripts share."""
    if character.isascii():
        return "LATIN"
    first = unicodedata.name(character, "").replace("-", " ").split(" ", 1)[0]
    if first in ("CJK", "IDEOGRAPHIC"):
        return "HAN"
    if first in _SCRIPTLESS:
        return ""
    return first
