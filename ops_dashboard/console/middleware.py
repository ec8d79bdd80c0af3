"""The console's front door: every request is judged, every answer carries its headers. Edge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from ops_dashboard.console.access import Access, Refusal, Request
from stream_ingest.aws.clients import plain_errors
from stream_ingest.contracts.errors import CoverstreamError, TransientError, UserError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
COOKIE = "coverstream-console"
_SESSION_S = 12 * 3600


def content_policy(image_origin: str) -> str:
    """Return the Content-Security-Policy: scripts and styles are files of ours, images S3's too."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: {image_origin}",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def headers(image_origin: str) -> dict[str, str]:
    """Return the headers of every answer."""
    return {
        "Content-Security-Policy": content_policy(image_origin),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def guard(access: Access, image_origin: str) -> Callable[[web.Request, Handler], object]:
    """Return the middleware that lets in who may come in."""
    fixed = headers(image_origin)

    @web.middleware
    async def judged(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = access.refusal(_judgeable(request))
        response = _refused(request, refusal) if refusal else await _answered(request, handler)
        response.headers.update(fixed)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return judged


def start_session(response: web.StreamResponse, access: Access) -> None:
    """Let the browser that gets this answer in from now on."""
    response.set_cookie(
        COOKIE, access.session, max_age=_SESSION_S, httponly=True, samesite="Strict", path="/"
    )


def problem(message: str, status: int) -> web.Response:
    """Return an answer that says in one line what is wrong."""
    return web.Response(
        body=msgspec.json.encode({"error": message}),
        status=status,
        content_type="application/json",
    )


def _judgeable(request: web.Request) -> Request:
    return Request(
        method=request.method,
        path=request.path,
        host=request.headers.get("Host", ""),
        headers=request.headers,
        session=request.cookies.get(COOKIE),
    )


def _refused(request: web.Request, refusal: Refusal) -> web.StreamResponse:
    if refusal is Refusal.ACCESS_TOKEN:
        if request.method == "GET" and not request.path.startswith(("/api/", "/media/")):
            return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/login"})
        return problem(str(refusal), HTTPStatus.UNAUTHORIZED)
    return problem(str(refusal), HTTPStatus.FORBIDDEN)


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Return the handler's answer; what a person or time can mend is told in one line."""
    try:
        with plain_errors():
            return await handler(request)
    except CoverstreamError as error:
        return problem(str(error), _status_of(error))
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return problem(error.text or error.reason, error.status)


def _status_of(error: CoverstreamError) -> HTTPStatus:
    if isinstance(error.__cause__, (ClientError, BotoCoreError)) and isinstance(error, UserError):
        return HTTPStatus.BAD_GATEWAY  # AWS's error in words, not the asker's mistake
    if isinstance(error, UserError):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, TransientError):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.UNPROCESSABLE_ENTITY
