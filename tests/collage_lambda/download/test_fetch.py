from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
import pytest

from collage_lambda.download.fetch import Body, Fetcher, Timing
from collage_lambda.download.headers import request_headers
from collage_lambda.download.limiter import DownloadLimiter
from collage_lambda.download.limits import FetchLimits
from collage_lambda.download.retries import RetryPolicy
from collage_lambda.download.session import open_session
from collage_lambda.reasons import Failure, FailureReason
from tests.fakes.collage import raw_answers
from tests.fakes.collage.cover_server import CoverServer

pytestmark = pytest.mark.usefixtures("connection_kind")
NOW_S = 1_800_000_000
LIMITS = FetchLimits(
    max_bytes=100_000,
    connect_s=5,
    read_s=5,
    attempt_s=5,
    image_s=20,
    redirects=3,
    retry=RetryPolicy(attempts=3),
)
NAMES = {"covers.test": ["127.0.0.1"], "rebound.test": ["127.0.0.1"]}


class Pauses(list[float]):
    """A sleep that only takes notes."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


async def lookup(host: str, _port: int) -> Sequence[str]:
    if host not in NAMES:
        msg = "no such name"
        raise OSError(msg)
    return NAMES[host]


def fetch(
    server: CoverServer,
    *urls: str,
    limits: FetchLimits = LIMITS,
    pauses: Pauses | None = None,
    allowed: frozenset[tuple[str, int]] | None = None,
) -> list[Body | Failure]:
    """Fetch URLs at once, each with an budget of its own."""

    async def run() -> list[Body | Failure]:
        sources = frozenset({server.source}) if allowed is None else allowed
        timing = Timing(
            now_s=lambda: NOW_S,
            sleep=Pauses() if pauses is None else pauses,
            uniform=lambda _low, high: high,
        )
        async with open_session(lookup, sources, limits) as session:
            fetcher = Fetcher(
                session, DownloadLimiter(64, 40), limits, allowed=sources, timing=timing
            )

            async def one(url: str) -> Body | Failure:
                async with fetcher.new_budget() as budget:
                    return await fetcher.fetch(url, budget)

            if server.source in sources:
                for path in raw_answers.WARM_UPS:
                    await asyncio.gather(*(one(server.url(path.lstrip("/"))) for _ in urls))
            return list(await asyncio.gather(*map(one, urls)))

    return asyncio.run(run())


def failure(server: CoverServer, url: str, **options: object) -> Failure:
    (outcome,) = fetch(server, url, **options)
    assert isinstance(outcome, Failure), outcome
    return outcome


def limited(**changes: object) -> FetchLimits:
    return msgspec.structs.replace(LIMITS, **changes)


def test_a_body_is_returned_whatever_type_the_server_claims(server: CoverServer) -> None:
    server.bodies["a"] = b"\xff\xd8 the bytes"
    assert fetch(server, server.url("body/a")) == [Body(data=b"\xff\xd8 the bytes", attempts=1)]


def test_the_headers_are_a_browsers_and_the_query_is_untouched(server: CoverServer) -> None:
    server.bodies["a"] = b"x"
    query = "x-expires=1900000000&x-signature=a%2Bb%2Fc%3D&t=%7e"
    fetch(server, server.url(f"body/a?{query}"))
    sent: Mapping[str, str] = server.headers["body/a"]
    expected = request_headers()
    assert {name: sent[name] for name in expected} == expected
    assert sent["Accept-Encoding"] == "identity"
    assert "Cookie" not in sent
    assert server.queries["body/a"] == query


def test_a_url_with_an_expired_signature_is_not_requested(server: CoverServer) -> None:
    server.bodies["a"] = b"x"
    gone = failure(server, server.url(f"body/a?x-expires={NOW_S}"))
    assert (gone.reason, gone.attempts) == (FailureReason.EXPIRED, 0)
    assert not server.hits
    (body,) = fetch(server, server.url(f"body/a?x-expires={NOW_S + 1}"))
    assert isinstance(body, Body)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "forbidden"),
        (404, "not_found"),
        (410, "not_found"),
        (400, "http_error"),
        (204, "http_error"),
    ],
)
def test_a_permanent_status_is_requested_once(
    server: CoverServer, status: int, reason: str
) -> None:
    result = failure(server, server.url(f"status/{status}"))
    assert (result.reason, result.status, result.attempts) == (reason, status, 1)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_status_is_retried_with_growing_pauses(server: CoverServer, status: int) -> None:
    pauses = Pauses()
    result = failure(server, server.url(f"status/{status}"), pauses=pauses)
    assert (result.reason, result.status, result.attempts) == ("server_error", status, 3)
    assert pauses == [0.25, 0.5]
    assert server.hits[f"status/{status}"] == 3


def test_a_retry_may_succeed(server: CoverServer) -> None:
    server.bodies["a"] = b"at last"
    assert fetch(server, server.url("flaky/2/a")) == [Body(data=b"at last", attempts=3)]


def test_retry_after_is_honoured_within_limits(server: CoverServer) -> None:
    pauses = Pauses()
    failure(server, server.url("retry-after/7"), pauses=pauses)
    assert pauses == [7.25, 7.5]
    pauses.clear()
    result = failure(server, server.url("retry-after/3600"), pauses=pauses)
    assert (result.reason, result.attempts, pauses) == ("server_error", 1, [])


def test_pauses_never_exceed_the_images_budget(server: CoverServer) -> None:
    pauses = Pauses()
    result = failure(server, server.url("retry-after/7"), limits=limited(image_s=8), pauses=pauses)
    assert (result.attempts, pauses) == (2, [7.25])


@pytest.mark.parametrize("path", ["hang", "trickle", "declares-huge-not"])
def test_g7_a_body_that_never_ends_in_time_is_a_timeout(server: CoverServer, path: str) -> None:
    """A trickle never lets a single read time out: only the attempt's own limit ends it."""
    if path == "declares-huge-not":
        limits = limited(read_s=0.1, attempt_s=5, retry=RetryPolicy(attempts=1))
        result = failure(server, server.url("hang"), limits=limits)
    else:
        limits = limited(attempt_s=0.15, retry=RetryPolicy(attempts=2))
        result = failure(server, server.url(path), limits=limits)
        assert result.attempts == 2
    assert result.reason is FailureReason.TIMEOUT


