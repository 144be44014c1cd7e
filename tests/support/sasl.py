"""A login between the two sides of a mechanism, and a store of accounts."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui_xmpp.xmpp.sasl import (
    Challenge,
    ClientMechanism,
    KeyDerivation,
    SaslError,
    ServerMechanism,
    StoredKeys,
    Success,
)


@dataclass
class Accounts:
    """Keep passwords by user name; SCRAM keys are derived with one salt."""

    passwords: dict[str, str] = field(default_factory=dict)
    salt: bytes = b"salty"
    iterations: int = 4096

    def stored_keys(self, username: str, hash_name: str) -> StoredKeys | None:
        if username not in self.passwords:
            return None
        derivation = KeyDerivation(hash_name, self.salt, self.iterations)
        return StoredKeys.from_password(self.passwords[username], derivation)

    def is_password_right(self, username: str, password: str) -> bool:
        return self.passwords.get(username) == password


def log_in(client: ClientMechanism, server: ServerMechanism, password: str = "") -> Success:
    """Carry data between both sides until the server is satisfied, and let the client judge the success."""
    data = client.initial_response()
    for _ in range(5):
        answer = server.step(data)
        if isinstance(answer, Success):
            client.success(answer.additional)
            return answer
        assert isinstance(answer, Challenge)
        response = client.challenge(answer.data)
        if isinstance(response, KeyDerivation):
            response = client.key_derived(response.derive(password))
        data = response
    raise SaslError("aborted")
