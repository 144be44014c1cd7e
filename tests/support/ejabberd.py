"""Debian's ejabberd, private and on loopback, run as whoever runs the tests."""

from __future__ import annotations

import contextlib
import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.certificates import Authority
from tests.support.xmpp_server import LOOPBACK, ServerMissingError, XmppServer, free_port, program

MODULES: Mapping[str, Mapping[str, object]] = {
    "mod_blocking": {},
    "mod_bosh": {},
    "mod_caps": {},
    "mod_carboncopy": {},
    "mod_client_state": {},
    "mod_disco": {},
    "mod_last": {},
    "mod_mam": {"default": "always", "assume_mam_usage": True},
    "mod_offline": {},
    "mod_ping": {},
    "mod_privacy": {},
    "mod_private": {},
    "mod_pubsub": {"plugins": ["flat", "pep"], "max_items_node": 1000, "force_node_config": {}},
    "mod_roster": {"versioning": True},
    "mod_stream_mgmt": {"resend_on_timeout": "if_offline"},
    "mod_time": {},
    "mod_vcard": {"search": False},
    "mod_version": {},
}


class Ejabberd(XmppServer):
    """An ejabberd process that is no Erlang node: it needs no epmd, no cookie and no other user.

    It keeps bare passwords, so it offers every SCRAM family; `password_hash` (sha, sha256, sha512) makes it
    keep only that one. Who shows a client certificate of the same authority, with the JID as its XMPP address,
    is offered EXTERNAL. `settings` are further top-level options.
    """

    keeps_its_word_when_stopped = False
    """It stops its archive before its sessions: what they acknowledge in between is nowhere."""

    def __init__(
        self,
        folder: Path,
        authority: Authority,
        domain: str = "longbourn.test",
        *,
        password_hash: str | None = None,
        modules: Mapping[str, Mapping[str, object]] | None = None,
        settings: Mapping[str, object] | None = None,
        log_level: str = "info",
    ) -> None:
        # Debian's own starter changes to the user ejabberd; its Erlang and libraries are used without it.
        starter = Path(program("ejabberdctl")).read_text()
        self._erl = _variable(starter, "ERL")
        self._libraries = _variable(starter, "ERL_LIBS")
        super().__init__(folder, authority, domain)
        self.http_port = free_port()
        self._registered: dict[str, str] = {}
        self._may_have_lost_accounts = False
        certificate = authority.issue(domain, f"conference.{domain}", f"pubsub.{domain}", f"upload.{domain}")
        chain = folder / "server.pem"
        chain.touch(mode=0o600)
        chain.write_bytes(certificate.certificate_file.read_bytes() + certificate.key_file.read_bytes())
        self._config_file = folder / "ejabberd.yml"
        passwords: dict[str, object] = {"auth_password_format": "plain"}
        if password_hash is not None:
            passwords = {"auth_password_format": "scram", "auth_scram_hash": password_hash}
        c2s = {
            "ip": LOOPBACK,
            "module": "ejabberd_c2s",
            "max_stanza_size": 1_000_000,
            "tls_verify": True,
            "cafile": str(authority.ca_file),
        }
        options: dict[str, object] = {
            "hosts": [domain],
            "loglevel": log_level,
            "hide_sensitive_log_data": False,
            "certfiles": [str(chain)],
            "ca_file": str(authority.ca_file),
            "auth_method": "internal",
            **passwords,
            "listen": [
                {**c2s, "port": self.starttls_port, "starttls_required": True},
                {**c2s, "port": self.direct_port, "tls": True},
                {
                    "ip": LOOPBACK,
                    "port": self.http_port,
                    "module": "ejabberd_http",
                    "request_handlers": {"/api": "mod_http_api"},
                },
            ],
            "api_permissions": {"loopback": {"from": ["mod_http_api"], "who": "all", "what": "*"}},
            "modules": {**MODULES, **(modules or {})},
            **(settings or {}),
        }
        self._config_file.write_text(json.dumps(options, indent=1))  # JSON is YAML

    def command(self) -> Sequence[str]:
        database = self.folder / "database"
        return (self._erl, "-noinput", "+sbwt", "none", "-mnesia", "dir", f'"{database}"', "-s", "ejabberd")

    def environment(self) -> Mapping[str, str]:
        return {
            "EJABBERD_CONFIG_PATH": str(self._config_file),
            "EJABBERD_LOG_PATH": str(self.log_file),
            "ERL_LIBS": self._libraries,
            "ERL_CRASH_DUMP": str(self.folder / "crash.dump"),
            "ERL_MAX_ETS_TABLES": "1400",
        }

    def ports(self) -> tuple[int, ...]:
        return (*super().ports(), self.http_port)

    def register(self, name: str, password: str) -> None:
        self.call("register", user=name, host=self.domain, password=password)
        self._registered[name] = password

    def kill(self) -> None:
        """End the server at once; of what it wrote, the last two seconds may be lost, but no account."""
        super().kill()
        self._may_have_lost_accounts = True

    def start(self) -> None:
        super().start()
        if self._may_have_lost_accounts:
            self._may_have_lost_accounts = False
            for name, password in self._registered.items():
                with contextlib.suppress(urllib.error.HTTPError):  # it is still there
                    self.register(name, password)

    def call(self, command: str, **arguments: object) -> object:
        """Run one of ejabberd's administration commands through its HTTP interface and return its answer."""
        request = urllib.request.Request(
            f"http://{LOOPBACK}:{self.http_port}/api/{command}",
            data=json.dumps(arguments).encode(),
            headers={"Content-Type": "application/json"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=40) as response:
            return json.load(response)


def _variable(script: str, name: str) -> str:
    found = re.search(rf"""^(?:export )?{name}=["']?([^"'\n]+)""", script, re.MULTILINE)
    if found is None:
        raise ServerMissingError(f"this ejabberdctl does not name {name}: only Debian's ejabberd is understood")
    return found[1]
