"""The HTML pages, whose scripts then load the data from the API. Edge (templates)."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ops_dashboard.console.access import Access, own_page
from ops_dashboard.console.assets import Assets
from ops_dashboard.console.middleware import start_session

_MAX_LOGIN_BYTES = 4_096
_OF_EVERY_PAGE = ("header", "search_box")
"""Scripts that each page has besides its own."""


class Page(NamedTuple):
    """A page: its path, its title, and the name of its template and script."""

    path: str
    title: str
    name: str


PHOTOS = "photos"
"""Name of the page that the navigation has only if the stack renders photos."""
ALARMS = "alarms"
"""Name of the page that the header links with the number of raised alarms."""
PAGES = (
    Page("/", "Overview", "overview"),
    Page("/batches", "Batches", "batch_list"),
    Page("/creators", "Creators", "creators"),
    Page("/gallery", "Gallery", "gallery"),
    Page("/failures", "Failures", "failures"),
    Page("/replay", "Replay", "replay"),
    Page("/upload", "Upload", "upload"),
    Page("/photos", "Photos", PHOTOS),
    Page("/alarms", "Alarms", ALARMS),
)
_ERROR_TITLES = {
    HTTPStatus.NOT_FOUND: "There is no such page",
    HTTPStatus.METHOD_NOT_ALLOWED: "This page only shows something",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The console has failed",
}


class Pages:
    """Renders the pages; every value is escaped."""

    def __init__(
        self,
        access: Access,
        assets: Assets,
        *,
        stack: str,
        location: str,
        has_photos: bool = False,
    ) -> None:
        """Show `stack` and the location of its deployment in the header of each page."""
        self._access, self._assets = access, assets
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        absent = {ALARMS} if has_photos else {ALARMS, PHOTOS}
        environment.globals.update(
            pages=[page for page in PAGES if page.name not in absent],
            has_photos=has_photos,
            stack=stack,
            location=location,
            change_token=access.change_token,
            static=assets.folder,
            imports=self._imports,
        )
        self._templates = environment

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the pages and of signing in."""
        return [
            *(web.get(page.path, self._get_page) for page in PAGES),
            web.get("/batches/{batch_id}", self._get_batch),
            web.get("/login", self._get_login),
            web.post("/login", self._post_login),
        ]

    async def _get_page(self, request: web.Request) -> web.Response:
        page = next(each for each in PAGES if each.path == request.path)
        return self._render(f"{page.name}.html", page=page)

    def error(self, request: web.Request, message: str, status: int) -> web.Response:
        """Return an error as a page with the header and navigation of all others."""
        title = _ERROR_TITLES.get(HTTPStatus(status), "Error")
        page = Page(request.path, title, "error")
        return self._render("error.html", status=status, page=page, message=message)

    async def _get_batch(self, request: web.Request) -> web.Response:
        """Return the page of one batch, which marks the list of batches in the navigation."""
        page = Page("/batches", request.match_info["batch_id"], "batch")
        return self._render("batch.html", page=page)

    async def _get_login(self, request: web.Request) -> web.Response:
        """Sign in with the token in the query, or return the sign-in form.

        Either leads to the page in the query's ``next`` afterwards.
        """
        token, after = request.query.get("token"), own_page(request.query.get("next", ""))
        if token:
            return self._sign_in(token, after)
        return self._render("login.html", wrong=False, after=after)

    async def _post_login(self, request: web.Request) -> web.Response:
        if (request.content_length or _MAX_LOGIN_BYTES + 1) > _MAX_LOGIN_BYTES:
            raise web.HTTPBadRequest(text="expected a token")
        form = parse_qs((await request.read()).decode(errors="replace"))
        after = own_page(form.get("next", [""])[0])
        return self._sign_in(form.get("token", [""])[0], after)

    def _sign_in(self, token: str, after: str) -> web.Response:
        if not self._access.is_access_token(token):
            status = HTTPStatus.UNAUTHORIZED
            return self._render("login.html", wrong=True, after=after, status=status)
        response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": after})
        start_session(response, self._access)
        return response

    def _imports(self, page: str) -> list[str]:
        """Return what the scripts of a page import."""
        names = (f"{name}.js" for name in (*_OF_EVERY_PAGE, page))
        return self._assets.imports(filter(self._assets.has, names))

    def _render(self, template: str, *, status: int = 200, **values: object) -> web.Response:
        text = self._templates.get_template(template).render(values)
        return web.Response(text=text, status=status, content_type="text/html")
