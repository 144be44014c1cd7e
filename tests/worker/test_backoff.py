from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.worker.backoff import Backoff


@given(st.floats(0, 1e9), st.integers(), st.booleans(), st.booleans())
def test_c_rec_01_every_wait_ends(lost_for: float, seed: int, is_slow: bool, is_shutdown: bool) -> None:
    delay = Backoff().delay(lost_for, Random(seed), is_slow=is_slow, is_shutdown=is_shutdown)
    assert 0.75 <= delay <= 375


def test_c_rec_01_waits_grow_with_the_time_lost_up_to_five_minutes() -> None:
    backoff = Backoff()

    def delay(lost_for: float) -> float:
        return sum(backoff.delay(lost_for, Random(seed)) for seed in range(200)) / 200

    assert 0.9 < delay(0) < 1.1
    assert 1.8 < delay(10) < 2.2  # a link that was away for ten seconds is back within two
    assert 18 < delay(100) < 22
    assert 280 < delay(10_000) < 320


def test_c_rec_01_two_clients_do_not_come_back_together() -> None:
    assert len({Backoff().delay(0, Random(seed)) for seed in range(20)}) == 20


def test_c_rec_01_after_a_shutdown_users_come_back_spread_but_soon() -> None:
    delays = [Backoff().delay(0, Random(seed), is_shutdown=True) for seed in range(200)]
    assert min(delays) < 2.5
    assert 13 < max(delays) <= 15
    assert 7 < sum(delays) / 200 < 9


def test_c_str_19_what_the_server_dislikes_is_not_repeated_within_the_minute() -> None:
    assert all(Backoff().delay(0, Random(seed), is_slow=True) >= 45 for seed in range(200))
