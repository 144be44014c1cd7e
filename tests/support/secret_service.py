"""A real Secret Service: gnome-keyring on a session bus of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Generator, Mapping
from pathlib import Path

from jeepney import DBusAddress, MatchRule, new_method_call  # type: ignore[import-untyped]
from jeepney.io.blocking import DBusConnection, open_dbus_connection  # type: ignore[import-untyped]

from tests.support.xmpp_server import ServerMissingError, Watchdog

START_DEADLINE = 60.0  # seconds
_NAME = "org.freedesktop.secrets"
_BUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")


@contextlib.contextmanager
def running_secret_service(folder: Path) -> Generator[Mapping[str, str]]:
    """Run an unlocked keyring; yield the environment in which `keyring` finds it and nothing else.

    The bus starts no service by itself: what answers is the daemon started here, with its files in `folder`.
    """
    programs = {name: shutil.which(name) for name in ("dbus-daemon", "gnome-keyring-daemon")}
    missing = [name for name, path in programs.items() if path is None]
    if missing:
        raise ServerMissingError(f"{' and '.join(missing)} are not installed")
    folder.mkdir(parents=True, exist_ok=True)
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    configuration = folder / "bus.conf"
    configuration.write_text(_CONFIGURATION.format(folder=runtime))
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "PYTHON_KEYRING_BACKEND") and not name.startswith("DBUS_")
    } | {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_RUNTIME_DIR": str(runtime),
    }
    with contextlib.ExitStack() as stack:
        bus = stack.enter_context(
            subprocess.Popen(
                ["dbus-daemon", "--nofork", "--print-address", f"--config-file={configuration}"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
        stack.callback(Watchdog(bus).dismiss)
        stack.callback(bus.kill)
        assert bus.stdout is not None
        environment["DBUS_SESSION_BUS_ADDRESS"] = address = bus.stdout.readline().strip()
        connection = stack.enter_context(contextlib.closing(open_dbus_connection(address)))
        with connection.filter(_owner_changes(connection)) as changes:
            daemon = stack.enter_context(
                subprocess.Popen(
                    ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            stack.callback(Watchdog(daemon).dismiss)
            stack.callback(daemon.kill)
            assert daemon.stdin is not None
            daemon.stdin.write(b"a password for the keyring itself")
            daemon.stdin.close()
            connection.recv_until_filtered(changes, timeout=START_DEADLINE)
        yield environment


def _owner_changes(connection: DBusConnection) -> MatchRule:
    rule = MatchRule(type="signal", interface=_BUS.interface, member="NameOwnerChanged", path=_BUS.object_path)
    rule.add_arg_condition(0, _NAME)
    connection.send_and_get_reply(new_method_call(_BUS, "AddMatch", "s", (rule.serialise(),)), timeout=40)
    return rule


_CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={folder}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
