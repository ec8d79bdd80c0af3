"""The console's scripts and styles, and uPlot's, served from disk. Edge (disk).

uPlot (MIT) draws the charts: 33 KB compressed, against 351 KB for Bokeh and 1.4 MB for Plotly. It
comes from the PyPI package `uplot-python`, whose Python code is never imported: `hatch_build.py`
copies the files into the wheel, and a checkout has the package itself.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from aiohttp import web

_FOLDER = Path(__file__).parent / "static"
_CONTENT_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_UPLOT = ("uPlot.iife.js", "uPlot.min.css")


class Assets:
    """Serves ``/static/{name}`` from a fixed list of files, so no path can escape the folders."""

    def __init__(self) -> None:
        """List the files; raises `FileNotFoundError` if uPlot is not installed."""
        paths = [path for path in _FOLDER.iterdir() if path.suffix in _CONTENT_TYPES]
        paths += [chart_library() / name for name in _UPLOT]
        self._paths = {path.name: path for path in paths}

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the files."""
        return [web.get("/static/{name}", self._get)]

    async def _get(self, request: web.Request) -> web.StreamResponse:
        """Return a file, compressed if the browser accepts that; 304 if its copy is current."""
        path = self._paths.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound(text="no such file")
        headers = {
            "Cache-Control": "no-cache",  # may be stored, but not used without asking again
            "Content-Type": _CONTENT_TYPES[path.suffix],  # the system's MIME table may differ
            "Vary": "Accept-Encoding",
        }
        response = web.FileResponse(path, headers=headers)
        response.enable_compression()
        return response


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
