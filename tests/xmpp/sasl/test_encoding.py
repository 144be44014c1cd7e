"""SASL data as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.xmpp.sasl import SaslError, decode_data, encode_data


def test_c_sasl_05_nothing_and_no_data_differ() -> None:
    assert (encode_data(None), encode_data(b"")) == ("", "=")
    assert (decode_data(None), decode_data(""), decode_data("=")) == (None, None, b"")


@given(st.binary(max_size=80))
def test_c_sasl_05_both_ways(data: bytes) -> None:
    assert decode_data(encode_data(data)) == data


@pytest.mark.parametrize(
    "text",
    ["YQ", "YQ=", "YQ==\n", " YQ==", "Y Q==", "YQ===", "=YQ=", "==", "Y", "YR==", "YWI", "YWJj=", "_-8=", "é===", "\n"],
)
def test_c_sasl_06_only_strict_base64(text: str) -> None:
    with pytest.raises(SaslError) as caught:
        decode_data(text)

    assert caught.value.condition == "incorrect-encoding"
