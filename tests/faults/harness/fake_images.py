"""A fake builder and fetcher without a network: images are pure functions of identities.

In `FakeCdn` some images are gone for good, others are unavailable for now. The builder stores and
reuses originals as the real one does, through the real `TempStore`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import cast

from collage_lambda.assembly.builder import SlowWindowError
from collage_lambda.assembly.content_memory import ContentMemory
from collage_lambda.assembly.duplicates import without_repeats, without_shown
from collage_lambda.image.compose import Canvas
from collage_lambda.originals.cached_images import CachedImages, PrefetchedCovers
from collage_lambda.originals.originals_pack import OriginalEntry, OriginalsWriter
from collage_lambda.originals.shared_pack import SharedPack
from collage_lambda.originals.temp_store import NO_STORED_ORIGINALS, StoredOriginals, TempStore
from collage_lambda.outcomes import Assembly, BuildResult, CellOutcome, ImageFacts, Origin
from collage_lambda.output.keys import WindowKeys
from collage_lambda.prefetch.cover_fetcher import FetchSummary
from collage_lambda.prefetch.cover_pack import CoverPacker
from collage_lambda.reasons import Failure, FailureReason
from collage_lambda.shares import Share
from stream_ingest.contracts.events import WindowImage, WindowReady
from stream_ingest.windowing.rules.prefetch import ExpiringCover, Fetched
from tests.fakes.ingest.threads import InlineExecutor
from tests.faults.harness.aws.errors import KilledError

_SHARED_IMAGES = 5


class FakeCdn:
    """Serves every image except those that are `gone` for good or `down` for now."""

    def __init__(self, gone: Iterable[str] = (), *, shared_bytes: bool = False) -> None:
        """With `shared_bytes`, identities share the bytes of a few images."""
        self._shared_bytes = shared_bytes
        self.gone = frozenset(gone)
        self.down: set[str] = set()
        self.slow: set[str] = set()
        """Identities that take too long for a window beside others."""
        self.fatal: set[str] = set()
        """Identities whose decoding kills the process."""
        self.missed: set[str] = set()
        """Identities that were requested while they were gone or down."""
        self.misplaced: list[str] = []
        """FakeCdn that were prefetched for a window, and were not there when it was built."""

    def fetch(self, identity: str) -> bytes | Failure:
        """Return an image's bytes, or its failure."""
        if identity in self.gone | self.down:
            self.missed.add(identity)
        if identity in self.gone:
            return Failure(reason=FailureReason.NOT_FOUND, status=404)
        if identity in self.down:
            return Failure(reason=FailureReason.SERVER_ERROR, status=503)
        return self.bytes_of(identity)

    def bytes_of(self, identity: str) -> bytes:
        """Return an image's bytes, available or not."""
        image = zlib.crc32(identity.encode()) % _SHARED_IMAGES if self._shared_bytes else identity
        return f"bytes of {image}".encode()


def fake_image(kind: str, identities: Iterable[str]) -> bytes:
    """Return a fake collage or thumbnail of images."""
    return json.dumps([kind, *identities]).encode()


def identities_in(collage: bytes) -> list[str]:
    """Return the identities in a fake collage or thumbnail."""
    _, *identities = json.loads(collage)
    return identities


class FakeFetcher:
    """Replaces `collage_lambda.prefetch.cover_fetcher.CoverFetcher`."""

    def __init__(self, covers: FakeCdn) -> None:
        self._covers = covers

    def fetch(
        self, covers: Sequence[ExpiringCover], packer: CoverPacker, fetch_s: float
    ) -> FetchSummary:
        """Fetch covers, each once; those that are gone for good are lost."""
        assert fetch_s > 0
        waiting: dict[tuple[str, str], list[ExpiringCover]] = {}
        for cover in covers:
            waiting.setdefault((cover.creator, cover.image.known_as), []).append(cover)
        summary = FetchSummary(wanted=len(waiting))
        for (creator, identity), same in waiting.items():
            data = self._covers.fetch(identity)
            if not isinstance(data, Failure):
                packer.add_cover(same, same[0].image.url, data)
            elif not data.reason.is_passing:
                summary.lost.setdefault(creator, []).extend(
                    Fetched(window=each.window, identity=identity, lost=str(data.reason))
                    for each in same
                )
        return summary


