"""The console's own scripts and styles, and uPlot's, held in memory. Edge (disk, at the start).

uPlot (MIT) draws the charts: 33 KB over the wire against 351 KB of Bokeh and 1.4 MB of Plotly. It
comes from the PyPI package `uplot-python`, whose Python is never imported: hatch_build.py copies
its files into the wheel, a checkout has the package itself.
"""

from __future__ import annotations

import gzip
from hashlib import sha256
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path

import msgspec
from aiohttp import web

_OWN = Path(__file__).parent / "static"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_UPLOT = ("uPlot.iife.js", "uPlot.min.css")


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One file, as it is and compressed."""

    body: bytes
    packed: bytes
    kind: str
    tag: str


class Assets:
    """All files under ``/static/``; nothing else can be asked for, whatever the path says."""

    def __init__(self) -> None:
        """Read every file once."""
        paths = [path for path in _OWN.iterdir() if path.suffix in _TYPES]
        paths += [chart_library() / name for name in _UPLOT]
        self._files = {path.name: _read(path) for path in paths}

    def total_bytes(self) -> int:
        """Return what a browser would load for all of them, compressed."""
        return sum(len(asset.packed) for asset in self._files.values())

    async def get(self, request: web.Request) -> web.Response:
        """Answer with a file, or that the browser's copy is still good."""
        asset = self._files.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound(text="no such file")
        headers = {
            "ETag": asset.tag,
            "Cache-Control": "no-cache",
            "Content-Type": asset.kind,
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("If-None-Match") == asset.tag:
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=asset.packed, headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=asset.body, headers=headers)


def chart_library() -> Path:
    """Return the folder of uPlot's files; raises `FileNotFoundError` if there is none."""
    packed = Path(__file__).parent / "uplot"
    if packed.is_dir():
        return packed
    spec = find_spec("uplot")
    if spec is None or not spec.submodule_search_locations:
        msg = "uPlot is not installed: run make setup"
        raise FileNotFoundError(msg)
    return Path(spec.submodule_search_locations[0]) / "static"


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(
        body=body,
        packed=gzip.compress(body, 9, mtime=0),
        kind=_TYPES[path.suffix],
        tag=f'"{sha256(body).hexdigest()[:20]}"',
    )
