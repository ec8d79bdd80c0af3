"""The cover server over HTTP: each behaviour must be exactly as documented."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import aiohttp
import pytest
from PIL import Image

from ops_dashboard.local.samples.cover_model import DEAD_REGION, TEMPLATES, Behaviour, Cover
from ops_dashboard.local.samples.cover_server import CoverServer
from ops_dashboard.local.samples.cover_swatch import read_swatch

EXPIRES_S = (int(time.time()) // 3600 + 24) * 3600


class Answer(NamedTuple):
    status: int
    content_type: str
    data: bytes
    headers: dict[str, str]


def a_cover(behaviour: Behaviour = Behaviour.JPEG, number: int = 1) -> Cover:
    return Cover(
        object_id=f"{number:032x}",
        creator_index=2,
        caption="a.creator",
        number=number,
        behaviour=behaviour,
    )


async def fetch(*urls: str) -> list[Answer]:
    """Request all URLs at once, following redirects."""
    async with aiohttp.ClientSession() as session:

        async def one(url: str) -> Answer:
            async with session.get(url) as response:
                data = await response.read()
                return Answer(response.status, response.content_type, data, dict(response.headers))

        return await asyncio.gather(*map(one, urls))


def get(url: str) -> Answer:
    return asyncio.run(fetch(url))[0]


@pytest.fixture(scope="module")
def server() -> Iterator[CoverServer]:
    with CoverServer() as running:
        yield running


def url_of(server: CoverServer, cover: Cover, region: str = "maliva") -> str:
    server.add([cover])
    return server.signer.url(cover, TEMPLATES[0], EXPIRES_S, region)


def test_a_signed_url_returns_the_labelled_cover(server: CoverServer) -> None:
    answer = get(url_of(server, a_cover(number=10)))
    assert (answer.status, answer.content_type) == (200, "image/jpeg")
    assert read_swatch(Image.open(io.BytesIO(answer.data))) == (2, 10)


def test_the_bytes_of_an_object_do_not_depend_on_the_template(server: CoverServer) -> None:
    cover = a_cover(number=11)
    server.add([cover])
    urls = [server.signer.url(cover, template, EXPIRES_S) for template in TEMPLATES]
    answers = asyncio.run(fetch(*urls))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert server.requests[cover.object_id] == len(TEMPLATES)


@pytest.mark.parametrize(
    ("old", "new"), [("x-signature=", "x-signature=A"), ("360p", "720p"), ("x-signature", "sig")]
)
def test_a_rewritten_url_is_forbidden(server: CoverServer, old: str, new: str) -> None:
    url = url_of(server, a_cover(number=12))
    assert get(url.replace(old, new, 1)).status == 403


def test_an_expired_url_is_forbidden() -> None:
    """By the server's clock, which a test may set."""
    with CoverServer(clock=lambda: EXPIRES_S) as late:
        assert get(url_of(late, a_cover())).status == 403


def test_an_unknown_object_is_not_found(server: CoverServer) -> None:
    assert get(server.signer.url(a_cover(number=999), TEMPLATES[0], EXPIRES_S)).status == 404


@pytest.mark.parametrize(
    ("behaviour", "statuses"),
    [
        (Behaviour.NOT_FOUND, [404, 404]),
        (Behaviour.FORBIDDEN, [403, 403]),
        (Behaviour.FLAKY, [500, 200, 200]),
        (Behaviour.THROTTLED, [429, 200, 200]),
        (Behaviour.REDIRECTED, [200, 200]),
        (Behaviour.HTML, [200]),
        (Behaviour.TRUNCATED, [200]),
    ],
)
def test_a_cover_responds_by_its_behaviour(
    server: CoverServer, behaviour: Behaviour, statuses: list[int]
) -> None:
    cover = a_cover(behaviour, number=100 + list(Behaviour).index(behaviour))
    url = url_of(server, cover)
    assert [get(url).status for _ in statuses] == statuses


def test_only_one_of_many_requests_at_once_fails_for_a_flaky_cover(server: CoverServer) -> None:
    url = url_of(server, a_cover(Behaviour.FLAKY, number=130))
    answers = asyncio.run(fetch(*[url] * 8))
    assert sorted(answer.status for answer in answers) == [200] * 7 + [500]


def test_a_throttled_cover_sends_retry_after(server: CoverServer) -> None:
    for number, seconds in ((140, "0"), (141, "1")):
        answer = get(url_of(server, a_cover(Behaviour.THROTTLED, number=number)))
        assert answer.headers["Retry-After"] == seconds


def test_a_redirected_cover_is_served_from_another_path(server: CoverServer) -> None:
    cover = a_cover(Behaviour.REDIRECTED, number=150)
    answer = get(url_of(server, cover))
    assert read_swatch(Image.open(io.BytesIO(answer.data))) == (2, 150)
    assert server.answers[cover.object_id, 302] == 1
    assert server.answers[cover.object_id, 200] == 1


def test_a_cover_may_be_gone_in_one_region_only(server: CoverServer) -> None:
    cover = a_cover(Behaviour.GONE_IN_ONE_REGION, number=160)
    assert get(url_of(server, cover, DEAD_REGION)).status == 404
    assert get(url_of(server, cover)).status == 200


def test_a_switched_off_server_refuses_connections_and_keeps_its_counts() -> None:
    with CoverServer() as running:
        cover = a_cover()
        url = url_of(running, cover)
        assert get(url).status == 200
        running.switch_off()
        running.switch_off()
        with pytest.raises(aiohttp.ClientConnectorError):
            get(url)
    assert running.requests == {cover.object_id: 1}


def test_two_servers_do_not_accept_each_others_urls() -> None:
    with CoverServer() as one, CoverServer() as other:
        assert one.address != other.address
        url = url_of(one, a_cover())
        other.add([a_cover()])
        assert get(url.replace(one.address, other.address)).status == 403


def test_a_taken_port_is_an_error_and_leaves_no_thread(server: CoverServer) -> None:
    threads = threading.active_count()
    second = CoverServer(port=int(server.address.rpartition(":")[2]))
    with pytest.raises(OSError, match=r"Errno"), second:
        pass
    assert threading.active_count() == threads
