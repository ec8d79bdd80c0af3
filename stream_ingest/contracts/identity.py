"""The identity of a cover URL's image, and when the URL expires. Pure.

A TikTok CDN URL is ``https://HOST/[obj/]BUCKET/OBJECT_ID[~TEMPLATE].EXT?x-expires=…&x-signature=…``.
Host, template, extension and query change from one scrape to the next; ``BUCKET/OBJECT_ID`` is the
API's own `uri` of the image and stays. For any other host the identity is the URL without the
parameters that only sign it. Source: shapes collected in public code and issues (TikTok-Api#516).
"""

from __future__ import annotations

import re
from hashlib import blake2b

FINGERPRINT_BYTES = 6

_PLAIN_TIKTOK = re.compile(
    r"https://[a-z0-9.\-]+/(?:(?:obj|img)/)?([\w\-]+/[\w\-]+)~tplv-", re.ASCII
)
"""The form of nearly all URLs, which needs none of the checks that other URLs need."""
_SIGNED_TIKTOK = re.compile(
    _PLAIN_TIKTOK.pattern
    + r"""[!"$%'->@-\[\]-~]*\?(?:[!"$%'-\[\]-~]*&)*?x-expires=(\d{1,12})(?:&[!"$-\[\]-~]*)?""",
    re.ASCII,
)
"""The same form with an expiry, matched up to the URL's end; no fragment."""
_TIKTOK_PATH = re.compile(
    r"(?i:https?)://(?P<host>[^/?#]+)/(?:(?:obj|img)/)?"
    r"(?P<object>[^/?#~]+/(?:(?!%7[eE])[^?#~])+)(?P<template>(?:~|%7[eE])tplv-)?"
)
_EXTENSION = re.compile(r"(?<=[^/])\.(?:jpe?g|webp|hei[cf]|image|png|avif|gif)\Z", re.IGNORECASE)
_TIKTOK_HOST = re.compile(
    r"(?:^|\.)(?:tiktokcdn(?:-[a-z0-9]+)?\.(?:com|net)|ibyteimg\.com|ibytedtos\.com|byteoversea\.com"
    r"|muscdn\.com|douyinpic\.com)(?::\d+)?$"
)
_EXPIRES = re.compile(r"[?&]x-expires=(\d{1,12})(?=[&#]|$)")
_EXPIRY, _USUAL_DIGITS = "x-expires=", 10
"""The expiry of nearly all URLs is read without a regular expression: it is the fold's hot path."""
_SIGNING = frozenset(
    {
        "x-expires",
        "x-signature",
        "expires",
        "signature",
        "policy",
        "key-pair-id",
        "sig",
        "awsaccesskeyid",
        "googleaccessid",
    }
)
_SIGNING_PREFIXES = ("x-amz-", "x-goog-")


def signed_image(url: str) -> tuple[str, int] | None:
    """Return `image_identity` and `expires_at` of a URL in TikTok's usual signed form, else None.

    One match replaces three. A URL that matches can be fetched: it is ASCII with a host, and has
    no space, control character or backslash.
    """
    signed = _SIGNED_TIKTOK.fullmatch(url)
    return (signed[1], int(signed[2])) if signed else None


def image_identity(url: str) -> str:
    """Return the part of a URL that does not change when it is signed again."""
    plain = _PLAIN_TIKTOK.match(url)
    return plain[1] if plain else _identity_of_other(url)


def _identity_of_other(url: str) -> str:
    match = _TIKTOK_PATH.match(url)
    if match and (
        match["template"]
        or match["object"].startswith("tos-")
        or _TIKTOK_HOST.search(match["host"].lower())
    ):
        return _EXTENSION.sub("", match["object"])
    return _unsigned(url)


def _unsigned(url: str) -> str:
    bare, _, _fragment = url.partition("#")
    base, _, query = bare.partition("?")
    scheme, _, rest = base.partition("://")
    host, slash, path = rest.partition("/")
    kept = [part for part in query.split("&") if part and not _signs(part)]
    address = f"{scheme.lower()}://{host.lower()}{slash}{path}"
    return f"{address}?{'&'.join(kept)}" if kept else address


def _signs(parameter: str) -> bool:
    name = parameter.partition("=")[0].lower()
    return name in _SIGNING or name.startswith(_SIGNING_PREFIXES)


def expires_at(url: str) -> int | None:
    """Return the UTC epoch second from which the URL answers 403, or None if it does not say."""
    at = url.find(_EXPIRY)
    if at <= 0:
        return None
    start = at + len(_EXPIRY)
    end = start + _USUAL_DIGITS
    if url[start:end].isdecimal() and url[end : end + 1] in "&#" and url[at - 1] in "?&":
        return int(url[start:end])
    match = _EXPIRES.search(url, at - 1)
    return int(match[1]) if match else None


def fingerprint(identity: str) -> bytes:
    """Return a 48-bit hash of an identity for the dedup memory.

    The probability that an image collides with one of 100 others of its creator is 4 in 10^13; with
    one of 32,000, the maximum that is remembered, 1 in 10^10.
    """
    return blake2b(identity.encode(), digest_size=FINGERPRINT_BYTES).digest()
