"""Middleware of every request: access rules, error responses, security headers. Edge (aiohttp)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as AwsConnectionError

from ops_dashboard.console.access import Access, AccessDenial, AccessRequest, login_address
from stream_ingest.aws.plain_errors import plain_errors
from stream_ingest.contracts.errors import (
    CoverstreamError,
    NotFoundError,
    TransientError,
    UserError,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ErrorPage = Callable[[web.Request, str, int], web.Response]
_LOG = logging.getLogger(__name__)
_NO_PAGES = ("/api/", "/media/", "/static/")
"""Beginnings of paths that scripts request, which get an error as JSON and not as a page, unless a
link leads there: then a browser asks for `_HTML`."""
_HTML = "text/html"
UPLOADING = "/photos"
"""Path of the page that sends files to S3."""
SESSION_COOKIE = "coverstream-console"
_SESSION_S = 12 * 3600


class Origins(msgspec.Struct, frozen=True, kw_only=True):
    """Origins besides its own that the console's pages may use: those of S3."""

    images: tuple[str, ...]
    uploads: tuple[str, ...] = ()
    """Where the page `UPLOADING` may send files."""


def content_security_policy(origins: Origins, path: str = "/") -> str:
    """Return the policy of a page: own scripts and styles, images from S3, too.

    Only the page of photos may send requests to other origins.
    """
    uploads = origins.uploads if path == UPLOADING else ()
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            " ".join(("img-src 'self' data:", *origins.images)),
            " ".join(("connect-src 'self'", *uploads)),
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def security_headers(origins: Origins, path: str = "/") -> dict[str, str]:
    """Return the headers that every response has."""
    return {
        "Content-Security-Policy": content_security_policy(origins, path),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def access_middleware(
    access: Access, origins: Origins, error_page: ErrorPage
) -> Callable[[web.Request, Handler], object]:
    """Return the middleware that enforces `access`, answers errors and adds the security headers.

    Responses are not cached, unless the handler has set ``Cache-Control``.
    """
    fixed, uploading = security_headers(origins), security_headers(origins, UPLOADING)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        denial = access.denial(_access_request(request))
        response = await _handle(request, handler, error_page, denial)
        response.headers.update(uploading if request.path == UPLOADING else fixed)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return check


def start_session(response: web.StreamResponse, access: Access) -> None:
    """Set the session cookie, with which the browser is signed in from then on."""
    response.set_cookie(
        SESSION_COOKIE,
        access.session,
        max_age=_SESSION_S,
        httponly=True,
        samesite="Strict",
        path="/",
    )


def error_response(message: str, status: int) -> web.Response:
    """Return a JSON response with an error message of one line."""
    return web.Response(
        body=msgspec.json.encode({"error": message}),
        status=status,
        content_type="application/json",
    )


def _access_request(request: web.Request) -> AccessRequest:
    return AccessRequest(
        method=request.method,
        path=request.path,
        host=request.headers.get("Host", ""),
        headers=request.headers,
        session=request.cookies.get(SESSION_COOKIE),
    )


def _deny(request: web.Request, denial: AccessDenial) -> web.StreamResponse:
    if denial is not AccessDenial.ACCESS_TOKEN:
        return error_response(str(denial), HTTPStatus.FORBIDDEN)
    if request.method == "GET" and not request.path.startswith(("/api/", "/media/")):
        headers = {"Location": login_address(request.raw_path)}
        return web.Response(status=HTTPStatus.SEE_OTHER, headers=headers)
    return error_response(str(denial), HTTPStatus.UNAUTHORIZED)


async def _handle(
    request: web.Request, handler: Handler, error_page: ErrorPage, denial: AccessDenial | None
) -> web.StreamResponse:
    """Return the handler's response; errors become a message, as a page where a page was asked for.

    A denial is never a page: a page has the stack's name and the change token.
    """
    if denial:
        return _deny(request, denial)
    try:
        with plain_errors():
            return await handler(request)
    except CoverstreamError as error:
        message, status = str(error), _status_of(error)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        message, status = error.text or error.reason, HTTPStatus(error.status)
    except Exception:  # noqa: BLE001 - logged with its traceback; the page says that it was a bug
        _LOG.exception("%s %s failed", request.method, request.path)
        message = "this is a defect of the console; its log has the traceback"
        status = HTTPStatus.INTERNAL_SERVER_ERROR
    if request.path.startswith(_NO_PAGES) and _HTML not in request.headers.get("Accept", ""):
        return error_response(message, status)
    return error_page(request, message, status)


def _status_of(error: CoverstreamError) -> HTTPStatus:
    if isinstance(error.__cause__, (AwsConnectionError, HTTPClientError)):
        return HTTPStatus.GATEWAY_TIMEOUT  # AWS has not answered
    if isinstance(error.__cause__, (ClientError, BotoCoreError)) and isinstance(error, UserError):
        return HTTPStatus.BAD_GATEWAY  # AWS has failed; the client's request was right
    if isinstance(error, NotFoundError):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, UserError):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, TransientError):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.UNPROCESSABLE_ENTITY
