"""``ops-dashboard photos link``. Edge: the composition root."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

import msgspec
from rich.table import Table

from ops_dashboard.photos.links.request import LinkRequest, terms_of
from ops_dashboard.photos.stack import PhotoStack
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_line, print_table
from rendition_lambda.lifecycle import iso_ms
from rendition_lambda.links.link_item import Link
from rendition_lambda.links.link_key import LinkKey
from rendition_lambda.links.link_table import LinkTable
from rendition_lambda.links.terms import link_text, link_url
from rendition_lambda.recipe import MEGABYTE
from stream_ingest.aws import clients
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import NotFoundError, UserError

_ID_BYTES = 8


class LinkCommands:
    """Issues, lists and revokes the upload links of one stack."""

    def __init__(self, stack: str) -> None:
        """Look the stack up; raises `UserError` if it is not deployed or has no upload links."""
        parts = PhotoStack.open(stack)
        if not parts.outputs.link_key:
            msg = (
                f"stack {stack!r} has no upload links: set coverstream:photosUploadLinks and"
                " coverstream:photosCdn to true and deploy it"
            )
            raise UserError(msg)
        self._outputs = parts.outputs
        self._table = LinkTable(parts.dynamodb, parts.outputs.table)

    def issue(self, request: LinkRequest, *, json: bool) -> None:
        """Print a new link, once: it is stored nowhere."""
        now_s = time.time()
        terms = terms_of(request, secrets.token_hex(_ID_BYTES), now_s)
        kms = clients.session().client("kms", config=clients.CONFIG)
        text = link_text(terms, LinkKey(kms, self._outputs.link_key).mac(terms))
        self._table.create(terms, iso_ms(now_s))
        url = link_url(self._outputs.domain, text)
        if json:
            print_json({"id": terms.id, "url": url, "expires_at": iso_ms(terms.expires_at)})
            return
        print_line(url)
        say(
            f"link {terms.id}: whoever has it uploads until {_minute(terms.expires_at)} UTC;"
            f" it is not shown again. `ops-dashboard photos link revoke {terms.id}` ends it"
        )

    def list(self, *, json: bool) -> None:
        """Print all links, the newest first."""
        links = self._table.list()
        if json:
            print_json([_facts(link) for link in links])
        elif links:
            print_table(link_table(links, time.time()))
        else:
            say("no upload links")

    def revoke(self, ids: Sequence[str], *, json: bool) -> None:
        """End links; raises `NotFoundError` for the first that does not exist."""
        for id_ in ids:
            if not self._table.revoke(id_, iso_ms(time.time())):
                msg = f"no upload link {id_}; `ops-dashboard photos link list` lists them"
                raise NotFoundError(msg)
        if json:
            print_json({"revoked": list(ids)})
        else:
            say(f"revoked {', '.join(ids)}; what was signed before can be sent for an hour at most")


def link_table(links: Sequence[Link], now_s: float) -> Table:
    """Return a table of links, one per row."""
    rows = [
        (
            link.id,
            link.folder or "(augmentation)",
            state_of(link, now_s),
            _minute(link.link_expires_at),
            f"{link.files:,} of {link.max_files:,}",
            f"{link.bytes / MEGABYTE:,.1f} of {link.max_bytes / MEGABYTE:,.0f} MB",
        )
        for link in links
    ]
    return table_of(("id", "gallery", "state", "until (UTC)", "files", "size"), rows)


def state_of(link: Link, now_s: float) -> str:
    """Return whether a link can be used, in one word."""
    if link.is_revoked:
        return "revoked"
    if link.link_expires_at <= now_s:
        return "expired"
    is_used_up = link.files >= link.max_files or link.bytes >= link.max_bytes
    return "used up" if is_used_up else "open"


def _facts(link: Link) -> dict[str, object]:
    facts = msgspec.structs.asdict(link)
    del facts["folder"], facts["link_expires_at"]
    return {
        **facts,
        "gallery": link.folder,
        "expires_at": iso_ms(link.link_expires_at),
        "state": state_of(link, time.time()),
    }


def _minute(epoch_s: int) -> str:
    return iso_ms(epoch_s)[:16].replace("T", " ")
