"""Sample covers as values: identity, behaviour of their server, signed URLs. Pure.

The URLs look like TikTok's (docs/facts.md#cover-urls): bucket and object id in the path, then a
size template, with the expiry and a signature in the query. A request with a changed host,
path or query gets 403.
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
"""Region (``idc``) in which a cover with `Behaviour.GONE_IN_ONE_REGION` is missing."""

TEMPLATES = (
    "~tplv-tiktokx-360p.jpeg",
    "~tplv-tiktokx-360p.webp",
    "~tplv-noop.image",
    "~tplv-tiktokx-cropcenter:1080:1080.jpeg",
    "~tplv-photomode-shrink-v1:1080:0:q80.jpeg",
    "~tplv-dmt-logoccm:300:400:tos-maliva-i-68.jpeg",
    "~c5_300x400.jpeg",
)
"""Size templates of real URLs; they do not change what the server returns."""
NO_TEMPLATE = ""
"""The original object, without an extension."""

_PATH = re.compile(
    r"/(?:obj/|mirror/)?(?P<bucket>[a-z0-9-]+)/(?P<object_id>[0-9a-f]{32})(?:~[^/]*)?"
)


class Behaviour(StrEnum):
    """How the server responds to requests for a cover."""

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
        """Whether the image cannot be downloaded, however often it is requested."""
        return self in FAILING


FAILING = (Behaviour.NOT_FOUND, Behaviour.FORBIDDEN, Behaviour.HTML, Behaviour.TRUNCATED)
"""Behaviours that leave a cell of the collage empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """One cover of one creator, as the server has it."""

    object_id: str  # 32 hexadecimal digits, unique among the covers of a server
    creator_index: int
    caption: str  # its label; ASCII, because the font has nothing else
    number: int  # running number of the creator's covers, from 1
    behaviour: Behaviour = Behaviour.JPEG
    bucket: str = "tos-maliva-p-0068"
    obj_prefix: bool = True

    @property
    def identity(self) -> str:
        """``bucket/object id``, the same under every signature and template."""
        return f"{self.bucket}/{self.object_id}"

    def path(self, template: str) -> str:
        """Return the path of the cover's URL with a size template."""
        return f"/{'obj/' * self.obj_prefix}{self.identity}{template}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSigner:
    """Creates and checks the signatures of one cover server."""

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
        """Return the query string of a path's URL that is valid until `expires_s`."""
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
        """Return whether a request's signature is this server's and has not expired."""
        if not expires.isdecimal() or int(expires) <= now_s:
            return False
        ours = self.signature(path, int(expires))
        return hmac.compare_digest(ours.encode(), signature.encode())


def object_id_of(path: str) -> str | None:
    """Return the object id in a decoded path, or None if it is not a cover's."""
    match = _PATH.fullmatch(path)
    return match["object_id"] if match else None
