from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from collage_lambda.download.urls import next_hop, parse_allowed, parse_target
from collage_lambda.reasons import Failure, FailureReason

SIGNED = (
    "https://p16-sign-va.tiktokcdn.com/tos-maliva-p-0068/o0AB~tplv-tiktokx-cropcenter-q:300:400:q70.jpeg"
    "?x-expires=1900000000&x-signature=a%2Bb%2Fc%3D&t=%7e"
)
BLOCKED = [
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://0X7F.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.0.0.1.:80/",
    "http://00000177.0.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[fd00:ec2::254]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
    "http://1.2.3/",
    "http://1.2.3.4.5/",
    "http://999.1.1.1/",
    "http://example.1/",
    "http://example.0x1/",
    "http://0x/",
    "http://①②⑦.⓪.⓪.①/",
    "https://192.168.0.1:8443/a?b",
    "https://172.31.255.255/",
]
BAD = [
    *[
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "data:image/png;base64,AA",
        "javascript:alert(1)",
        "//example.com/",
        "example.com/a.jpg",
        "http:///a",
        "http:a",
        "http://",
        "https://user:pass@example.com/",
        "http://user@example.com/",
        "http://:@example.com/",
        "http://@example.com/",
        "http://127.0.0.1\\@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com:99999/",
        "http://a..b/",
        "http://-a.com/",
        "http://ex%61mple.com/",
        "http://[::1",
        "http://[v1.x]/",
        "http://example.com:80:80/",
        "http://exam<ple.com/",
    ],
    "",
    "http://exa mple.com/",
    "http://example.com/a\r\nX-Injected: 1",
    "http://example.com/\x00",
    " http://example.com/",
    "http://example.com/" + "a" * 8_000,
    "http://" + "a" * 64 + ".com/",
]


def reason(text: str) -> FailureReason | None:
    target = parse_target(text, frozenset())
    return target.reason if isinstance(target, Failure) else None


@pytest.mark.parametrize("text", [*BLOCKED, "http://\uff11\uff12\uff17.0.0.1/"])
def test_a_literal_private_address_is_blocked_in_every_form(text: str) -> None:
    blocked = {FailureReason.BLOCKED_ADDRESS, FailureReason.BAD_URL}
    assert reason(text) in blocked
    if "[" not in text:
        assert reason(text) is FailureReason.BLOCKED_ADDRESS


@pytest.mark.parametrize("text", BAD)
def test_anything_but_a_plain_http_url_is_refused(text: str) -> None:
    assert reason(text) is FailureReason.BAD_URL


@pytest.mark.parametrize(
    "text",
    [
        SIGNED,
        "http://example.com",
        "HTTPS://EXAMPLE.COM/A",
        "http://8.8.8.8/",
        "http://[2606:4700::1111]:8080/",
        "https://a_b.example.com./x",
        "https://xn--bcher-kva.de/",
        "https://bücher.de/ü.jpg",
        "http://1e100.net/",
    ],
)
def test_a_public_url_may_be_requested(text: str) -> None:
    assert reason(text) is None


def test_a_signed_url_is_requested_byte_for_byte() -> None:
    """Its signature covers path and query as they were written."""
    target = parse_target(SIGNED, frozenset())
    assert isinstance(target, URL)
    assert str(target) == SIGNED
    assert target.raw_path_qs == SIGNED.removeprefix("https://p16-sign-va.tiktokcdn.com")


def test_exactly_the_allowed_sources_may_be_private() -> None:
    allowed = parse_allowed("127.0.0.1:8000, Localhost:8001 ,[::1]:8002")
    for text in ("http://127.0.0.1:8000/a", "http://LOCALHOST:8001/a", "http://[::1]:8002/"):
        assert isinstance(parse_target(text, allowed), URL)
    for text in (
        "http://127.0.0.1:8001/",
        "http://127.0.0.1/",
        "http://127.1:8000/",
        "http://u@127.0.0.1:8000/",
    ):
        assert isinstance(parse_target(text, allowed), Failure)


@pytest.mark.parametrize("text", ["127.0.0.1", "http://a:80", "a:b", ":80", "u@a:80", "a:80:90 c"])
def test_an_allowed_source_is_a_host_and_a_port(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        parse_allowed(text)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/b?c=%2B", "http://a.com:81/b?c=%2B"),
        ("b", "http://a.com:81/x/b"),
        ("//b.com/c", "http://b.com/c"),
        ("https://b.com/~c%7E", "https://b.com/~c%7E"),
        (" /a b.jpg?c=d e ", "http://a.com:81/a%20b.jpg?c=d%20e"),
        ("/zo\u00eb", "http://a.com:81/zo%C3%AB"),
        ("/zo\udceb", "http://a.com:81/zo%EB"),
        ("\\\\b.com\\c?d\\e", "http://b.com/c?d\\e"),
        ("/c%20d%2f", "http://a.com:81/c%20d%2f"),
    ],
)
def test_a_redirect_is_resolved_relative_to_its_origin(location: str, expected: str) -> None:
    assert next_hop(URL("http://a.com:81/x/y"), [location]) == URL(expected, encoded=True)


@pytest.mark.parametrize(
    "location", [[], [""], [" "], ["http://[::1"], ["/a\tb"], ["/" + "a" * 9_000]]
)
def test_an_unreadable_redirect_is_a_bad_url(location: list[str]) -> None:
    hop = next_hop(URL("http://a.com/"), location)
    assert isinstance(hop, Failure)
    assert hop.reason is FailureReason.BAD_URL


@given(st.text(max_size=60) | st.from_regex(r"https?://[ -~]{0,40}", fullmatch=True))
def test_any_text_is_checked_without_an_exception(text: str) -> None:
    assert isinstance(parse_target(text, frozenset()), URL | Failure)