def test_a_body_that_ends_early_is_a_connection_failure(server: CoverServer) -> None:
    server.bodies["a"] = b"only half"
    result = failure(server, server.url("lies-short/a"))
    assert (result.reason, result.attempts) == (FailureReason.CONNECTION, 3)


def test_a_broken_connection_is_retried(server: CoverServer) -> None:
    result = failure(server, server.url("reset"))
    assert (result.reason, result.attempts) == (FailureReason.CONNECTION, 3)


def test_a_port_without_a_server_is_a_connection_failure(server: CoverServer) -> None:
    result = failure(server, "http://127.0.0.1:9/a", allowed=frozenset({("127.0.0.1", 9)}))
    assert result.reason is FailureReason.CONNECTION


@pytest.mark.parametrize("path", ["endless", "gzip-bomb", "declares-huge"])
def test_g7_no_body_grows_beyond_the_limit(server: CoverServer, path: str) -> None:
    """Whether the length is not declared, a lie, or that of the compressed form."""
    result = failure(server, server.url(path))
    assert (result.reason, result.attempts) == (FailureReason.TOO_LARGE, 1)


def test_g7_a_body_longer_than_declared_is_cut_or_refused(server: CoverServer) -> None:
    """What follows the body can only be the rubbish of a next answer."""
    (outcome,) = fetch(server, server.url("lies-long"))
    assert isinstance(outcome, Failure) or outcome.data == b"x" * 10


def test_a_body_of_exactly_the_limit_is_fine(server: CoverServer) -> None:
    server.bodies |= {"fits": b"x" * 100_000, "not": b"x" * 100_001}
    fits, too_large = fetch(server, server.url("body/fits"), server.url("body/not"))
    assert isinstance(fits, Body)
    assert isinstance(too_large, Failure)


def test_redirects_are_followed_up_to_the_limit(server: CoverServer) -> None:
    server.bodies["a"] = b"found"
    assert fetch(server, server.url("hops/3/a")) == [Body(data=b"found", attempts=1)]
    assert failure(server, server.url("hops/4/a")).reason is FailureReason.TOO_MANY_REDIRECTS
    assert failure(server, server.url("loop")).reason is FailureReason.TOO_MANY_REDIRECTS
    assert server.hits["loop"] == 4


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data/", "blocked_address"),
        ("http://2130706433/", "blocked_address"),
        ("http://[::ffff:127.0.0.1]/", "blocked_address"),
        ("http://rebound.test/", "blocked_address"),
        ("http://localhost/", "connection"),
        ("file:///etc/passwd", "bad_url"),
        ("http://user:pass@covers.test/", "bad_url"),
    ],
)
def test_a_redirect_is_checked_like_a_first_request(
    server: CoverServer, target: str, reason: str
) -> None:
    result = failure(server, server.url(f"to?url={target}"))
    assert result.reason == reason
    assert server.hits.total() in {1, 3}


def test_a_redirect_from_an_allowed_source_to_its_other_port_is_blocked(
    server: CoverServer,
) -> None:
    with CoverServer() as other:
        result = failure(server, server.url(f"to?url={other.url('body/a')}"))
        assert result.reason is FailureReason.BLOCKED_ADDRESS
        assert not other.hits


def test_a_redirect_without_a_target_is_a_bad_url(server: CoverServer) -> None:
    assert failure(server, server.url("redirect-nowhere")).reason is FailureReason.BAD_URL


def test_a_name_is_connected_to_only_if_its_address_is_allowed(server: CoverServer) -> None:
    server.bodies["a"] = b"x"
    url = server.url("body/a", host="covers.test")
    result = failure(server, url)
    assert (result.reason, result.attempts) == (FailureReason.BLOCKED_ADDRESS, 1)
    assert "covers.test resolves to 127.0.0.1" in result.detail
    assert not server.hits
    allowed = frozenset({("covers.test", server.port)})
    assert fetch(server, url, allowed=allowed) == [Body(data=b"x", attempts=1)]


def test_a_name_that_does_not_exist_is_a_connection_failure(server: CoverServer) -> None:
    result = failure(server, "http://nowhere.test/a")
    assert (result.reason, result.detail) == (FailureReason.CONNECTION, "host name not found")


def test_without_permission_loopback_is_blocked(server: CoverServer) -> None:
    result = failure(server, server.url("body/a"), allowed=frozenset())
    assert result.reason is FailureReason.BLOCKED_ADDRESS
    assert not server.hits


def test_no_failure_contains_a_signature(server: CoverServer) -> None:
    for path in ("status/403", "loop", "hang", "reset"):
        limits = limited(attempt_s=0.1, retry=RetryPolicy(attempts=1))
        result = failure(server, server.url(f"{path}?x-signature=secret"), limits=limits)
        assert "secret" not in repr(result)


def test_a_window_of_images_is_fetched_at_once(server: CoverServer) -> None:
    server.bodies["a"] = b"x" * 50_000
    outcomes = fetch(server, *[server.url("body/a")] * 35)
    assert all(isinstance(outcome, Body) for outcome in outcomes)
    assert server.hits["body/a"] == 35
