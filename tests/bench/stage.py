"""Where the measuring takes place: a private Prosody, its contacts, accounts, and the real program in a pty."""

from __future__ import annotations

import itertools
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from tests.bench.cast import Cast
from tests.bench.receiver import Receiver
from tests.support.certificates import Authority
from tests.support.prosody import Prosody, RosterItem
from tests.support.terminal import Terminal
from tests.support.xmpp_server import LOOPBACK, Account, free_port

DOMAIN = "pemberley.test"
CONTACTS = "contacts.pemberley.test"
SECRET = "a truth universally acknowledged"
PROGRAM = str(Path(sys.executable).with_name("tui-xmpp"))
WITHOUT_EXTRAS = "import sys; sys.modules['OpenSSL'] = None; from tui_xmpp.cli import main; sys.exit(main())"
EMPTY_APP = str(Path(__file__).with_name("empty_app.py"))
QUIET = 0.5
"""Seconds without output after which a program has come to rest."""


ONLINE = "connected since"
"""What the screen says once the session is up."""


def contact_name(number: int) -> str:
    """Return what the roster calls a contact; the order of names is that of numbers."""
    return f"Person-{number:05}"


@dataclass(frozen=True, slots=True)
class Person:
    """An account with a roster, a settings file and a data folder of its own."""

    account: Account
    folder: Path
    host: str
    port: int
    ca_file: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self._config.write_text(f"""
[[accounts]]
jid = "{self.account.jid}"
host = "{self.host}"
port = {self.port}
tls = "starttls"
ca_file = "{self.ca_file}"
""")

    @property
    def jid(self) -> str:
        return self.account.jid

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def _config(self) -> Path:
        return self.folder / f"config-{self.port}.toml"

    def through(self, port: int) -> Person:
        """Return the same person by way of another port."""
        return replace(self, port=port)

    def keep(self) -> None:
        """Keep what the program has kept, for ``restore``."""
        shutil.rmtree(self.folder / "kept", ignore_errors=True)
        shutil.copytree(self.data, self.folder / "kept")

    def restore(self) -> None:
        """Go back to what was kept."""
        self.forget()
        shutil.copytree(self.folder / "kept", self.data)

    def forget(self) -> None:
        """Remove everything kept, as before the first start."""
        shutil.rmtree(self.data, ignore_errors=True)

    def start(self, *, has_extras: bool = False) -> Terminal:
        """Start the real program in a pty of 120 by 40, as it is when installed without extras or with them."""
        program = [PROGRAM] if has_extras else [sys.executable, "-c", WITHOUT_EXTRAS]
        command = [*program, "--config", str(self._config), "--data-dir", str(self.data)]
        return Terminal(command, environment={"TUI_XMPP_PASSWORD": self.account.password, "HOME": str(self.folder)})

    @contextmanager
    def online(self) -> Iterator[Terminal]:
        """Start the program, wait until its contacts are shown and it is at rest; leave politely at the end."""
        with self.start() as terminal:
            terminal.wait_for(ONLINE)
            terminal.quiet(QUIET)
            yield terminal
            leave(terminal)


def leave(terminal: Terminal) -> None:
    """Say goodbye as a user does and wait for the end."""
    terminal.send("\x11")  # Ctrl+Q
    terminal.wait_for_end()


def start_empty() -> Terminal:
    """Start the empty Textual app on the same interpreter."""
    return Terminal([sys.executable, EMPTY_APP])


class ServerWithContacts(Prosody):
    """A Prosody that takes all contacts of one domain from an external component."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.component_port = free_port()
        super().__init__(
            folder,
            authority,
            DOMAIN,
            log_level="warn",
            settings=f"""
component_ports = {{ {self.component_port} }}
component_interfaces = {{ "{LOOPBACK}" }}

Component "{CONTACTS}"
component_secret = "{SECRET}"
""",
        )

    def ports(self) -> tuple[int, ...]:
        return (*super().ports(), self.component_port)


class Stage:
    """A running server whose contacts can be made to speak; everything is thrown away at the end."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._numbers = itertools.count(1)
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="tui-xmpp-bench-")))
        self.server = ServerWithContacts(self._folder / "prosody", Authority(self._folder / "authority"))
        self._cast: Cast | None = None

    def __enter__(self) -> Stage:
        with ExitStack() as stack:
            stack.push(self._stack)
            self._stack.enter_context(self.server)
            self._cast = self._stack.enter_context(Cast(CONTACTS, DOMAIN, LOOPBACK, self.server.component_port, SECRET))
            stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def cast(self) -> Cast:
        """The contacts."""
        assert self._cast is not None
        return self._cast

    def person(self, contacts: int) -> Person:
        """Return a new account with so many contacts, in groups of 50, subscribed both ways."""
        account = self.server.user("elizabeth")
        items = (
            RosterItem(self.cast.contact(number), contact_name(number), (f"Group {number // 50:02}",))
            for number in range(contacts)
        )
        self.server.write_roster(account.jid, items)
        folder = self._folder / f"person{next(self._numbers)}"
        return Person(account, folder, self.server.host, self.server.starttls_port, self.server.ca_file)

    def receiver(self, account: Account) -> Receiver:
        """Log in with the least a client can be."""
        server = self.server
        return Receiver(account.jid, account.password, server.host, server.direct_port, server.ca_file)

    def keep_waiting(self, person: Person, bodies: Callable[[int], str], count: int) -> Callable[[], None]:
        """Send messages while the person is away; return what puts the same messages back on the server again."""
        self.cast.say_all(person.jid, map(bodies, range(count)))
        self.cast.settle()
        kept = self._folder / f"offline{next(self._numbers)}"
        offline = self.server.data / "pemberley%2etest" / "offline"
        shutil.copytree(offline, kept)

        def put_back() -> None:
            shutil.rmtree(offline)
            shutil.copytree(kept, offline)

        return put_back
