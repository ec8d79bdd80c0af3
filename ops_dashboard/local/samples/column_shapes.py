"""How scrapers store cover URLs in a text column (docs/facts.md#cover-columns). Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple


class CoverUrls(NamedTuple):
    """The URLs of one cover: several of the same image, and one of its animated cover."""

    urls: Sequence[str]  # at least three, best first
    animated: str  # of another object, to be used only if there is no static cover


Shape = Callable[[CoverUrls], str]


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _mobile(links: CoverUrls) -> dict[str, object]:
    return {"uri": "tos-maliva-p-0068", "url_list": [*links.urls], "width": 720, "height": 720}


SHAPES: dict[str, Shape] = {
    "mobile": lambda links: _dump(_mobile(links)),
    "mobile cover": lambda links: _dump({"cover": {"url_list": [*links.urls]}}),
    "web": lambda links: _dump(
        {"cover": links.urls[0], "originCover": links.urls[1], "dynamicCover": links.animated}
    ),
    "animated first": lambda links: _dump(
        {"dynamicCover": {"url_list": [links.animated]}, "cover": {"url_list": [*links.urls]}}
    ),
    "tikwm": lambda links: _dump(
        {"cover": links.urls[0], "origin_cover": links.urls[1], "ai_dynamic_cover": links.animated}
    ),
    "apify": lambda links: _dump({"videoMeta": {"coverUrl": links.urls[0]}}),
    "display api": lambda links: _dump({"cover_image_url": links.urls[0]}),
    "oembed": lambda links: _dump({"thumbnail_url": links.urls[0]}),
    "video origin cover": lambda links: _dump({"video_origin_cover": links.urls[0]}),
    "list": lambda links: _dump([*links.urls]),
    "json string": lambda links: _dump(links.urls[0]),
    "raw url": lambda links: links.urls[0],
    "escaped slashes": lambda links: _dump(_mobile(links)).replace("/", "\\/"),
    "escaped ampersands": lambda links: _dump(_mobile(links)).replace("&", "\\u0026"),
    "json in json": lambda links: _dump(_dump(_mobile(links))),
    "ftp first": lambda links: _dump({"url_list": ["ftp://cdn.example.com/1.jpeg", *links.urls]}),
}
"""Formats with a static cover, by name."""

SHAPES_WITHOUT_ANIMATED = tuple(
    name for name in SHAPES if name not in {"web", "animated first", "tikwm"}
)
"""For covers that fail: without an animated cover, which might replace them."""

SHAPES_WITH_ALL_URLS = ("mobile", "mobile cover", "list", "escaped slashes", "json in json")
"""For covers whose first URL is dead: these contain the other URLs too."""


def animated_only(url: str) -> str:
    """Return a cover column with an animated cover only."""
    return _dump({"dynamicCover": url})


BAD_JSON: tuple[Shape, ...] = (
    lambda links: _dump({"url_list": [*links.urls]})[:16],  # the column was far too short
    lambda _: '{"url_list": [',
    lambda _: '{"cover": "unavailable"',
    lambda _: "cover unavailable",
)
"""Columns that are invalid JSON, or neither JSON nor a URL."""

NO_URL: tuple[str | None, ...] = (
    None,
    "",
    "n/a",
    "null",
    '""',
    "{}",
    "[]",
    '{"url_list":[]}',
    '{"cover":null}',
    '{"cover":{"url_list":[]}}',
)
"""Columns without any URL."""

BAD_URL = (
    '{"url_list":["ftp://cdn.example.com/cover.jpeg"]}',
    '{"cover":"javascript:alert(1)"}',
    '{"cover":"file:///etc/passwd"}',
    '{"url_list":["http:///obj/no-host.jpeg"]}',
    "ftp://cdn.example.com/raw.jpeg",
)
"""Columns whose URLs are not http or https with a host."""
