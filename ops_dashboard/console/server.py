"""The console's web application. Edge (composition root)."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

from aiohttp import web

from ops_dashboard.console.access import Access
from ops_dashboard.console.account import Account
from ops_dashboard.console.api.alarms import Alarms
from ops_dashboard.console.api.batch_files import BatchFiles
from ops_dashboard.console.api.batches import Batches, abandon_in
from ops_dashboard.console.api.creators import Creators
from ops_dashboard.console.api.dashboard_body import dashboard_widgets
from ops_dashboard.console.api.failure_list import FailureLists
from ops_dashboard.console.api.failures import Failures
from ops_dashboard.console.api.gallery import Gallery
from ops_dashboard.console.api.overview import Overview
from ops_dashboard.console.api.readiness import Readiness
from ops_dashboard.console.api.replays import Replays
from ops_dashboard.console.api.search import Search
from ops_dashboard.console.api.uploads import Uploads, folder_of, push_to
from ops_dashboard.console.api.window_detail import WindowDetails
from ops_dashboard.console.assets import Assets
from ops_dashboard.console.middleware import Origins, access_middleware
from ops_dashboard.console.pages import Pages
from ops_dashboard.console.photos.jobs import PhotoJobs
from ops_dashboard.console.photos.listing import PhotoListing
from ops_dashboard.console.photos.uploading import PhotoUploading


def new_access(access_token: str | None, names: frozenset[str] = frozenset()) -> Access:
    """Return the rules of a console that starts now, with a new change token."""
    return Access(change_token=secrets.token_urlsafe(24), access_token=access_token, names=names)


def make_app(account: Account, access: Access, uploads: Uploads | None = None) -> web.Application:
    """Return the application for one stack; must be called within a running event loop."""
    stack = account.outputs.stack
    defaults = account.outputs.batch_defaults
    uploads = uploads or Uploads(
        push_to(stack), folder_of(stack), defaults=defaults, runs=account.runs.uploads
    )
    assets = Assets()
    pages = _pages(account, access, assets)
    middleware = access_middleware(access, _origins(account), pages.error)
    app = web.Application(middlewares=[middleware])  # type: ignore[list-item]  # a plain coroutine
    widgets = dashboard_widgets(account)
    replays = Replays(account)
    parts = (
        pages,
        Overview(account, widgets),
        Alarms(account, widgets),
        Batches(account, abandon_in(stack)),
        BatchFiles(account),
        Creators(account),
        Gallery(account),
        Search(account),
        WindowDetails(account),
        Failures(account),
        replays,
        Readiness(account),
        FailureLists(account),
        uploads,
        assets,
        *_photo_parts(account),
    )
    for part in parts:
        app.add_routes(part.routes())

    async def finish_runs(_app: web.Application) -> AsyncIterator[None]:
        yield
        await replays.finish()
        await uploads.finish()

    app.cleanup_ctx.append(finish_runs)
    return app


def _pages(account: Account, access: Access, assets: Assets) -> Pages:
    return Pages(
        access,
        assets,
        stack=account.outputs.stack,
        location=account.location(),
        has_photos=account.photos is not None,
    )


def _photo_parts(account: Account) -> tuple[PhotoListing | PhotoUploading | PhotoJobs, ...]:
    photos = account.photos
    return (PhotoListing(photos), PhotoUploading(photos), PhotoJobs(photos)) if photos else ()


def _origins(account: Account) -> Origins:
    images, photos = (account.image_origin(),), account.photos
    if photos is None:
        return Origins(images=images)
    every = dict.fromkeys((*images, photos.image_origin))
    return Origins(images=tuple(every), uploads=(photos.upload_origin,))
