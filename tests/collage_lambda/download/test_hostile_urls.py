"""Hostile URLs go through the real fetch path, in a network where every connection succeeds.

Whatever is wrongly connected to answers, so a hole anywhere shows as a body and as an address in
`dialled`. Names that the test does not know are loopback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from yarl import URL

from collage_lambda.download import fetch as fetch_module
from collage_lambda.download.fetch import Body, Fetcher, FetchLimits, Surroundings, open_session
from collage_lambda.download.retries import RetryPolicy
from collage_lambda.download.slots import Slots
from collage_lambda.download.urls import ANY_PORT, AllowedSources, Ports
from collage_lambda.reasons import Failure, FailureReason
from tests.fakes.collage.network import PUBLIC, Names, RawServer, Roads, answer, redirect

LIMITS = FetchLimits(attempt_s=10, retry=RetryPolicy(attempts=1))
REFUSED = {FailureReason.BLOCKED_ADDRESS, FailureReason.BAD_URL}
SECRET = b"the secret"

IPV4 = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "0",
    "0.0.0.0",  # noqa: S104 - an address to be refused, not to be bound
    "2130706433",
    "2130706433.",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "00000000177.0.0.1",
    "0o177.0.0.1",
    "0x7f000001",
    "0x7F.0.0.1",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0x7f.0.1",
    "0177.0.1",
    "169.254.169.254",
    "169.254.169.254.",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "025177524776",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.16689662",
    "169.0376.0xa9.254",
    "425.510.425.510",
    "4294967296",
    "340282366920938463463374607431768211455",
    "10.1",
    "192.168.257",
    "1.1.1.1.127.0.0.1.",
    "-1",
]
IPV6 = [
    "::1",
    "::",
    "0:0:0:0:0:0:0:1",
    "0000:0000:0000:0000:0000:0000:0000:0001",
    "::ffff:127.0.0.1",
    "::FFFF:7F00:1",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "::ffff:0:10.0.0.1",
    "::127.0.0.1",
    "::10.0.0.1",
    "::a9fe:a9fe",
    "fe80::1",
    "fe80::1%eth0",
    "fe80::1%25eth0",
    "fe80::1%2",
    "::1%lo",
    "2606:4700::1111%1",
    "fe80::a9fe:a9fe",
    "fd00:ec2::254",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "2002:7f00:1::",
    "2002:c0a8:0101::",
    "2002:a9fe:a9fe::1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::172.16.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::10.0.0.1",
    "2001:0:808:808::80ff:fffe",
    "2001:0:a9fe:a9fe::f7f7:f7f7",
    "2606:4700::5efe:10.0.0.1",
    "2001:db8::1",
    "100::1",
    "::ffff:127.1",
    "::ffff:0177.0.0.1",
    "::1::",
    "v1.127.0.0.1",
    "127.0.0.1",
]
NAMES = [
    "localhost",
    "LOCALHOST",
    "LocalHost.",
    "localhost.localdomain",
    "foo.localhost",
    "foo.localhost.",
    "ip6-localhost",
    "loopback",
    "127.0.0.1.nip.test",
    "metadata.google.internal",
    "metadata",
    "kubernetes.default.svc",
    "xn--lclhost-8ya.test",
    "l\u24deca\u24c1host",
    "\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54",
    "local\u00adhost",
    "local\u200bhost",
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
    "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",
    "127\u30020\u30020\u30021",
    "127\uff0e0\uff0e0\uff0e1",
    "127\uff610\uff610\uff611",
    "\u0661\u0662\u0667.0.0.1",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "127.0.0.1%00.public.test",
    "127.0.0.1%23.public.test",
    "loc%61lhost",
]
TRICKS = [
    "http://public.test@127.0.0.1/secret",
    "http://public.test:80@127.0.0.1/secret",
    "http://public.test%40127.0.0.1/secret",
    "http://user:pass@public.test/secret",
    "http://user@public.test/secret",
    "http://:@public.test/secret",
    "http://@public.test/secret",
    "http://a@b@127.0.0.1/secret",
    "http://127.0.0.1\\@public.test/secret",
    "http://public.test\\@127.0.0.1/secret",
    "http://127.0.0.1\\.public.test/secret",
    "http:\\\\127.0.0.1\\secret",
    "http://127.0.0.1%2f@public.test/secret",
    "http://127.0.0.1;public.test/secret",
    "http://127.0.0.1,public.test/secret",
    "http://127.0.0.1&public.test/secret",
    "http://\t127.0.0.1/secret",
    "http://127.0.0.1\t/secret",
    "http://127.0.\n0.1/secret",
    "ht\ntp://127.0.0.1/secret",
    "http://127.0.0.1\r\nX-Injected: 1/secret",
    "http://public.test/\r\nHost: 127.0.0.1\r\n\r\n",
    "http://127.0.0.1 /secret",
    "http://127.0.0.1\u2003/secret",
    "http://127.0.0.1\x00/secret",
    "http://127.0.0.1\x00.public.test/secret",
    " http://127.0.0.1/secret",
    "\ufeffhttp://127.0.0.1/secret",
    "http://127.0.0.1:80:80/secret",
    "http://127.0.0.1:080/secret",
    "http://127.0.0.1:/secret",
    "http://127.0.0.1:0/secret",
    "http://127.0.0.1:65536/secret",
    "http://127.0.0.1:-80/secret",
    "http://127.0.0.1:\uff18\uff10/secret",
    "http://[::1]:80/secret",
    "http://[::1]public.test/secret",
    "http://public.test[::1]/secret",
    "http://[[::1]]/secret",
    "http://[::1/secret",
    "http://::1/secret",
    "http://[public.test]/secret",
    "HTTP://127.0.0.1/secret",
    "HtTpS://127.0.0.1/secret",
    "ftp://public.test/secret",
    "file:///etc/passwd",
    "file://public.test/secret",
    "gopher://127.0.0.1:80/_GET%20/secret",
    "dict://127.0.0.1:80/secret",
    "ldap://127.0.0.1/secret",
    "jar:http://127.0.0.1/secret!/",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "unix:///run/docker.sock",
    "unix://public.test/secret",
    "ws://public.test/secret",
    "wss://public.test/secret",
    "view-source:http://127.0.0.1/secret",
    "http+unix://%2frun%2fdocker.sock/secret",
    "url:http://127.0.0.1/secret",
]
FORMS = [
    *(f"http://{host}/secret" for host in IPV4),
    *(f"http://[{host}]/secret" for host in IPV6),
    *(f"http://{host}/secret" for host in NAMES),
    *TRICKS,
]
RANGES = [
    # the address before, the first and last of a range that is denied, the address behind
    (None, "0.0.0.0", "0.255.255.255", "1.0.0.0"),  # noqa: S104 - an address to be refused
    ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
    ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
    ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
    ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
    ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
    ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
    ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
    ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"),
    ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
    ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
    ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"),
    ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"),
    ("223.255.255.255", "224.0.0.0", "239.255.255.255", None),
    (None, "240.0.0.0", "255.255.255.255", None),
    (None, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None),
    (None, "2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"),
    (
        "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db8::",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::",
    ),
    (
        "2002:9ff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2002:a00::",
        "2002:aff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2002:b00::",
    ),
    ("::ffff:9.255.255.255", "::ffff:10.0.0.0", "::ffff:10.255.255.255", "::ffff:11.0.0.0"),
    ("64:ff9b::172.15.255.255", "64:ff9b::ac10:0", "64:ff9b::172.31.255.255", "64:ff9b::ac20:0"),
    (
        "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff::",
        "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff:1000::",
    ),
    (
        "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "4000::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        None,
    ),
]
DENIED = [address for _, first, last, _ in RANGES for address in (first, last)]
ADMITTED = [address for before, _, _, behind in RANGES for address in (before, behind) if address]


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
def roads(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> Roads:
    return Roads(monkeypatch, server.port)


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
                Slots(64, 40),
                LIMITS,
                allowed=allowed,
                ports=ports,
                surroundings=Surroundings(),
            )
            return [await fetcher.fetch(url, fetcher.allowance()) for url in urls]

    return asyncio.run(run())


def fetched(url: str, **options: object) -> Body | Failure:
    (outcome,) = fetch_in_turn(url, **options)
    return outcome


def url_of(address: str) -> str:
    return f"http://[{address}]/secret" if ":" in address else f"http://{address}/secret"


def test_in_this_network_every_road_leads_to_the_server(roads: Roads) -> None:
    """Else the tests below would show nothing."""
    allowed = frozenset({("10.0.0.1", 80), ("::1", 80), ("inside.test", 80)})
    names = Names(inside_test=[["192.168.0.1"]])
    urls = ("http://10.0.0.1/secret", "http://[::1]/secret", "http://inside.test/secret")
    outcomes = fetch_in_turn(*urls, allowed=allowed, names=names)
    assert outcomes == [Body(data=SECRET, attempts=1)] * 3
    assert roads.dialled == ["10.0.0.1", "::1", "192.168.0.1"]


def test_there_are_enough_forms() -> None:
    assert len(set(FORMS)) == len(FORMS) >= 160
    assert len(DENIED) + len(ADMITTED) >= 60


@pytest.mark.parametrize("form", FORMS)
def test_g6_a_hostile_url_is_refused_and_nothing_is_contacted(
    server: RawServer, roads: Roads, form: str
) -> None:
    outcome = fetched(form)
    assert isinstance(outcome, Failure), outcome
    assert outcome.reason in REFUSED
    assert roads.dialled == []
    assert server.requests == []


@pytest.mark.parametrize("form", FORMS)
def test_g6_a_redirect_to_a_hostile_url_goes_nowhere(
    server: RawServer, roads: Roads, form: str
) -> None:
    """Some forms are relative here: they may lead back to the public server, and nowhere else."""
    server.answers["/start"] = [redirect(form)]
    outcome = fetched("http://public.test/start")
    assert set(roads.dialled) == {PUBLIC}
    hosts = {head.split(b"\r\nHost: ")[1].split(b"\r\n")[0] for _, head in server.requests}
    assert hosts == {b"public.test"}
    if form.lower().startswith("http://"):
        assert isinstance(outcome, Failure), outcome


@pytest.mark.parametrize("address", DENIED)
def test_g6_the_first_and_last_address_of_a_denied_range_are_not_contacted(
    server: RawServer, roads: Roads, address: str
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
    assert set(roads.dialled) == {PUBLIC}
    assert {path for path, _ in server.requests} == {"/start", "/name"}


@pytest.mark.parametrize("address", ADMITTED)
def test_g6_the_addresses_beside_a_denied_range_are_contacted(roads: Roads, address: str) -> None:
    outcomes = fetch_in_turn(
        url_of(address), "http://one.test/secret", names=Names(one_test=[[address]])
    )
    assert outcomes == [Body(data=SECRET, attempts=1)] * 2
    assert set(roads.dialled) == {address}


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
def test_a_private_address_outside_the_host_leads_nowhere_else(roads: Roads, url: str) -> None:
    fetched(url)
    assert roads.dialled == [PUBLIC]


@pytest.mark.parametrize("ttl_s", [0, 60])
def test_g6_a_name_that_turns_private_is_never_followed_there(
    server: RawServer, roads: Roads, monkeypatch: pytest.MonkeyPatch, ttl_s: int
) -> None:
    """DNS rebinding: the answer that was judged is the one that is connected to."""
    monkeypatch.setattr(fetch_module, "_DNS_TTL_S", ttl_s)
    server.answers["/again"] = [redirect("http://rebind.test/secret")]
    names = Names(rebind_test=[[PUBLIC], ["127.0.0.1"]])
    outcomes = fetch_in_turn("http://rebind.test/again", "http://rebind.test/secret", names=names)
    assert set(roads.dialled) == {PUBLIC}
    if ttl_s == 0:
        assert names.asked == ["rebind.test"] * 3
        blocked = {outcome.reason for outcome in outcomes if isinstance(outcome, Failure)}
        assert blocked == {FailureReason.BLOCKED_ADDRESS}
        assert [path for path, _ in server.requests] == ["/again"]
    else:
        assert names.asked == ["rebind.test"]


def test_a_second_session_judges_a_name_anew(roads: Roads) -> None:
    names = Names(rebind_test=[[PUBLIC], ["169.254.169.254"]])
    assert isinstance(fetched("http://rebind.test/secret", names=names), Body)
    outcome = fetched("http://rebind.test/secret", names=names)
    assert isinstance(outcome, Failure)
    assert outcome.reason is FailureReason.BLOCKED_ADDRESS
    assert roads.dialled == [PUBLIC]


@pytest.mark.parametrize("nonsense", ["", "not an address", "127.1", "2130706433", "0x7f.0.0.1"])
def test_a_look_up_that_answers_with_no_address_is_blocked(roads: Roads, nonsense: str) -> None:
    outcome = fetched("http://odd.test/secret", names=Names(odd_test=[[nonsense]]))
    assert isinstance(outcome, Failure)
    assert outcome.reason is FailureReason.BLOCKED_ADDRESS
    assert roads.dialled == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]"])
def test_an_address_that_got_past_the_text_is_refused_by_the_socket(
    monkeypatch: pytest.MonkeyPatch, roads: Roads, host: str
) -> None:
    """aiohttp does not ask its resolver for an address that is written out."""
    monkeypatch.setattr(fetch_module, "parse_target", lambda text, *_: URL(text))
    outcome = fetched(f"http://{host}/secret")
    assert isinstance(outcome, Failure)
    assert outcome.reason is FailureReason.BLOCKED_ADDRESS
    assert "is not public" in outcome.detail
    assert roads.dialled == []


def test_another_name_for_an_allowed_sources_address_is_not_allowed(roads: Roads) -> None:
    names = Names(inside_test=[["10.0.0.1"]], alias_test=[["10.0.0.1"]])
    allowed = frozenset({("inside.test", 80)})
    urls = [f"http://{host}/secret" for host in ("inside.test", "alias.test", "10.0.0.1")]
    inside, alias, written = fetch_in_turn(*urls, names=names, allowed=allowed)
    assert isinstance(inside, Body)
    for outcome in (alias, written):
        assert isinstance(outcome, Failure)
        assert outcome.reason is FailureReason.BLOCKED_ADDRESS
    assert roads.dialled == ["10.0.0.1"]


@pytest.mark.parametrize("port", ["81", "8080", "22", "6379", "65535", "1"])
def test_a_port_that_is_not_configured_is_not_contacted(
    server: RawServer, roads: Roads, port: str
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
    assert roads.dialled == [PUBLIC]


def test_without_configured_ports_any_will_do_and_an_allowed_source_has_its_own(
    server: RawServer, roads: Roads
) -> None:
    server.answers["/start"] = [redirect("//public.test:8080/secret")]
    assert isinstance(fetched("http://public.test:8443/secret"), Body)
    both = frozenset({80, 8080})
    assert isinstance(fetched("http://public.test/start", ports=both), Body)
    allowed = frozenset({("10.0.0.1", 9000)})
    inside = fetched("http://10.0.0.1:9000/secret", ports=both, allowed=allowed)
    assert isinstance(inside, Body)
    assert roads.dialled == [PUBLIC, PUBLIC, PUBLIC, "10.0.0.1"]
