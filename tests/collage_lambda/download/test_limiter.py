from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from collage_lambda.download.limiter import DownloadLimiter, ImageBudget
from collage_lambda.download.limits import LARGE_BODIES, LARGE_BODY_BYTES


def test_requests_are_limited_in_all_and_per_host() -> None:
    async def run() -> tuple[int, int]:
        slots = DownloadLimiter(total=5, per_host=2)
        running: Counter[str] = Counter()
        most_total, most_host = 0, 0

        async def request(host: str) -> None:
            nonlocal most_total, most_host
            async with slots.request(host):
                running[host] += 1
                most_total = max(most_total, running.total())
                most_host = max(most_host, running[host])
                for _ in range(20):  # turns of the loop in which the others come along
                    await asyncio.sleep(0)
                running[host] -= 1

        await asyncio.gather(*(request(f"host-{index // 10}") for index in range(30)))
        return most_total, most_host

    assert asyncio.run(run()) == (5, 2)


def test_large_bodies_wait_for_each_other_and_small_ones_do_not() -> None:
    async def run() -> list[int]:
        slots = DownloadLimiter(total=64, per_host=64)
        large = 0
        seen: list[int] = []

        async def download(size: int) -> None:
            nonlocal large
            async with ImageBudget(slots, seconds=1) as budget:
                for part in (1, 2, 3, 4):
                    await budget.reserve(size * part // 4)
                large += size > LARGE_BODY_BYTES
                seen.append(large)
                await asyncio.sleep(0)
                large -= size > LARGE_BODY_BYTES

        sizes = [LARGE_BODY_BYTES * 3, LARGE_BODY_BYTES] * 10
        await asyncio.wait_for(asyncio.gather(*map(download, sizes)), timeout=5)
        return seen

    seen = asyncio.run(run())
    assert len(seen) == 20
    assert max(seen) == LARGE_BODIES


def test_a_large_body_permit_is_released_when_its_image_fails() -> None:
    async def run() -> None:
        slots = DownloadLimiter(total=1, per_host=1)
        for _ in range(LARGE_BODIES + 1):
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(broken_download(slots), timeout=5)

    async def broken_download(slots: DownloadLimiter) -> None:
        async with ImageBudget(slots, seconds=1) as budget:
            await budget.reserve(LARGE_BODY_BYTES + 1)
            raise ConnectionError

    asyncio.run(run())


def test_waiting_for_a_large_body_permit_costs_no_budget() -> None:
    """Otherwise two hostile bodies that keep both permits would time out every other large one."""

    async def run() -> None:
        slots = DownloadLimiter(total=64, per_host=64, large_s=60)
        holders = [ImageBudget(slots, seconds=1) for _ in range(LARGE_BODIES)]
        waiting = ImageBudget(slots, seconds=1)
        for holder in holders:
            await holder.reserve(LARGE_BODY_BYTES + 1)
        async with asyncio.timeout(30) as waiting.limit:
            before = waiting.limit.when()
            growing = asyncio.create_task(waiting.reserve(LARGE_BODY_BYTES + 1))
            await asyncio.sleep(0)
            assert waiting.limit.when() is None
            async with holders[0]:
                pass  # releases its permit
            await growing
            after = waiting.limit.when()
        assert before is not None
        assert after == pytest.approx(before + waiting.waited_s)

    asyncio.run(run())


def test_a_large_body_permit_is_limited_in_time() -> None:
    """A body that grows and then stands still gives way to the next, and is not tried again."""

    async def run() -> None:
        slots = DownloadLimiter(total=64, per_host=64, large_s=0.02)
        async with ImageBudget(slots, seconds=40) as still:
            with pytest.raises(TimeoutError):
                await standing_download(still)
            assert still.seconds_left <= 0

    async def standing_download(budget: ImageBudget) -> None:
        async with asyncio.timeout(30) as budget.limit:
            await budget.reserve(LARGE_BODY_BYTES + 1)
            await asyncio.Event().wait()

    asyncio.run(run())


def test_a_request_that_ends_sooner_is_not_given_more_time() -> None:
    async def run() -> None:
        async with ImageBudget(
            DownloadLimiter(total=1, per_host=1, large_s=50), seconds=40
        ) as budget:
            async with asyncio.timeout(30) as budget.limit:
                before = budget.limit.when()
                await budget.reserve(LARGE_BODY_BYTES + 1)
                assert budget.limit.when() == pytest.approx(before, abs=1)

    asyncio.run(run())


def test_windows_within_a_limiter_share_its_permits() -> None:
    """Together they get its total and its hosts' permits; a window's own total is its own."""

    async def run() -> tuple[int, int, int]:
        whole = DownloadLimiter(total=6, per_host=4)
        windows = {"small": whole.within(2), "large": whole}
        running: Counter[str] = Counter()
        most_total, most_small, most_host = 0, 0, 0

        async def request(window: str, host: str) -> None:
            nonlocal most_total, most_small, most_host
            async with windows[window].request(host):
                running[window] += 1
                running[host] += 1
                most_total = max(most_total, running["small"] + running["large"])
                most_small = max(most_small, running["small"])
                most_host = max(most_host, running["busy"])
                for _ in range(20):
                    await asyncio.sleep(0)
                running[window] -= 1
                running[host] -= 1

        wanted = [
            ("large" if index % 2 else "small", "busy" if index < 40 else "other")
            for index in range(60)
        ]
        await asyncio.gather(*(request(*each) for each in wanted))
        return most_total, most_small, most_host

    assert asyncio.run(run()) == (6, 2, 4)


def test_a_limiter_forgets_hosts_that_no_request_uses() -> None:
    """A process asks ever new hosts for years."""

    async def run() -> int:
        limiter = DownloadLimiter(total=2, per_host=1)
        for number in range(50):
            async with limiter.request(f"host-{number}"), limiter.request("other"):
                assert set(limiter.hosts) == {f"host-{number}", "other"}
        return len(limiter.hosts)

    assert asyncio.run(run()) == 0
