"""Covers to be prefetched meet a collage's own defences, and what is hostile costs only itself."""

from __future__ import annotations

import time

import msgspec
import pytest

from collage_lambda.prefetch import cover_pack
from stream_ingest.windowing.rules.closing import Change
from tests.fakes.collage.images import plain_jpeg
from tests.fakes.prefetch_bench import PACK, PrefetchBench

LOST = {
    "status/404": "not_found",
    "status/403": "forbidden",
    "status/418": "http_error",
    "body/text": "not_an_image",
    "body/small": "too_small",
    "body/large": "too_large",
    "endless": "too_large",
    "declares-huge": "too_large",
    "gzip-bomb": "too_large",
    "loop": "too_many_redirects",
    "to?url=http://169.254.169.254/latest/meta-data": "blocked_address",
    "to?url=file:///etc/passwd": "bad_url",
}
PASSING = ("status/503", "retry-after/1", "hang", "trickle", "reset", "lies-short/0")


@pytest.fixture(autouse=True)
def bodies(bench: PrefetchBench) -> None:
    bench.server.bodies |= {
        "text": b"<html>",
        "small": plain_jpeg((1, 2, 3), side=49),
        "large": b"\xff\xd8" + bytes(bench.limits.max_bytes),
    }


def test_a_permanently_failing_cover_is_lost_with_its_reason_and_affects_no_other(
    bench: PrefetchBench,
) -> None:
    # No answer here is slow: a loaded machine must not turn a bomb into a passing timeout.
    bench.limits = msgspec.structs.replace(bench.limits, attempt_s=20.0, read_s=20.0)
    bench.put("ann", *LOST, "body/0")
    bench.put("bob", "body/1")
    done = bench.prefetch("ann", "bob")
    *lost, prefetched = bench.images("ann")
    assert [image.lost for image in lost] == list(LOST.values())
    assert not any(image.prefetched for image in lost)
    assert prefetched.prefetched
    assert bench.images("bob")[0].prefetched
    assert done.prefetched == 2
    assert sum(done.lost.values()) == len(LOST)
    assert done.lost["too_large"] == list(LOST.values()).count("too_large")
    assert bench.window("ann").expires_at == prefetched.prefetched.until


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/a.jpeg",
        "http://10.0.0.1/a.jpeg",
        "http://[::ffff:169.254.169.254]/a.jpeg",
        "http://localhost/a.jpeg",
    ],
)
def test_private_addresses_get_no_request(bench: PrefetchBench, url: str) -> None:
    expires = int(bench.clock()) + 3_600
    bench.put_urls("ann", f"{url}?x-expires={expires}")
    bench.prefetch("ann")
    assert [image.lost for image in bench.images("ann")] == ["blocked_address"]
    assert bench.packs() == []
    assert bench.items() == {}


def test_a_cover_with_a_passing_failure_stays_at_risk(bench: PrefetchBench) -> None:
    bench.put("ann", *PASSING, "body/1")
    done = bench.prefetch("ann")
    assert (done.prefetched, done.lost) == (1, {})
    *open_, prefetched = bench.images("ann")
    assert [(image.prefetched, image.lost) for image in open_] == [(None, None)] * len(PASSING)
    assert prefetched.prefetched
    bench.server.hits.clear()
    bench.prefetch("ann", pack="prefetched/2026/11/06/121500-abc.zip")
    assert set(bench.server.hits) == {path.partition("?")[0] for path in PASSING}


def test_a_late_cover_stays_at_risk_and_delays_no_other(bench: PrefetchBench) -> None:
    bench.limits = msgspec.structs.replace(bench.limits, attempt_s=60, read_s=60)
    bench.put("ann", "hang", "body/0")
    begun = time.monotonic()
    done = bench.prefetch("ann", remaining_s=25.5)
    assert time.monotonic() - begun < 9
    assert (done.prefetched, done.lost) == (1, {})
    assert bench.images("ann")[0].lost is None


def test_a_fallback_url_is_tried_if_the_first_has_no_image(bench: PrefetchBench) -> None:
    state = bench.put("ann", "body/text")
    (key, window) = next(iter(state.open.items()))
    fallbacks = (bench.server.url("status/404"), bench.server.url("body/3"))
    image = msgspec.structs.replace(window.images[0], fallbacks=fallbacks)
    window = msgspec.structs.replace(window, images=(image,))
    after = msgspec.structs.replace(state, open={key: window})
    bench.store.commit(state, Change(state=after), int(bench.clock()))
    assert bench.prefetch("ann").prefetched == 1
    (prefetched,) = bench.prefetched("ann")
    assert prefetched is not None
    assert bench.bytes_of(prefetched) == bench.server.bodies["3"]


def test_a_cover_that_does_not_fit_is_in_the_next_pack(
    bench: PrefetchBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = max(len(bench.server.bodies[name]) for name in "012")
    monkeypatch.setattr(cover_pack, "MAX_PACK_BYTES", 2 * most)
    bench.put("ann", "body/0", "body/1", "body/2")
    assert bench.prefetch("ann").prefetched == 2
    assert bench.prefetch("ann", pack="prefetched/2026/11/06/121500-abc.zip").prefetched == 1
    assert all(bench.prefetched("ann"))
    assert [len(members) for members in bench.items().values()] == [2, 1]


def test_a_url_that_has_expired_gets_no_request(bench: PrefetchBench) -> None:
    bench.put("ann", "body/0", life_s=60)
    bench.clock.advance(60)
    done = bench.prefetch("ann")
    assert (done.at_risk, done.prefetched, done.lost) == (0, 0, {})
    assert not bench.server.hits
    assert PACK not in bench.packs()
