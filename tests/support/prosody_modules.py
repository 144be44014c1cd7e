"""Private copies of Debian's Prosody modules that make SASL2, Bind 2 and inline resumption run on its Prosody 0.12.

prosody-modules is written for a newer Prosody: its mod_sasl2_sm enables and resumes in two steps, so that an answer can
be part of ``<success/>`` and the rest comes after it, while mod_smacks of 0.12 does either in one. The copies are made
from what is installed, and each change applies exactly once or the test says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from tests.support.xmpp_server import ServerMissingError

_MODULES: Final = Path("/usr/lib/prosody/modules")


class Change(NamedTuple):
    """Put ``new`` in place of all from ``first`` up to, and without, ``until``; of ``first`` alone when that is empty.

    ``first`` is found once in a module, ``until`` where it comes next.
    """

    first: str
    until: str
    new: str


_SASL2: Final = (Change("origin.conn:ssl_info()", "", "origin.conn:socket():info()"),)

_SASL2_SM: Final = (
    Change(
        'local h = err.context and err.context.h;\n\t\tsm_result = st.stanza("failed"',
        "\telse",
        """
        local h = err.context and err.context.h;
        sm_result = st.stanza("failed", { xmlns = xmlns_sm, h = h and ("%d"):format(h) or nil })
            :tag(err.condition, { xmlns = "urn:ietf:params:xml:ns:xmpp-stanzas" }):up();
""",
    ),
)

_ENABLE: Final = """
function handle_enable(session, stanza, xmlns_sm)
    local answer = session.sends2s or session.send;
    local enabled, err = do_enable(session, stanza);
    if not enabled then
        answer(st.stanza("failed", { xmlns = xmlns_sm }):tag(err.condition, { xmlns = xmlns_errors }));
        return true;
    end
    enabled.finish();
    answer(st.stanza("enabled",
        { xmlns = xmlns_sm, id = enabled.id, resume = enabled.id and "true", max = enabled.resume_max }));
    return true;
end
"""

_RESUME: Final = """
function handle_resume(session, stanza, xmlns_sm)
    local resumed, err = do_resume(session, stanza);
    if not resumed then
        session.send(st.stanza("failed", { xmlns = xmlns_sm, h = format_h(err.context.h) })
            :tag(err.condition, { xmlns = xmlns_errors }));
        return true;
    end
    resumed.session.send(st.stanza("resumed",
        { xmlns = xmlns_sm, h = format_h(resumed.session.handled_stanza_count), previd = resumed.id }));
    resumed.finish();
    return true;
end
"""

_SMACKS: Final = (
    # -- enabling: what is said first, then what is done --
    Change("function handle_enable(session, stanza, xmlns_sm)", "", "function do_enable(session, stanza)"),
    Change(
        '(session.sends2s or session.send)(st.stanza("failed"',
        "\tend\n",
        "return nil, { condition = err, text = err_text, context = {} };\n",
    ),
    Change(
        "session.smacks = xmlns_sm;\n\n\twrap_session(session, false);",
        "\n\tlocal resume_max",
        "local finish = function () session.smacks = stanza.attr.xmlns; wrap_session(session, false); end\n",
    ),
    Change(
        '(session.sends2s or session.send)(st.stanza("enabled"',
        'module:hook_tag(xmlns_sm2, "enable"',
        'return { type = "enabled", id = resume_token, resume_max = resume_max, session = session, finish = finish };\n'
        f"end\n{_ENABLE}",
    ),
    # -- resuming: refusals are told before anything of the former session is touched --
    Change(
        "function handle_resume(session, stanza, xmlns_sm)",
        "\n\tlocal id = stanza.attr.previd;",
        """function do_resume(session, stanza)
    local function refuse(condition, h) return nil, { condition = condition, context = { h = h } }; end
    if session.full_jid then return refuse("unexpected-request"); end
""",
    ),
    Change(
        'session.log("debug", "Tried to resume old expired session with id %s", id);',
        "\telse\n\t\tif original_session.hibernating_watchdog",
        """
            old_session_registry:set(session.username, id, nil);
            resumption_expired(1);
            return refuse("item-not-found", old_session.h);
        end
        return refuse("item-not-found");
""",
    ),
    Change(
        "\t\tif original_session.hibernating_watchdog",
        "\t\t\toriginal_session.log",
        """
        local queue = original_session.outgoing_stanza_queue;
        if not queue:ack(tonumber(stanza.attr.h)) or not queue:resumable() then
            return refuse("undefined-condition", original_session.handled_stanza_count);
        end
        if original_session.hibernating_watchdog then
""",
    ),
    Change(
        "\t\tlocal queue = original_session.outgoing_stanza_queue;\n\t\tlocal h =",
        "\t\t-- Ok, we need to re-send",
        "local finish = function ()\n",
    ),
    Change(
        "resumption_age:sample(age);",
        'module:hook_tag(xmlns_sm2, "resume"',
        f"""
            resumption_age:sample(age);
        end
        return {{ type = "resumed", id = id, session = original_session, finish = finish }};
    end
end
{_RESUME}""",
    ),
)


def write_instant_modules(folder: Path) -> None:
    """Write into ``folder`` the modules of the instant login as this machine's Prosody can run them."""
    for name, changes in (
        ("mod_sasl2/mod_sasl2.lua", _SASL2),
        ("mod_sasl2_sm/mod_sasl2_sm.lua", _SASL2_SM),
        ("mod_smacks.lua", _SMACKS),
    ):
        source = _MODULES / name
        if not source.exists():
            raise ServerMissingError("prosody-modules is not installed")
        lua = source.read_text()
        for change in changes:
            lua = _changed(lua, change, source.name)
        (folder / source.name).write_text(lua)


def _changed(lua: str, change: Change, name: str) -> str:
    assert lua.count(change.first) == 1, f"{name} is another version: {change.first!r} {lua.count(change.first)} times"
    before, after = lua.split(change.first)
    if change.until:
        assert change.until in after, f"{name} is another version: no {change.until!r}"
        after = after[after.index(change.until) :]
    return before + change.new + after
