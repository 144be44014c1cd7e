"""DISK: settings, secrets, archive and caches."""
