"""Fixtures of the whole suite: real servers, a foreign peer, a Secret Service. Each starts when first asked for."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.support.certificates import Authority
from tests.support.ejabberd import Ejabberd
from tests.support.patience import be_patient
from tests.support.prosody import Prosody, instant
from tests.support.slixmpp_peer import Peers
from tests.support.xmpp_server import ServerMissingError, XmppServer

_AnyServer = TypeVar("_AnyServer", bound=XmppServer)

# With xdist all tests of one server run in one process, so that each is started once.
_GROUPS = ("ejabberd", "prosody", "instant_prosody", "secret_service")

_log_sizes = pytest.StashKey[dict[XmppServer, int]]()


def pytest_configure() -> None:
    be_patient()
    # How long an example takes says how busy the machine is, not whether the code is right.
    settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function):
            parameters = getattr(item, "callspec", None)
            used = [*item.fixturenames, *(parameters.params.values() if parameters is not None else ())]
            group = next((name for name in _GROUPS if name in used), None)
            if group is not None:
                item.add_marker("server")
                item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and report.when == "call":
        for server, size in item.stash.get(_log_sizes, {}).items():
            report.sections.append((f"log of {server.domain} during the test", server.log_since(size)))
    return report


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The certificate authority of the test servers, trusted by no one else."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def prosody_of_session(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Generator[Prosody]:
    yield from _running(lambda: Prosody(tmp_path_factory.mktemp("prosody"), authority))


@pytest.fixture(scope="session")
def ejabberd_of_session(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Generator[Ejabberd]:
    yield from _running(lambda: Ejabberd(tmp_path_factory.mktemp("ejabberd"), authority))


@pytest.fixture
def prosody(request: pytest.FixtureRequest, prosody_of_session: Prosody) -> Prosody:
    """Prosody, running, whatever the test before did to it."""
    return _ready(request, prosody_of_session)


@pytest.fixture
def ejabberd(request: pytest.FixtureRequest, ejabberd_of_session: Ejabberd) -> Ejabberd:
    """ejabberd, running, whatever the test before did to it."""
    return _ready(request, ejabberd_of_session)


@pytest.fixture(scope="session")
def instant_prosody_of_session(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Generator[Prosody]:
    yield from _running(lambda: instant(tmp_path_factory.mktemp("prosody_instant"), authority))


@pytest.fixture
def instant_prosody(request: pytest.FixtureRequest, instant_prosody_of_session: Prosody) -> Prosody:
    """Prosody with SASL2, Bind 2 and inline resumption, running, whatever the test before did to it."""
    return _ready(request, instant_prosody_of_session)


@pytest.fixture(params=["prosody", "ejabberd"])
def server(request: pytest.FixtureRequest) -> XmppServer:
    """Each real server in turn."""
    return _chosen(request)


@pytest.fixture(params=["prosody", "ejabberd", "instant_prosody"])
def any_server(request: pytest.FixtureRequest) -> XmppServer:
    """Each real server in turn, and the one with the instant login."""
    return _chosen(request)


@pytest.fixture
async def peers() -> AsyncGenerator[Peers]:
    """Log slixmpp clients in with `await peers.login(server)`; they leave when the test ends."""
    async with Peers() as peers:
        yield peers


@pytest.fixture(scope="session")
def secret_service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Mapping[str, str]]:
    """The environment of a subprocess whose keyring is an unlocked, empty gnome-keyring of its own."""
    from tests.support.secret_service import running_secret_service

    with contextlib.ExitStack() as stack:
        with _or_skip():
            environment = stack.enter_context(running_secret_service(tmp_path_factory.mktemp("secrets")))
        yield environment


def _chosen(request: pytest.FixtureRequest) -> XmppServer:
    server = request.getfixturevalue(request.param)
    assert isinstance(server, XmppServer)
    return server


def _ready(request: pytest.FixtureRequest, server: _AnyServer) -> _AnyServer:
    if not server.is_running:
        server.start()
    assert isinstance(request.node, pytest.Item)
    request.node.stash.setdefault(_log_sizes, {})[server] = server.log_size()
    return server


def _running(make: Callable[[], _AnyServer]) -> Generator[_AnyServer]:
    """Make a server, and let it run as long as a fixture lasts."""
    with _or_skip():
        server = make()
    with server:
        yield server


@contextlib.contextmanager
def _or_skip() -> Generator[None]:
    """Skip where a program is not installed; fail where it must be."""
    try:
        yield
    except ServerMissingError as missing:
        if os.environ.get("TUI_XMPP_REQUIRE_SERVERS") == "1":
            pytest.fail(f"{missing}, and TUI_XMPP_REQUIRE_SERVERS=1 asks for it")
        pytest.skip(str(missing))