class FakeBuilder:
    """Replaces `collage_lambda.assembly.builder.Builder`."""

    def __init__(
        self,
        covers: FakeCdn,
        temp: TempStore,
        *,
        keep_originals: bool,
        has_ended: Callable[[str], bool],
        contents: ContentMemory | None = None,
    ) -> None:
        self._covers, self._temp, self._keep_originals = covers, temp, keep_originals
        self._has_ended, self._contents = has_ended, contents

    def begin(  # noqa: PLR0913 - as the real one
        self,
        event: WindowReady,
        keys: WindowKeys,
        window_s: float,
        *,
        reuse_originals: bool,
        known_failures: Mapping[str, FailureReason] | None = None,
        share: Share | None = None,
        images_before: int = 0,
        in_company: bool = False,
    ) -> Callable[[SharedPack | None], BuildResult]:
        """Return what builds the window."""
        assert window_s > 0
        identities = {image.identity for image in event.images}
        is_slow = in_company and bool(self._covers.slow & identities)

        def finish(pack: SharedPack | None) -> BuildResult:
            if self._covers.fatal & identities:
                raise KilledError
            if is_slow:
                raise SlowWindowError(event.window_id)
            with ExitStack() as files:
                before = NO_STORED_ORIGINALS
                if reuse_originals:
                    before = self._temp.find_originals(
                        keys.originals, share, event.image_count, files
                    )
                return self._build(
                    event,
                    keys,
                    before,
                    known_failures or {},
                    images_before=images_before,
                    pack=pack,
                )

        return finish

    @staticmethod
    def finish(
        begun: Callable[[SharedPack | None], BuildResult], pack: SharedPack | None = None
    ) -> BuildResult:
        """Build a window that was begun."""
        return begun(pack)

    def _build(  # noqa: PLR0913 - as the real one
        self,
        event: WindowReady,
        keys: WindowKeys,
        before: StoredOriginals,
        known_failures: Mapping[str, FailureReason],
        *,
        images_before: int,
        pack: SharedPack | None,
    ) -> BuildResult:
        """Return a window's images; stored originals are read first."""
        with ExitStack() as stack:
            packer = stack.enter_context(OriginalsWriter())
            prefetched = stack.enter_context(PrefetchedCovers())
            prefetched.load(event.images, self._temp, InlineExecutor())
            self._check_prefetched(prefetched, event)
            cached = CachedImages(stored=before.readers, prefetched=prefetched)
            cells = [
                self._cell(number, image, cached, packer, known_failures)
                for number, image in enumerate(event.images)
            ]
            share, kept = before.share, self._keep_originals and packer.count > before.count
            if kept:
                originals = packer.finish()
                share = pack and pack.add_share(event.creator, event.window_id, originals)
                if not share:
                    self._temp.save_originals(keys.originals, originals, before)
        cells = self._without_repeats(event, cells, images_before)
        shown = [cell.identity for cell in cells if cell.failure is None]
        return BuildResult(
            assembly=Assembly(
                layout=event.layout,
                canvas=cast("Canvas", None),
                outcomes=cells,
                bytes_downloaded=len(cells),
            ),
            collage=fake_image("collage", shown) if shown else b"",
            thumbnail=fake_image("thumbnail", shown) if shown else b"",
            originals_key=share.key if share else keys.originals if kept or before.count else None,
            share=share,
            timings_ms={"assemble": 1},
            scaler="Pillow",
            placeholder_suspects=[],
        )

    def _without_repeats(
        self, event: WindowReady, cells: list[CellOutcome], images_before: int
    ) -> list[CellOutcome]:
        """Compare images by their bytes as the real builder does."""
        cells = without_repeats(cells)
        images = [each.facts.sha256 for each in cells if each.facts and not each.failure]
        if self._contents is None or len(images) < images_before:
            return cells
        return without_shown(cells, self._contents.claim(event, images))

    def _check_prefetched(self, prefetched: PrefetchedCovers, event: WindowReady) -> None:
        """Record prefetched covers that are missing, unless the window may have released them."""
        if not self._has_ended(event.window_id):
            self._covers.misplaced += [
                f"{event.window_id}: {image.identity}"
                for image in event.images
                if image.prefetched and prefetched.read(image.prefetched) is None
            ]

    def _cell(
        self,
        number: int,
        image: WindowImage,
        cached: CachedImages,
        packer: OriginalsWriter,
        known_failures: Mapping[str, FailureReason],
    ) -> CellOutcome:
        origin: Origin
        data: bytes | Failure | None
        origin, data = next(cached.bytes_of(image), ("download", None))
        if data is None and image.identity in known_failures:
            data = Failure(reason=known_failures[image.identity])
        if data is None:
            data = self._covers.fetch(image.identity)
        failure = data if isinstance(data, Failure) else None
        facts = None
        if not isinstance(data, Failure):
            sha256 = hashlib.sha256(data).hexdigest()
            entry = OriginalEntry(
                index=number, identity=image.identity, url=image.url, sha256=sha256
            )
            packer.add_original(entry, data)
            facts = ImageFacts(
                format="JPEG", width=1, height=1, bytes=len(data), sha256=sha256, origin=origin
            )
        return CellOutcome(
            cell=number, identity=image.identity, url=image.url, facts=facts, failure=failure
        )
