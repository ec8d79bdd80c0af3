"""Hostile URLs go through the real fetch path, in a network where every connection succeeds.

Every wrong connection is answered, so a hole shows as a body and as an address in `destinations`.
Names that the test does not know resolve to loopback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from yarl import URL

from collage_lambda.download import fetch as fetch_module
from collage_lambda.download import session as session_module
from collage_lambda.download.fetch import Body, Fetcher, Timing
from collage_lambda.download.limiter import DownloadLimiter
from collage_lambda.download.limits import FetchLimits
from collage_lambda.download.retries import RetryPolicy
from collage_lambda.download.session import open_session
from collage_lambda.download.urls import ANY_PORT, AllowedSources, Ports
from collage_lambda.reasons import Failure, FailureReason
from tests.fakes.collage import raw_answers
from tests.fakes.collage.hostile_urls import ADMITTED, DENIED, FORMS
from tests.fakes.collage.network import (
    PUBLIC,
    ConnectionRedirect,
    Names,
    RawServer,
    answer,
    redirect,
)

LIMITS = FetchLimits(attempt_s=10, retry=RetryPolicy(attempts=1))
REFUSED = {FailureReason.BLOCKED_ADDRESS, FailureReason.BAD_URL}
SECRET = b"the secret"
twice = pytest.mark.usefixtures("connection_kind")


@pytest.fixture(scope="module")
def network() -> Iterator[RawServer]:
    with RawServer() as running:
        yield running


@pytest.fixture
def server(network: RawServer) -> RawServer:
    network.requests.clear()
    network.answers.clear()
    network.answers["/secret"] = [answer(SECRET)]
    return network


@pytest.fixture
def connections(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> ConnectionRedirect:
    return ConnectionRedirect(monkeypatch, server.port)


def fetch_in_turn(
    *urls: str,
    names: Names | None = None,
    allowed: AllowedSources = frozenset(),
    ports: Ports = ANY_PORT,
) -> list[Body | Failure]:
    """Fetch URLs one after the other in one session."""
    lookup = names or Names(public_test=[[PUBLIC]])

    async def run() -> list[Body | Failure]:
        async with open_session(lookup, allowed, LIMITS) as session:
            fetcher = Fetcher(
                session,
                DownloadLimiter(64, 40),
                LIMITS,
                allowed=allowed,
                ports=ports,
                timing=Timing(),
            )
            warm_ups = [f"http://public.test{path}" for path in raw_answers.WARM_UPS]
            found = [await fetcher.fetch(url, fetcher.new_budget()) for url in (*warm_ups, *urls)]
            return found[len(warm_ups) :]

    return asyncio.run(run())


def fetched(url: str, **options: object) -> Body | Failure:
    (outcome,) = fetch_in_turn(url, **options)
    return outcome


def url_of(address: str) -> str:
    return f"http://[{address}]/secret" if ":" in address else f"http://{address}/secret"


def test_every_connection_in_this_network_reaches_the_server(
    connections: ConnectionRedirect,
) -> None:
    """Else the tests below would show nothing."""
    allowed = frozenset({("10.0.0.1", 80), ("::1", 80), ("inside.test", 80)})
    names = Names(inside_test=[["192.168.0.1"]])
    urls = ("http://10.0.0.1/secret", "http://[::1]/secret", "http://inside.test/secret")
    outcomes = fetch_in_turn(*urls, allowed=allowed, names=names)
    assert outcomes == [Body(data=SECRET, attempts=1)] * 3
    assert connections.destinations == ["10.0.0.1", "::1", "192.168.0.1"]


@twice
def test_a_request_uses_the_connection_of_its_warm_up(connections: ConnectionRedirect) -> None:
    assert isinstance(fetched("http://public.test/secret"), Body)
    assert connections.destinations == [PUBLIC]


def test_there_are_enough_forms() -> None:
    assert len(set(FORMS)) == len(FORMS) >= 160
    assert len(DENIED) + len(ADMITTED) >= 60


@twice
@pytest.mark.parametrize("form", FORMS)
def test_g6_a_hostile_url_is_refused_and_nothing_is_contacted(
    server: RawServer, connections: ConnectionRedirect, form: str
) -> None:
    outcome = fetched(form)
    assert isinstance(outcome, Failure), outcome
    assert outcome.reason in REFUSED
    assert set(connections.destinations) <= {PUBLIC}  # by the warm-up
    assert server.requests == []


@twice
@pytest.mark.parametrize("form", FORMS)
def test_g6_a_redirect_to_a_hostile_url_is_not_followed(
    server: RawServer, connections: ConnectionRedirect, form: str
) -> None:
    """Some forms are relative here: they may lead back to the public server, and nowhere else."""
    server.answers["/start"] = [redirect(form)]
    outcome = fetched("http://public.test/start")
    assert set(connections.destinations) == {PUBLIC}
    hosts = {head.split(b"\r\nHost: ")[1].split(b"\r\n")[0] for _, head in server.requests}
    assert hosts == {b"public.test"}
    if form.lower().startswith("http://"):
        assert isinstance(outcome, Failure), outcome


@twice
@pytest.mark.parametrize("address", DENIED)
def test_g6_the_first_and_last_address_of_a_denied_range_are_not_contacted(
    server: RawServer, connections: ConnectionRedirect, address: str
) -> None:
    """Written out, as the answer to a look-up, and as one answer among public ones."""
    names = Names(
        public_test=[[PUBLIC]],
        one_test=[[address]],
        first_test=[[address, PUBLIC]],
        last_test=[[PUBLIC, "2606:4700::1111", address]],
    )
    server.answers["/start"] = [redirect(url_of(address))]
    server.answers["/name"] = [redirect("//one.test/secret")]
    urls = [
        url_of(address),
        *(f"http://{name}.test/secret" for name in ("one", "first", "last")),
    ]
    redirects = ["http://public.test/start", "http://public.test/name"]
    outcomes = fetch_in_turn(*urls, *redirects, names=names)
    reasons = {outcome.reason for outcome in outcomes if isinstance(outcome, Failure)}
    assert reasons == {FailureReason.BLOCKED_ADDRESS}
    assert len(outcomes) == 6
    assert set(connections.destinations) == {PUBLIC}
    assert {path for path, _ in server.requests} == {"/start", "/name"}


@pytest.mark.parametrize("address", ADMITTED)
def test_g6_the_addresses_next_to_a_denied_range_are_contacted(
    connections: ConnectionRedirect, address: str
) -> None:
    outcomes = fetch_in_turn(
        url_of(address), "http://one.test/secret", names=Names(one_test=[[address]])
    )
    assert outcomes == [Body(data=SECRET, attempts=1)] * 2
    assert set(connections.destinations) == {address}


@twice
@pytest.mark.parametrize(
    "url",
    [
        "http://public.test/secret#@127.0.0.1/",
        "http://public.test?@127.0.0.1/secret",
        "http://public.test/@127.0.0.1/secret",
        "http://public.test/secret?url=http://127.0.0.1/",
        "http://public.test//127.0.0.1/secret",
        "http://public.test/../../127.0.0.1/secret",
        "http://PUBLIC.test./secret",
    ],
)
def test_a_private_address_outside_of_the_host_part_is_not_contacted(
    connections: ConnectionRedirect, url: str
) -> None:
    fetched(url)
    assert set(connections.destinations) == {PUBLIC}


@pytest.mark.parametrize("ttl_s", [0, 60])
def test_g6_a_name_that_turns_private_is_not_connected_to(
    server: RawServer, connections: ConnectionRedirect, monkeypatch: pytest.MonkeyPatch, ttl_s: int
) -> None:
    """DNS rebinding: the answer that was judged is the one that is connected to."""
    monkeypatch.setattr(session_module, "DNS_TTL_S", ttl_s)
    server.answers["/again"] = [redirect("http://rebind.test/secret")]
    names = Names(rebind_test=[[PUBLIC], ["127.0.0.1"]])
    outcomes = fetch_in_turn("http://rebind.test/again", "http://rebind.test/secret", names=names)
    assert set(connections.destinations) == {PUBLIC}
    if ttl_s == 0:
        assert names.requested == ["rebind.test"] * 3
        blocked = {outcome.reason for outcome in outcomes if isinstance(outcome, Failure)}
        assert blocked == {FailureReason.BLOCKED_ADDRESS}
        assert [path for path, _ in server.requests] == ["/again"]
    else:
        assert names.requested == ["rebind.test"]


def test_a_second_session_resolves_a_name_again(connections: ConnectionRedirect) -> None:
    names = Names(rebind_test=[[PUBLIC], ["169.254.169.254"]])
    assert isinstance(fetched("http://rebind.test/secret", names=names), Body)
    outcome = fetched("http://rebind.test/secret", names=names)
    assert isinstance(outcome, Failure)
    assert outcome.reason is FailureReason.BLOCKED_ADDRESS
    assert connections.destinations == [PUBLIC]


@pytest.mark.parametrize("nonsense", ["", "not an address", "127.1", "2130706433", "0x7f.0.0.1"])
def test_a_look_up_that_returns_no_address_is_blocked(
    connections: ConnectionRedirect, nonsense: str
) -> None:
    outcome = fetched("http://odd.test/secret", names=Names(odd_test=[[nonsense]]))
    assert isinstance(outcome, Failure)
    assert outcome.reason is FailureReason.BLOCKED_ADDRESS
    assert connections.destinations == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]"])
def test_an_address_that_the_text_check_missed_is_refused_at_the_socket(
    monkeypatch: pytest.MonkeyPatch, connections: ConnectionRedirect, host: str
) -> None:
    """aiohttp does not ask its resolver for an address that is written out."""
    monkeypatch.setattr(fetch_module, "parse_target", lambda text, *_: URL(text))
    outcome = fetched(f"http://{host}/secret")
    assert isinstance(outcome, Failure)
    assert outcome.reason is FailureReason.BLOCKED_ADDRESS
    assert "is not public" in outcome.detail
    assert connections.destinations == []


def test_another_name_for_an_allowed_sources_address_is_not_allowed(
    connections: ConnectionRedirect,
) -> None:
    names = Names(inside_test=[["10.0.0.1"]], alias_test=[["10.0.0.1"]])
    allowed = frozenset({("inside.test", 80)})
    urls = [f"http://{host}/secret" for host in ("inside.test", "alias.test", "10.0.0.1")]
    inside, alias, written = fetch_in_turn(*urls, names=names, allowed=allowed)
    assert isinstance(inside, Body)
    for outcome in (alias, written):
        assert isinstance(outcome, Failure)
        assert outcome.reason is FailureReason.BLOCKED_ADDRESS
    assert connections.destinations == ["10.0.0.1"]


@twice
@pytest.mark.parametrize("port", ["81", "8080", "22", "6379", "65535", "1"])
def test_a_port_that_is_not_configured_is_not_contacted(
    server: RawServer, connections: ConnectionRedirect, port: str
) -> None:
    server.answers["/start"] = [redirect(f"//public.test:{port}/secret")]
    url = f"http://public.test:{port}/secret"
    for outcome in fetch_in_turn(url, "http://public.test/start", ports=frozenset({80, 443})):
        assert isinstance(outcome, Failure)
        assert (outcome.reason, outcome.detail) == (
            FailureReason.BLOCKED_ADDRESS,
            f"port {port} is not allowed",
        )
    assert [path for path, _ in server.requests] == ["/start"]
    assert connections.destinations == [PUBLIC]


@twice
def test_any_port_is_allowed_by_default_and_an_allowed_source_has_its_own(
    server: RawServer, connections: ConnectionRedirect
) -> None:
    server.answers["/start"] = [redirect("//public.test:8080/secret")]
    assert isinstance(fetched("http://public.test:8443/secret"), Body)
    both = frozenset({80, 8080})
    assert isinstance(fetched("http://public.test/start", ports=both), Body)
    allowed = frozenset({("10.0.0.1", 9000)})
    inside = fetched("http://10.0.0.1:9000/secret", ports=both, allowed=allowed)
    assert isinstance(inside, Body)
    assert connections.destinations[-1] == "10.0.0.1"
    assert set(connections.destinations[:-1]) == {PUBLIC}
