"""A cheap CDN: prepared covers, served by its own process. Edge (HTTP).

Any path ``/<bucket>/<object id>…`` returns one of the covers, made unique by a comment in the JPEG,
because two images with the same bytes would count as one. ``python -m tests.bench.cover_server
[demo|codes]`` serves until its stdin closes; its first line is its port. With ``demo`` the covers
are those of the demo, drawn once; with ``codes`` each is 64 px wide and shows the code in its URL.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web
from PIL import Image

from ops_dashboard.local.samples.cover_bytes import cover_body
from ops_dashboard.local.samples.cover_model import Cover
from ops_dashboard.local.samples.cover_swatch import draw_swatch
from tests.attack.harness.truth import code_in
from tests.bench.covers import covers
from tests.bench.measure import ROOT

_HOST = "127.0.0.1"
_DEMO_COVERS = 40
_CODE_PX = 64
_CODE_QUALITY = 90
_START_OF_IMAGE = b"\xff\xd8"
_COMMENT = b"\xff\xfe"


@contextmanager
def serving(*kind: str) -> Iterator[tuple[str, int]]:
    """Serve covers inside a ``with`` block; yields ``host:port`` and the process id."""
    child = subprocess.Popen(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "tests.bench.cover_server", *kind],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        port = int(child.stdout.readline())
        yield f"{_HOST}:{port}", child.pid
    finally:
        child.stdin.close()
        child.wait()
        child.stdout.close()


def signed_apart(cover: bytes, path: str) -> bytes:
    """Return a cover with a path's own comment in it."""
    comment = path.encode()[:200]
    length = (len(comment) + 2).to_bytes(2, "big")
    return _START_OF_IMAGE + _COMMENT + length + comment + cover.removeprefix(_START_OF_IMAGE)


def code_cover(path: str) -> bytes:
    """Return a small JPEG that shows the code in its path (`tests.attack.harness.truth`)."""
    code = code_in(path)
    assert code is not None, path
    picture = Image.new("RGB", (_CODE_PX, _CODE_PX), "white")
    draw_swatch(picture, *code)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_CODE_QUALITY, subsampling=0)
    return buffer.getvalue()


def _one_of(bodies: list[bytes]) -> Callable[[str], bytes]:
    """Return a function from a path to one of the covers, made unique."""
    return lambda path: signed_apart(bodies[zlib.crc32(path.encode()) % len(bodies)], path)


async def _serve(cover: Callable[[str], bytes]) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=cover(request.path), content_type="image/jpeg")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, _HOST, 0, backlog=512).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


def _demo_covers() -> list[bytes]:
    named = (
        Cover(object_id=f"{number:032x}", creator_index=number, caption="bench", number=number)
        for number in range(_DEMO_COVERS)
    )
    return [cover_body(cover).data for cover in named]


if __name__ == "__main__":
    if "codes" in sys.argv:
        asyncio.run(_serve(code_cover))
    else:
        asyncio.run(_serve(_one_of(_demo_covers() if "demo" in sys.argv else covers())))
