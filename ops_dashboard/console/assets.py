"""The console's scripts and styles, and uPlot's, read at the start and served. Edge (disk).

Files of subfolders are served beside the others, so their names differ from all others. All are
below a folder that is named after their content, so a browser asks for each once: scripts import
each other by relative addresses, which stay in that folder.

uPlot (MIT) draws the charts: 33 KB compressed, against 351 KB for Bokeh and 1.4 MB for Plotly. It
comes from the PyPI package `uplot-python`, whose Python code is never imported: `hatch_build.py`
copies the files into the wheel, and a checkout has the package itself.

docs/adr/0046-static-files-in-memory.md says why aiohttp's own static files are not used.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from hashlib import sha256
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path

import msgspec
from aiohttp import web

from rendition_lambda import uploading

_FOLDERS = (Path(__file__).parent / "static", Path(uploading.__file__).parent / "browser")
"""The second one has the scripts that the page of upload links uses, too."""
_CONTENT_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_UPLOT = ("uPlot.iife.js", "uPlot.min.css")
_IMPORT = re.compile(r'^(?:import|export)\b[^;]*?"\./([^"]+)";', re.MULTILINE)
_VERSION_DIGITS = 12
_YEAR_S = 365 * 86_400


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One file, uncompressed and compressed."""

    body: bytes
    gzipped: bytes
    content_type: str
    etag: str


class Assets:
    """Serves ``/static/{version}/{name}`` from a fixed list, so no path can escape the folders."""

    def __init__(self) -> None:
        """Read every file once; raises `FileNotFoundError` if uPlot is not installed."""
        found = (path for folder in _FOLDERS for path in folder.rglob("*"))
        paths = [path for path in found if path.suffix in _CONTENT_TYPES]
        paths += [chart_library() / name for name in _UPLOT]
        self._assets = {path.name: _read(path) for path in paths}
        every = "".join(f"{name} {self._assets[name].etag}\n" for name in sorted(self._assets))
        self.folder = f"/static/{sha256(every.encode()).hexdigest()[:_VERSION_DIGITS]}"
        """The address below which pages find the files."""

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the files."""
        return [web.get("/static/{version}/{name}", self._get)]

    def has(self, name: str) -> bool:
        """Return whether there is a file of this name."""
        return name in self._assets

    def imports(self, names: Iterable[str]) -> list[str]:
        """Return the scripts that some scripts import, and what those import, without themselves.

        A page names them, so that the browser requests all at once and not one level after another.
        """
        chosen = dict.fromkeys(names)
        found = list(chosen)
        for name in found:  # grows
            imported = _IMPORT.findall(self._assets[name].body.decode())
            found += [each for each in dict.fromkeys(imported) if each not in found]
        return [name for name in found if name not in chosen]

    async def _get(self, request: web.Request) -> web.Response:
        """Return a file, compressed if the browser accepts that; 304 if its copy is current.

        A page of another release has another folder: it gets the files of this one, not to be kept.
        """
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound(text="no such file")
        is_current = request.path.startswith(f"{self.folder}/")
        headers = {
            "ETag": asset.etag,
            "Cache-Control": f"max-age={_YEAR_S}, immutable" if is_current else "no-cache",
            "Content-Type": asset.content_type,
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("If-None-Match") == asset.etag:
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return web.Response(body=asset.gzipped, headers=headers)
        return web.Response(body=asset.body, headers=headers)


def chart_library() -> Path:
    """Return the folder that contains uPlot's files; raises `FileNotFoundError` without it."""
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
        gzipped=gzip.compress(body, 9, mtime=0),
        content_type=_CONTENT_TYPES[path.suffix],
        etag=f'"{sha256(body).hexdigest()[:20]}"',
    )
