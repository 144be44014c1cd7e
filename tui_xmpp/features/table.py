"""The table of features for readers, generated from what is declared: ``python -m tui_xmpp.features.table``."""

from __future__ import annotations

from collections.abc import Iterable

from tui_xmpp.features import FEATURES
from tui_xmpp.features.feature import Feature


def markdown(features: Iterable[Feature] = FEATURES) -> str:
    """Return one row a specification, in the order of their numbers."""
    rows = [f"| {one.spec} | {one.title} | {one.version or '–'} |" for one in sorted(features, key=lambda f: f.spec)]
    return "\n".join(("| Specification | What | Version |", "|---|---|---|", *rows))


if __name__ == "__main__":
    print(markdown())
