"""A cheap CDN: prepared covers, served by its own process. Edge (HTTP).

Any path ``/<bucket>/<object id>…`` returns one of the covers, made unique by a comment in the JPEG,
because two images with the same bytes would count as one. ``python -m tests.bench.cover_server
[photographs|demo|codes] [--tls FILE]`` serves until its stdin closes; its first line is its port.
With ``demo`` the covers are those of the demo, drawn once; with ``codes`` each is 64 px wide and
shows the code in its URL. With ``--tls`` it serves HTTPS, with the key and certificates in FILE.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import ssl
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
from tests.bench.certificates import Certificates
from tests.bench.covers import covers
from tests.bench.measure import ROOT

HOST = "127.0.0.1"
_DEMO_COVERS = 40
_CODE_PX = 64
_CODE_QUALITY = 90
_START_OF_IMAGE = b"\xff\xd8"
_COMMENT = b"\xff\xfe"


@contextmanager
def serving(
    kind: str = "photographs", *, certificates: Certificates | None = None
) -> Iterator[tuple[str, int]]:
    """Serve covers inside a ``with`` block; yields ``host:port`` and the process id.

    With certificates it serves HTTPS, else HTTP.
    """
    tls = [] if certificates is None else [f"--tls={certificates.server}"]
    child = subprocess.Popen(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "tests.bench.cover_server", kind, *tls],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        port = int(child.stdout.readline())
        yield f"{HOST}:{port}", child.pid
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


async def _serve(cover: Callable[[str], bytes], tls: ssl.SSLContext | None) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=cover(request.path), content_type="image/jpeg")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0, backlog=512, ssl_context=tls).start()
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


_COVERS = {
    "photographs": lambda: _one_of(covers()),
    "demo": lambda: _one_of(_demo_covers()),
    "codes": lambda: code_cover,
}
"""For each kind, what returns a function from a path to a cover."""


def main() -> None:
    """Serve what the arguments say."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("kind", nargs="?", choices=_COVERS, default="photographs")
    arguments.add_argument("--tls")
    chosen = arguments.parse_args()
    tls = None
    if chosen.tls:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(chosen.tls)
    asyncio.run(_serve(_COVERS[chosen.kind](), tls))


if __name__ == "__main__":
    main()
