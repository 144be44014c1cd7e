"""Where things live on this machine (platformdirs)."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_config_path, user_data_path

APPLICATION = "tui-xmpp"


def config_file() -> Path:
    """Return the settings file's usual place."""
    return user_config_path(APPLICATION, appauthor=False) / "config.toml"


def data_dir() -> Path:
    """Return the usual folder of the archive and caches."""
    return user_data_path(APPLICATION, appauthor=False)
