"""Who may ask the console for what. Pure.

Four doors, each shut by default:

* **Host** must be an address (a name can be pointed anywhere: DNS rebinding), ``localhost``, or a
  name that the operator gave.
* **Fetch metadata**: a browser says when another site asks; only opening a page is then allowed.
* **Changes** (all but GET and HEAD) need the console's own Origin and a token that only its own
  pages can read.
* **Beyond loopback** everything needs the access token, by cookie.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec

CHANGE_HEADER = "X-Coverstream-Change"
MIN_TOKEN_CHARACTERS = 16
_READING = frozenset({"GET", "HEAD"})
_OWN_SITES = frozenset({"same-origin", "none"})


class Refusal(StrEnum):
    """Why a request is not answered."""

    HOST = "this name is not one of the console's; start it with --allow-host NAME"
    SITE = "another site may not ask the console for this"
    ORIGIN = "a change has to come from the console's own pages"
    CHANGE_TOKEN = "the page is older than the console that runs now; load it again"  # noqa: S105 - a sentence
    ACCESS_TOKEN = "the access token is needed; the console printed it when it started"  # noqa: S105 - a sentence


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What of a request is judged."""

    method: str
    path: str
    host: str
    headers: Mapping[str, str]
    """Case-insensitive, as aiohttp has them."""
    session: str | None
    """Value of the session cookie."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one console."""

    change_token: str
    """New for each start; it is in every page, and every change has to bring it along."""
    access_token: str | None = None
    """None where only this machine can connect."""
    names: frozenset[str] = frozenset()
    """Host names besides ``localhost`` and addresses, in lower case."""

    @property
    def session(self) -> str:
        """What the session cookie holds for whoever knew the access token."""
        return sha256(f"session {self.access_token}".encode()).hexdigest()

    def opens(self, token: str) -> bool:
        """Tell whether this is the access token, in constant time."""
        return self.access_token is not None and _same(token, self.access_token)

    def refusal(self, request: Request) -> Refusal | None:
        """Return why a request is refused, None where it is not."""
        if not self._is_own_host(request.host):
            return Refusal.HOST
        if not _is_own_site(request):
            return Refusal.SITE
        if request.method not in _READING and (refusal := self._refused_change(request)):
            return refusal
        if self.access_token is not None and not is_open(request.path):
            return None if _same(request.session or "", self.session) else Refusal.ACCESS_TOKEN
        return None

    def _refused_change(self, request: Request) -> Refusal | None:
        origin = urlsplit(request.headers.get("Origin", ""))
        if origin.scheme not in {"http", "https"} or origin.netloc != request.host:
            return Refusal.ORIGIN
        if request.path == "/login":  # a plain form, sent before any page could be read
            return None
        brought = request.headers.get(CHANGE_HEADER, "")
        return None if _same(brought, self.change_token) else Refusal.CHANGE_TOKEN

    def _is_own_host(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return name == "localhost" or name in self.names or is_address(name)


def is_open(path: str) -> bool:
    """Tell whether a path shows nothing of the stack, and so needs no access token."""
    return path == "/login" or path.startswith("/static/")


def is_address(name: str) -> bool:
    """Tell whether a host is an IP address and no name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can connect to a server that is bound to `host`."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_own_site(request: Request) -> bool:
    """Tell whether a browser says that it is our page who asks, or a person who opens one."""
    if request.headers.get("Sec-Fetch-Site", "none") in _OWN_SITES:
        return True
    opens_page = request.headers.get("Sec-Fetch-Mode") == "navigate" and request.method == "GET"
    return opens_page and not request.path.startswith(("/api/", "/media/"))


def _same(one: str, other: str) -> bool:
    """Compare in constant time; a header may hold any bytes, which aiohttp has as surrogates."""
    return hmac.compare_digest(
        one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass")
    )
