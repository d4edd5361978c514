"""Made once for many who ask, kept while its key stays, replaced when it changes."""

from __future__ import annotations

import threading
import time

from labkit.web.remembered import Remembered


def test_many_who_ask_at_once_get_one_result() -> None:
    kept, made = Remembered(2), []

    def make() -> int:
        time.sleep(0.05)
        made.append(1)
        return len(made)

    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(kept.get("list", "a", make))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [1] * 8


def test_another_key_replaces_the_result_and_the_oldest_name_goes() -> None:
    kept = Remembered(2)
    kept.get("list", "a", lambda: 1)

    assert kept.get("list", "b", lambda: 2) == 2
    assert kept.latest("list") == ("b", 2)
    kept.get("map", "b", lambda: 3)
    kept.get("other", "b", lambda: 4)
    assert kept.latest("list") is None


def test_one_claims_and_the_others_need_not() -> None:
    kept = Remembered(2)

    assert [kept.claim("list"), kept.claim("list")] == [True, False]
    kept.release("list")
    assert kept.claim("list")
