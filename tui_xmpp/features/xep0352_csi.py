"""XEP-0352: whether anyone looks at this client, so that the server may keep back what can wait."""

from __future__ import annotations

from tui_xmpp.core.commands import SetActivity
from tui_xmpp.features.feature import Context, Feature, carries_out
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import build


@dataclass(slots=True)
class Activity:
    is_active: bool = True


async def set_activity(ctx: Context, command: SetActivity) -> None:
    activity = ctx.state(Activity)
    if activity.is_active is not command.is_active:
        activity.is_active = command.is_active
        _tell(ctx)


async def begin(ctx: Context) -> None:
    """Say so where a new session would be wrong: one begins active (XEP-0352 §5)."""
    if not ctx.state(Activity).is_active:
        _tell(ctx)


def resume(ctx: Context, h: int | None) -> None:
    """Say it in any case: what a server holds of a resumed session differs (X-198-04)."""
    _tell(ctx)


def _tell(ctx: Context) -> None:
    if ctx.has_room and ctx.stream.has_client_state_indication:
        state = "active" if ctx.state(Activity).is_active else "inactive"
        ctx.send_nonza(build(ns.CLIENT_STATE_INDICATION, state))


FEATURE = Feature(
    spec="XEP-0352",
    title="Client State Indication",
    version="1.0.0",
    commands=(carries_out(SetActivity, set_activity, works_offline=True),),
    on_online=begin,
    on_resumed=resume,
)
