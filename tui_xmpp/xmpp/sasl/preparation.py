"""Names and passwords made alike on both sides (SASLprep, RFC 4013)."""

from __future__ import annotations

from tui_xmpp.xmpp.sasl.errors import SaslError


def prepared(text: str, condition: str) -> str:
    """Return ``text`` as SASLprep maps it, or else as PRECIS OpaqueString does (RFC 8265 §4.2).

    Code points newer than Unicode 3.2 pass, as in a query string (RFC 3454 §7). Text that neither profile takes,
    and empty text, raises ``SaslError(condition)``.
    """
    if text.isascii() and text.isprintable():
        result: str | None = text
    else:
        result = _saslprepared(text)
        if result is None:
            result = _opaque(text)
    if not result:
        raise SaslError(condition)
    return result


def _saslprepared(text: str) -> str | None:
    import stringprep
    from unicodedata import ucd_3_2_0

    # U+200B stands in both tables: as a space it is what deployed servers make of it.
    mapped = "".join(" " if stringprep.in_table_c12(c) else "" if stringprep.in_table_b1(c) else c for c in text)
    result = ucd_3_2_0.normalize("NFKC", mapped)
    prohibited = (
        stringprep.in_table_c12,
        stringprep.in_table_c21_c22,
        stringprep.in_table_c3,
        stringprep.in_table_c4,
        stringprep.in_table_c5,
        stringprep.in_table_c6,
        stringprep.in_table_c7,
        stringprep.in_table_c8,
        stringprep.in_table_c9,
    )
    if any(is_in(c) for c in result for is_in in prohibited):
        return None
    if any(map(stringprep.in_table_d1, result)):  # RFC 3454 §6: right-to-left text is so from end to end
        is_whole = stringprep.in_table_d1(result[0]) and stringprep.in_table_d1(result[-1])
        if not is_whole or any(map(stringprep.in_table_d2, result)):
            return None
    return result


def _opaque(text: str) -> str | None:
    import precis_i18n

    try:
        return precis_i18n.get_profile("OpaqueString").enforce(text)
    except UnicodeEncodeError:
        return None
