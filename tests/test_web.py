"""The client in a browser: who may come in, and that it is served."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.error
import urllib.request
from http.client import HTTPResponse
from http.cookiejar import CookieJar

import pytest

from tests.support.xmpp_server import free_port
from tui_xmpp.web import is_loopback, may_enter

HOSTS = ("localhost", "127.0.0.1")


@pytest.mark.parametrize(
    ("host", "origin", "given", "kept", "is_let_in"),
    [
        ("127.0.0.1:8000", "", "key", "", True),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", "", "key", True),
        ("localhost:8000", "", "", "", False),
        ("localhost:8000", "", "kex", "", False),
        ("evil.example:8000", "", "key", "", False),  # a name made to point here (DNS rebinding)
        ("127.0.0.1:8000", "http://evil.example", "", "key", False),
        ("127.0.0.1:8000", "http://127.0.0.1:9999", "", "key", False),
        ("", "", "key", "", False),
        ("127.0.0.1:8000", "", "ключ", "", False),
    ],
)
def test_only_the_key_under_an_own_name_opens(host: str, origin: str, given: str, kept: str, is_let_in: bool) -> None:
    assert may_enter("key", HOSTS, host, origin, given, kept) is is_let_in


@pytest.mark.parametrize(
    ("host", "is_it"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("host.lan", False)],
)
def test_what_only_this_machine_reaches(host: str, is_it: bool) -> None:
    assert is_loopback(host) is is_it


def test_a_browser_gets_the_client_only_with_the_key() -> None:
    port = free_port()
    command = [sys.executable, "-m", "tui_xmpp", "--demo", "--web", "--web-port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip().removeprefix("Open ")
            assert re.fullmatch(rf"http://127\.0\.0\.1:{port}/\?key=\S{{20,}}", address)
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=40)
            refused.value.close()
            assert refused.value.code == 403
            jar = CookieJar()
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
            page: HTTPResponse
            with browser.open(address, timeout=40) as page:
                assert "key=" not in page.url
                assert f"ws://127.0.0.1:{port}/ws" in page.read().decode()
                # Nothing is fetched from elsewhere, not even a font: that would tell others who runs this, and when.
                assert page.headers["Content-Security-Policy"].startswith("default-src 'self' ")
            assert [(cookie.name, cookie.get_nonstandard_attr("SameSite")) for cookie in jar] == [
                ("tui-xmpp", "Strict")
            ]
        finally:
            process.terminate()
            process.communicate(timeout=40)


def test_a_port_that_is_taken_is_said_in_a_sentence() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "tui_xmpp", "--demo", "--web", "--web-port", str(taken.getsockname()[1])]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert re.fullmatch(r"tui-xmpp: Nothing can be served at 127\.0\.0\.1:\d+: .+\n", ended.stderr)
