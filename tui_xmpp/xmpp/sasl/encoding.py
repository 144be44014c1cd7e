"""How SASL data travels as text in the profile of RFC 6120 (§6.4.2–§6.4.6)."""

from __future__ import annotations

import binascii

from tui_xmpp.xmpp.sasl.errors import SaslError


def encode_data(data: bytes | None) -> str:
    """Return base64 text; ``=`` stands for data of no length, the empty text for no data (RFC 6120 §6.4.2)."""
    return "" if data is None else encode_base64(data) or "="


def decode_data(text: str | None) -> bytes | None:
    """Return the data in ``text``, the inverse of ``encode_data``.

    Anything but strict base64, white space included, raises ``SaslError`` ``incorrect-encoding`` (RFC 6120 §6.3.5).
    """
    if not text:
        return None
    return b"" if text == "=" else decode_base64(text, "incorrect-encoding")


def decode_base64(text: str, condition: str) -> bytes:
    """Decode base64 as it is spelt in one way only, or raise ``SaslError(condition)`` (RFC 4648 §3)."""
    try:
        data = binascii.a2b_base64(text.encode())
    except (binascii.Error, UnicodeEncodeError) as error:
        raise SaslError(condition) from error
    if encode_base64(data) != text:
        raise SaslError(condition)
    return data


def encode_base64(data: bytes) -> str:
    """Return base64 text without line breaks; no data is no text (XEP-0388 §2.2, where ``=`` has no place)."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")
