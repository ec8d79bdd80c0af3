"""Which addresses of a CDN are those of removed outputs. Pure.

A CDN keeps a copy for each value of ``v`` that anybody has asked for, so a path ends in ``*``,
which stands for all of them. The outputs of a photo begin alike, so one path covers them together:
CloudFront bills by the path, and takes 15 with ``*`` at a time (Amazon CloudFront Developer Guide,
"Invalidation paths" and "Concurrent invalidation request maximum").
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

SERVED = "renditions/"
"""Beginning of the keys that a CDN may read."""
_AS_IN_ADDRESSES = "/~"
_NEVER_UNSAFE = "/!$&'()+,:;=@"
"""What RFC 1738 does not call unsafe: CloudFront asks that nothing but unsafe characters be
encoded. (A ``*`` is encoded, which is a wildcard.)"""


def invalidation_paths(keys: Iterable[str]) -> list[str]:
    """Return the paths to invalidate when these outputs of one photo were removed.

    A name with characters that need not be encoded in an address, such as brackets, has two paths:
    as in the photo's addresses, and as CloudFront asks for it.
    """
    served = sorted(key for key in keys if key.startswith(SERVED))
    if not served:
        return []
    beginning = _common_beginning(served[0], served[-1])
    in_addresses = quote(beginning, safe=_AS_IN_ADDRESSES)
    as_asked = quote(beginning, safe=_NEVER_UNSAFE).replace("~", "%7E")
    return [f"/{form}*" for form in dict.fromkeys((in_addresses, as_asked))]


def _common_beginning(first: str, last: str) -> str:
    """Return how all of some sorted texts begin, given the first and the last."""
    pairs = enumerate(zip(first, last, strict=False))
    return first[: next((at for at, (one, other) in pairs if one != other), len(first))]
