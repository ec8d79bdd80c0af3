"""Which requests the console accepts. Pure.

Four rules; each denies by default:

* **Host** must be an IP address, ``localhost`` or a name that the operator has allowed. Any other
  name may have been pointed here by an attacker (DNS rebinding).
* **Fetch metadata**: if the browser reports that another site sends the request, the request may
  only open a page.
* **Changes** (all methods but GET and HEAD) need the console's own Origin, and the change token,
  which only the console's own pages can read.
* **Beyond loopback**, everything but the sign-in page needs the access token, as a session cookie.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from urllib.parse import quote, urlsplit

import msgspec

CHANGE_HEADER = "X-Coverstream-Change"
MIN_TOKEN_CHARACTERS = 16
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_OWN_SITES = frozenset({"same-origin", "none"})
_OWN_PAGE = re.compile(r"/(?!/|api/|media/|login)[!-\[\]-~]*")
"""Path and query in ASCII without a backslash, which browsers take for a slash: never a host."""


class AccessDenial(StrEnum):
    """Why a request is denied, as the response says it."""

    HOST = "this host name is not allowed; start the console with --allow-host NAME"
    SITE = "requests from another site are not allowed"
    ORIGIN = "changes are accepted from the console's own pages only"
    CHANGE_TOKEN = "the console was restarted since this page was loaded; reload the page"  # noqa: S105 - a sentence
    ACCESS_TOKEN = "sign in with the access token that the console printed when it started"  # noqa: S105 - a sentence


class AccessRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a request that the rules check."""

    method: str
    path: str
    host: str
    headers: Mapping[str, str]
    """Case-insensitive, as in aiohttp."""
    session: str | None
    """Value of the session cookie."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """The access rules of one running console."""

    change_token: str
    """New for each start; every page contains it, and every change must send it."""
    access_token: str | None = None
    """None if only this machine can connect."""
    names: frozenset[str] = frozenset()
    """Allowed host names besides ``localhost`` and IP addresses, in lower case."""

    @property
    def session(self) -> str:
        """Value of the session cookie of a browser that has signed in."""
        return sha256(f"session {self.access_token}".encode()).hexdigest()

    def is_access_token(self, token: str) -> bool:
        """Return whether `token` is the access token; compares in constant time."""
        return self.access_token is not None and _same(token, self.access_token)

    def denial(self, request: AccessRequest) -> AccessDenial | None:
        """Return why a request is denied, or None if it is allowed."""
        if not self._is_allowed_host(request.host):
            return AccessDenial.HOST
        if not _is_own_site(request):
            return AccessDenial.SITE
        if request.method not in _SAFE_METHODS and (denial := self._change_denial(request)):
            return denial
        if self.access_token is not None and not is_public(request.path):
            is_signed_in = _same(request.session or "", self.session)
            return None if is_signed_in else AccessDenial.ACCESS_TOKEN
        return None

    def _change_denial(self, request: AccessRequest) -> AccessDenial | None:
        origin = urlsplit(request.headers.get("Origin", ""))
        if origin.scheme not in {"http", "https"} or origin.netloc != request.host:
            return AccessDenial.ORIGIN
        if request.path == "/login":  # a plain form, sent before any page could be read
            return None
        token = request.headers.get(CHANGE_HEADER, "")
        return None if _same(token, self.change_token) else AccessDenial.CHANGE_TOKEN

    def _is_allowed_host(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return name == "localhost" or name in self.names or is_ip_address(name)


def is_public(path: str) -> bool:
    """Return whether a path reveals nothing about the stack, and so needs no access token."""
    return path == "/login" or path.startswith("/static/")


def own_page(address: str) -> str:
    """Return path and query of one of the console's own pages; ``/`` for any other text."""
    return address if _OWN_PAGE.fullmatch(address) else "/"


def login_address(page: str) -> str:
    """Return the address of the sign-in form that leads back to `page`, a path with its query."""
    after = own_page(page)
    return "/login" if after == "/" else f"/login?next={quote(after, safe='')}"


def is_ip_address(host: str) -> bool:
    """Return whether a host is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether only this machine can connect to a server that is bound to `host`."""
    return host == "localhost" or (is_ip_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_own_site(request: AccessRequest) -> bool:
    """Return whether the request comes from the console's own page, or opens a page.

    Clients that send no fetch metadata are not browsers, and are allowed here.
    """
    if request.headers.get("Sec-Fetch-Site", "none") in _OWN_SITES:
        return True
    opens_page = request.headers.get("Sec-Fetch-Mode") == "navigate" and request.method == "GET"
    return opens_page and not request.path.startswith(("/api/", "/media/"))


def _same(one: str, other: str) -> bool:
    """Compare in constant time; headers may contain any bytes, as surrogates in aiohttp."""
    return hmac.compare_digest(
        one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass")
    )
