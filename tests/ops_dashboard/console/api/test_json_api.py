from __future__ import annotations

import asyncio

import pytest

from ops_dashboard.console.api.json_api import CachedValue
from stream_ingest.contracts.errors import TransientError


def test_callers_at_once_share_a_failure_and_do_not_wait_in_turn() -> None:
    reads = 0

    async def read() -> int:
        nonlocal reads
        reads += 1
        await asyncio.sleep(0)
        msg = "no answer"
        raise TransientError(msg)

    async def ask() -> list[object]:
        cached = CachedValue(read, 60)
        return list(await asyncio.gather(*(cached.get() for _ in range(5)), return_exceptions=True))

    answers = asyncio.run(ask())
    assert [type(each) for each in answers] == [TransientError] * 5
    assert reads == 1


def test_a_value_is_read_again_soon_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("ops_dashboard.console.api.json_api.time.monotonic", lambda: now)
    answers: list[int | Exception] = [TransientError("no answer"), 7]

    async def read() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def ask() -> None:
        nonlocal now
        cached = CachedValue(read, 60)
        with pytest.raises(TransientError):
            await cached.get()
        now += 3
        assert await cached.get() == 7

    asyncio.run(ask())
