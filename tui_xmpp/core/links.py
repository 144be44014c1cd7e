"""How a link stands in a text: whole where it is short, else its true host and its end; one to a file as a card.

What it opens is always the whole address. Nothing is ever fetched to show a link (S-39).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

from tui_xmpp.core.text import confusion, find_links, sanitize_line
from tui_xmpp.patterns import late

NAME_LIMIT = 48
"""Most characters of a file's name on its card."""

_SIGNS = {
    sign: frozenset(endings.split())
    for sign, endings in {
        "▣": "jpg jpeg png gif webp avif heic heif svg bmp tif tiff jxl",
        "♪": "mp3 ogg oga opus flac m4a wav aac amr",
        "▶": "mp4 m4v webm mkv mov avi mpg mpeg 3gp ogv",
        "▤": "pdf txt md odt ods odp doc docx xls xlsx ppt pptx csv zip tar gz tgz bz2 xz zst 7z rar epub apk deb rpm "
        "iso ics vcf json xml patch diff",
    }.items()
}
_FILE = "▤"
_SEPARATORS = late(r"[/\\]")
_SHORTEST_END = 6
_SELECTORS = "\ufe0e\ufe0f"


def is_sound(url: str) -> bool:
    """Say whether a whole text is one link that may be opened (S-38)."""
    found = find_links(url)
    return len(found) == 1 and found[0].url == url


def is_file(url: str) -> bool:
    """Say whether a web address ends like the name of a file people send."""
    return url.lower().startswith(("http://", "https://")) and bool(_sign(_last_part(url)))


def card(url: str) -> str:
    """Return the line a file is shown as: a sign for its kind, its name and the host it lies on."""
    name = sanitize_line(_SEPARATORS.sub("_", _last_part(url))) or "file"
    if len(name) > NAME_LIMIT:
        name = f"{name[: NAME_LIMIT - 13]}…{name[-12:]}"
    return f"{_sign(name) or _FILE} {name} · {true_host(url)}"


def shown(url: str, room: int) -> str:
    """Return a link at most about ``room`` characters long, its host never cut (S-35, S-38)."""
    head, end = _parted(url)
    if not head:
        return url if len(url) <= room else url[: room - 1] + "…"
    if len(head) + len(end) <= room or len(end) < 2:
        return head + end
    kept = room - len(head) - 2
    if kept < _SHORTEST_END:
        return f"{head}/…"
    end = end[-kept:]
    while end and (unicodedata.combining(end[0]) or end[0] in _SELECTORS):
        end = end[1:]
    return f"{head}/…{end}"


def ascii_url(url: str) -> str:
    """Return the address as a terminal's own hyperlinks want it, empty where it cannot be written so."""
    if url.isascii():
        return url
    host = urlsplit(url).hostname or ""
    plain = _punycode(host)
    quoted = quote(url.replace(host, plain, 1) if host else url, safe="%:/?#[]@!$&'()*+,;=~-._")
    return quoted if plain.isascii() else ""


def true_host(url: str) -> str:
    """Return the host and port, as the wire has them where the letters may be mistaken for others."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.isascii() and confusion(host):
        host = _punycode(host)
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{parts.port}" if parts.port else host


def _parted(url: str) -> tuple[str, str]:
    """Return the scheme with the true host, and what follows; nothing and all of it where there is no host."""
    parts = urlsplit(url)
    if not parts.netloc:
        return "", url
    return f"{parts.scheme}://{true_host(url)}", url[len(parts.scheme) + 3 + len(parts.netloc) :]


def _last_part(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _sign(name: str) -> str:
    _, dot, ending = name.rpartition(".")
    return next((sign for sign, endings in _SIGNS.items() if ending.lower() in endings), "") if dot else ""


@lru_cache(maxsize=256)
def _punycode(host: str) -> str:
    import idna  # in use only where someone's address is not ASCII

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return host
