"""The page that a link opens, and its files. Edge (disk).

The page is the same for every link, also for one that does not exist: which it is, is after the
``#`` of the address and is sent only in the body of requests.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

from rendition_lambda import uploading
from rendition_lambda.extensions import ACCEPT
from rendition_lambda.links.requests import answer

_FOLDERS = (Path(__file__).parent / "page", Path(uploading.__file__).parent / "browser")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
_INDEX = "index.html"
_CACHE = "no-cache"


class Pages:
    """The files of the page, read once."""

    def __init__(self, upload_origin: str) -> None:
        """Allow the page to send files to `upload_origin`, and nothing anywhere else."""
        paths = (path for folder in _FOLDERS for path in folder.iterdir())
        self._files = {path.name: path.read_bytes() for path in paths}
        page = Template(self._files[_INDEX].decode())
        self._files[_INDEX] = page.substitute(accept=ACCEPT).encode()
        self._policy = (
            f"default-src 'none'; script-src 'self'; style-src 'self';"
            f" connect-src 'self' {upload_origin}; base-uri 'none'; form-action 'none';"
            " frame-ancestors 'none'"
        )

    def find(self, name: str) -> dict[str, Any] | None:
        """Return the answer with a file, None if there is none; ``""`` is the page."""
        file = name or _INDEX
        body = self._files.get(file)
        if body is None:
            return None
        return answer(200, body, _TYPES[Path(file).suffix], _CACHE, self._policy)
