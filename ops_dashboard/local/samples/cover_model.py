"""Sample covers as values: what each is, how its server behaves, and its signed URLs. Pure.

The URLs look like TikTok's (docs/facts.md#cover-urls): bucket and object id in the path, then a
size template, with the expiry and a signature in the query. As there, whoever changes host, path or
query of a signed URL gets 403.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode

HOUR_S = 3_600
DEAD_REGION = "useast8"
"""Region (``idc``) of the URLs that a cover with `Behaviour.GONE_IN_ONE_REGION` does not answer."""

TEMPLATES = (
    "~tplv-tiktokx-360p.jpeg",
    "~tplv-tiktokx-360p.webp",
    "~tplv-noop.image",
    "~tplv-tiktokx-cropcenter:1080:1080.jpeg",
    "~tplv-photomode-shrink-v1:1080:0:q80.jpeg",
    "~tplv-dmt-logoccm:300:400:tos-maliva-i-68.jpeg",
    "~c5_300x400.jpeg",
)
"""Size templates as seen in the wild; which one a URL has does not change what it answers."""
NO_TEMPLATE = ""
"""The original object, without an extension."""

_PATH = re.compile(
    r"/(?:obj/|mirror/)?(?P<bucket>[a-z0-9-]+)/(?P<object_id>[0-9a-f]{32})(?:~[^/]*)?"
)


class Behaviour(StrEnum):
    """How the server answers requests for a cover."""

    JPEG = "jpeg"
    LARGE_JPEG = "large-jpeg"  # 1080 px wide
    WEBP = "webp"
    ANIMATED_WEBP = "animated-webp"  # the first frame is the cover
    PNG_ALPHA = "png-alpha"  # transparent upper corners, magenta under the transparency
    CMYK_JPEG = "cmyk-jpeg"
    ROTATED_JPEG = "rotated-jpeg"  # upright only once its EXIF orientation, 6, is applied
    FLAKY = "flaky"  # the first request gets 500
    THROTTLED = "throttled"  # the first request gets 429 with Retry-After
    REDIRECTED = "redirected"  # 302 to another path of this server
    GONE_IN_ONE_REGION = "gone-in-one-region"  # 404 where idc is `DEAD_REGION`
    NOT_FOUND = "not-found"  # 404
    FORBIDDEN = "forbidden"  # 403 whatever the signature
    HTML = "html"  # 200 with a web page
    TRUNCATED = "truncated"  # the first half of a JPEG

    @property
    def fails(self) -> bool:
        """Whether there is no picture to be had, however often one asks."""
        return self in FAILING


FAILING = (Behaviour.NOT_FOUND, Behaviour.FORBIDDEN, Behaviour.HTML, Behaviour.TRUNCATED)
"""Behaviours that leave a cell of the collage empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """One picture of one creator, as the cover server has it."""

    object_id: str  # 32 hexadecimal digits, unique among the covers of a server
    creator_index: int
    caption: str  # what is written on it; ASCII, which is all that the font has
    number: int  # running number of the creator's covers, from 1
    behaviour: Behaviour = Behaviour.JPEG
    bucket: str = "tos-maliva-p-0068"
    obj_prefix: bool = True

    @property
    def identity(self) -> str:
        """``bucket/object id``: what stays the same under every signature and template."""
        return f"{self.bucket}/{self.object_id}"

    def path(self, template: str) -> str:
        """Path of the cover's URL with a size template."""
        return f"/{'obj/' * self.obj_prefix}{self.identity}{template}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSigner:
    """Makes and checks the signatures of one cover server."""

    base_url: str  # http://127.0.0.1:PORT
    secret: bytes

    def url(
        self, cover: Cover, template: str, expires_s: int, region: str = "maliva", nonce: int = 0
    ) -> str:
        """Return a signed URL; `expires_s` is in Unix seconds, a full hour as TikTok's are."""
        path = cover.path(template)
        query = self.query(path, expires_s, region, nonce)
        return f"{self.base_url}{quote(path, safe='/~:')}?{query}"

    def query(self, path: str, expires_s: int, region: str, nonce: int = 0) -> str:
        """Return the query that makes a path valid until `expires_s`."""
        fields = {
            "lk3s": hashlib.blake2s(path.encode(), digest_size=4).hexdigest(),
            "nonce": nonce,
            "x-expires": expires_s,
            "x-signature": self.signature(path, expires_s),
            "shp": "81f88b70",
            "idc": region,
        }
        return urlencode(fields)

    def signature(self, path: str, expires_s: int) -> str:
        """Return the base64 signature of a decoded path and its expiry."""
        digest = hmac.digest(self.secret, f"{path}?{expires_s}".encode(), "sha1")
        return base64.b64encode(digest).decode()

    def is_valid(self, path: str, expires: str, signature: str, now_s: float) -> bool:
        """Tell whether a request's signature is ours and still lives."""
        if not expires.isdecimal() or int(expires) <= now_s:
            return False
        ours = self.signature(path, int(expires))
        return hmac.compare_digest(ours.encode(), signature.encode())


def object_id_of(path: str) -> str | None:
    """Return the object id in a decoded path, None where it is not a cover's."""
    match = _PATH.fullmatch(path)
    return match["object_id"] if match else None
