"""The state of an account's connection as the screen shows it: phase, reason, steps, facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from tui_xmpp.core.model import Certificate, Connection, LinkFacts, Phase, Step
from tui_xmpp.net import steps as net
from tui_xmpp.net.connect import Connected
from tui_xmpp.net.identity import CertificateFacts
from tui_xmpp.net.tls import TlsFacts

_PHASES: Final = {
    net.Step.FIND_SERVICE: Phase.RESOLVING,
    net.Step.FIND_ADDRESS: Phase.RESOLVING,
    net.Step.CONNECT: Phase.CONNECTING,
    net.Step.CONNECTED: Phase.CONNECTING,
    net.Step.TLS: Phase.SECURING,
    net.Step.TLS_READY: Phase.SECURING,
}
_MOST_STEPS: Final = 40


def certificate_of(facts: CertificateFacts) -> Certificate:
    """Return what the screen shows of a certificate."""
    names = (*facts.dns_names, *facts.service_names, *facts.addresses)
    return Certificate(facts.subject, facts.issuer, facts.not_before, facts.not_after, facts.sha256, names)


class Progress:
    """Tell each change of a connection as a new :class:`Connection` value."""

    def __init__(self, tell: Callable[[Connection], None]) -> None:
        self._tell = tell
        self.now = Connection()

    def begin(self) -> None:
        """Start an attempt anew; what was known of the last link is forgotten."""
        self._change(Connection(Phase.RESOLVING))

    def step(self, phase: Phase, text: str) -> None:
        """Say what is being done now; what was being done before is done."""
        self._change(replace(self.now, phase=phase, steps=(*self._ended(True), Step(phase, text))[-_MOST_STEPS:]))

    def on_step(self, report: net.StepReport) -> None:
        """Take a report of the network's."""
        where = f"{report.host}:{report.port}" if report.port else report.host
        text = f"{report.step.value} {where}" + (f" ({report.address})" if report.address else "")
        text = text[0].upper() + text[1:]
        phase = _PHASES[report.step]
        if report.failure is None:
            self.step(phase, text)
            return
        failed = Step(phase, f"{text}: {report.failure}", is_done=False)
        steps = tuple(one for one in self.now.steps if one.text != text)
        self._change(replace(self.now, phase=phase, steps=(*steps, failed)[-_MOST_STEPS:]))

    def connected(self, connected: Connected) -> None:
        """Note where the transport leads."""
        endpoint, peer = connected.endpoint, connected.transport.peer
        facts = LinkFacts(endpoint.host, peer.address, endpoint.port, endpoint.is_direct_tls)
        self._change(replace(self.now, facts=facts))
        if connected.tls is not None:
            self.secured(connected.tls)

    def secured(self, tls: TlsFacts) -> None:
        """Note what TLS agreed on."""
        facts = replace(
            self.now.facts,
            tls_version=tls.version,
            cipher=tls.cipher,
            certificate=certificate_of(tls.certificate),
            is_pinned=tls.is_pinned,
            is_resumed=tls.is_resumed,
        )
        self._change(replace(self.now, facts=facts))

    def know(self, facts: LinkFacts) -> None:
        """Note more of the link."""
        self._change(replace(self.now, facts=facts))

    def online(self, facts: LinkFacts) -> None:
        """Say that the session is up."""
        self._change(Connection(Phase.ONLINE, steps=self._ended(True), facts=facts))

    def rest(self, phase: Phase, reason: str = "", retry_at: datetime | None = None) -> None:
        """Say that nothing is under way: offline, stopped, or waiting until ``retry_at``."""
        self._change(Connection(phase, reason, retry_at, self._ended(not reason), self.now.facts))

    def leave(self) -> None:
        """Say that the session is being closed."""
        self._change(replace(self.now, phase=Phase.DISCONNECTING))

    def _ended(self, is_done: bool) -> tuple[Step, ...]:
        return tuple(replace(step, is_done=is_done) if step.is_done is None else step for step in self.now.steps)

    def _change(self, connection: Connection) -> None:
        if connection != self.now:
            self.now = connection
            self._tell(connection)
