"""Builds windows without a network: pictures are a pure function of the identities they show.

`Covers` is the CDN: some images are gone for good, others only for now. The builder keeps and
reuses originals as the real one does, through the real `TempStore`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import cast

from collage_lambda.builder import Build
from collage_lambda.compose import Canvas
from collage_lambda.keys import WindowKeys
from collage_lambda.outcomes import Assembly, CellOutcome, ImageFacts
from collage_lambda.pack import spool
from collage_lambda.reasons import Failure, FailureReason
from collage_lambda.sources import SourceEntry, SourcePacker, StoredSources
from collage_lambda.temp_store import NOTHING_KEPT, TempStore
from stream_ingest.events import WindowImage, WindowReady


class Covers:
    """What the CDN gives: everything but what is `gone` for good or `down` for now."""

    def __init__(self, gone: Iterable[str] = ()) -> None:
        self.gone = frozenset(gone)
        self.down: set[str] = set()
        self.missed: set[str] = set()
        """What somebody asked for in vain, for whichever of the two reasons."""

    def fetch(self, identity: str) -> bytes | Failure:
        """Return an image's bytes, or why there are none."""
        if identity in self.gone | self.down:
            self.missed.add(identity)
        if identity in self.gone:
            return Failure(reason=FailureReason.NOT_FOUND, status=404)
        if identity in self.down:
            return Failure(reason=FailureReason.SERVER_ERROR, status=503)
        return f"bytes of {identity}".encode()


def picture(kind: str, identities: Iterable[str]) -> bytes:
    """Return the collage or the thumbnail of images."""
    return json.dumps([kind, *identities]).encode()


def shown_in(collage: bytes) -> list[str]:
    """Return the identities that a picture shows."""
    _, *identities = json.loads(collage)
    return identities


class StubBuilder:
    """Stands for `collage_lambda.builder.Builder`."""

    def __init__(self, covers: Covers, temp: TempStore, *, keeps_sources: bool) -> None:
        self._covers, self._temp, self._keeps_sources = covers, temp, keeps_sources

    def build(
        self,
        event: WindowReady,
        keys: WindowKeys,
        window_s: float,
        *,
        reuses_sources: bool,
        spared: Mapping[str, FailureReason] | None = None,
    ) -> Build:
        """Return a window's pictures; originals that were kept are read first."""
        assert window_s > 0
        with ExitStack() as stack:
            before = NOTHING_KEPT
            if reuses_sources:
                before = self._temp.load_sources(keys.sources, stack.enter_context(spool()))
            packer = stack.enter_context(SourcePacker())
            cells = [
                self._cell(number, image, before.sources, packer, spared or {})
                for number, image in enumerate(event.images)
            ]
            kept = self._keeps_sources and packer.count > before.count
            if kept:
                self._temp.save_sources(keys.sources, packer.finish(), before)
        shown = [cell.identity for cell in cells if cell.failure is None]
        return Build(
            assembly=Assembly(
                canvas=cast("Canvas", None), outcomes=cells, bytes_downloaded=len(cells)
            ),
            collage=picture("collage", shown) if shown else b"",
            thumbnail=picture("thumbnail", shown) if shown else b"",
            sources_key=keys.sources if kept or before.count else None,
            timings_ms={"assemble": 1},
            repeated=[],
        )

    def _cell(
        self,
        number: int,
        image: WindowImage,
        stored: StoredSources | None,
        packer: SourcePacker,
        spared: Mapping[str, FailureReason],
    ) -> CellOutcome:
        data: bytes | Failure | None = stored.read(image.identity) if stored else None
        origin = "download" if data is None else "stored"
        if data is None and image.identity in spared:
            data = Failure(reason=spared[image.identity])
        if data is None:
            data = self._covers.fetch(image.identity)
        failure = data if isinstance(data, Failure) else None
        facts = None
        if not isinstance(data, Failure):
            sha256 = hashlib.sha256(data).hexdigest()
            entry = SourceEntry(index=number, identity=image.identity, url=image.url, sha256=sha256)
            packer.keep(entry, data)
            facts = ImageFacts(
                format="JPEG", width=1, height=1, bytes=len(data), sha256=sha256, origin=origin
            )
        return CellOutcome(
            cell=number, identity=image.identity, url=image.url, facts=facts, failure=failure
        )
