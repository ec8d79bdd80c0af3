"""One window from its message to its end: claim, build, publish, announce, end. Edge.

The work has three parts, so that one window's downloads run while another is composed, and so that
windows whose originals share a pack are published when that is stored: a rebuild of a window that
is published has its originals, whatever its URLs have become.

A transient error releases the window, so that the message's next delivery can claim it; a permanent
one ends it as failed, with the reason. `output.announcer` says why the steps come in this order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

import msgspec

from collage_lambda.assembly.builder import Builder
from collage_lambda.cancelled_runs import CancelledRuns
from collage_lambda.lease import ClaimRefusal, Lease, WindowLeases
from collage_lambda.messages import Message, check_images
from collage_lambda.originals.shared_pack import SharedPack
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.outcomes import BuildResult, Ending, WindowOutcome
from collage_lambda.output.batch_sources import BatchSources
from collage_lambda.output.keys import WindowKeys, keys_of
from collage_lambda.output.metadata import describe_failure
from collage_lambda.output.publisher import Publication, Publisher
from collage_lambda.output.store import NOTHING, OutputStore
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.window_stages import BegunWindow, BuiltWindow
from stream_ingest.contracts.errors import DecodeError, PermanentError, TransientError
from stream_ingest.contracts.events import WindowReady

LEASE_MARGIN_S = 30
"""How much longer a lease lasts than its invocation can."""
PUBLISHING_S = 15
"""Seconds of an invocation that are reserved for encoding and uploading, after the downloads, and
for the pack that its windows share."""
MIN_BUILD_S = 5

T = TypeVar("T")


class CollageWorker:
    """Works off messages; `delivery` says which share an invocation."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        windows: WindowLeases,
        outputs: OutputStore,
        temp: TempStore,
        pack_store: PackStore,
        builder: Builder,
        publisher: Publisher,
        batch_sources: BatchSources,
        cancelled_runs: CancelledRuns,
        clock: Callable[[], float],
    ) -> None:
        """Work with the given edges; `clock` gives epoch seconds."""
        self._windows, self._outputs, self._temp = windows, outputs, temp
        self._pack_store, self._batch_sources = pack_store, batch_sources
        self._cancelled_runs = cancelled_runs
        self._builder, self._publisher, self._clock = builder, publisher, clock

    def work(
        self, message: Message, *, owner: str, remaining_s: float, share_s: float | None = None
    ) -> WindowOutcome:
        """Bring one window to its end: `begin`, `build`, `publish`."""
        begun = self.begin(message, owner=owner, remaining_s=remaining_s, share_s=share_s)
        return begun if isinstance(begun, WindowOutcome) else self.end(begun)

    def begin(
        self, message: Message, *, owner: str, remaining_s: float, share_s: float | None = None
    ) -> BegunWindow | WindowOutcome:
        """Claim a window and start its downloads; `build` has to follow, unless it has ended.

        Safe to repeat with the same message at any time. `remaining_s` is what is left of the
        invocation. If the window shares it with others, its downloads may take `share_s` seconds,
        and it is given back if it needs more.

        Raises `TransientError` (also `WindowLeasedError`) if the message has to be delivered again.
        """
        window_id = message.event.window_id
        if remaining_s < PUBLISHING_S + MIN_BUILD_S:
            msg = f"{window_id}: no time left in this invocation"
            raise TransientError(msg)
        if message.replay is not None and self._cancelled_runs.includes(message.replay):
            return WindowOutcome(ending=Ending.CANCELLED)
        claimed = self._windows.claim(
            message.event,
            replay=message.replay,
            owner=owner,
            lease_s=remaining_s + LEASE_MARGIN_S,
        )
        if claimed is ClaimRefusal.ALREADY_DONE:
            self._release_prefetched(message.event)
            return WindowOutcome(ending=Ending.ALREADY_DONE)
        if claimed is ClaimRefusal.ERASED:
            return WindowOutcome(ending=Ending.ERASED)
        if claimed is ClaimRefusal.ALREADY_FAILED:
            return WindowOutcome(ending=Ending.ALREADY_DONE)
        build_s = remaining_s - PUBLISHING_S if share_s is None else share_s
        return self.begin_claimed(message, claimed, build_s, in_company=share_s is not None)

    def begin_claimed(
        self, message: Message, lease: Lease, build_s: float, *, in_company: bool = False
    ) -> BegunWindow | WindowOutcome:
        """Start the downloads of a claimed window, which may take `build_s` seconds."""
        begun = self._or_give_back(
            message, lease, lambda: self._begin(message, lease, build_s, in_company=in_company)
        )
        return self._released(message, begun) if isinstance(begun, WindowOutcome) else begun

    def end(self, begun: BegunWindow) -> WindowOutcome:
        """Compose, publish and end a window that shares no pack; raises as `publish` does."""
        built = self.build(begun)
        return built if isinstance(built, WindowOutcome) else self.publish(built)

    def build(
        self, begun: BegunWindow, pack: SharedPack | None = None
    ) -> BuiltWindow | WindowOutcome:
        """Compose a window; `publish` has to follow, unless it has ended.

        On its first build it may leave its originals to a `pack`. Raises `TransientError` if the
        message has to be delivered again.
        """
        shared = None if begun.lease.is_rebuild else pack
        built = self._or_give_back(begun.message, begun.lease, lambda: self._build(begun, shared))
        return self._released(begun.message, built) if isinstance(built, WindowOutcome) else built

    def store(self, pack: SharedPack, windows: Sequence[BuiltWindow]) -> Future[None]:
        """Store the pack with the originals of windows; `publish` raises what went wrong."""
        stored: Future[None] = Future()
        try:
            for window in windows:
                window.begun.lease.check(self._clock())
            self._temp.save_shared(pack)
        except Exception as error:  # noqa: BLE001 - raised for each window
            stored.set_exception(error)
        else:
            stored.set_result(None)
        return stored

    def publish(
        self, built: BuiltWindow, stored: Future[None] | None = None, *, at_once: int = 1
    ) -> WindowOutcome:
        """Publish and end a window, if the pack with its originals is `stored`; else give it back.

        `at_once` is how many windows are being published.

        Raises the error of `store`, or `TransientError`, if the message has to be delivered again.
        Safe to call in several threads for several windows.
        """
        begun = built.begun

        def publish() -> WindowOutcome:
            if stored is not None:
                stored.result()
            return self._publish(built, at_once)

        outcome = self._or_give_back(begun.message, begun.lease, publish)
        return self._released(begun.message, outcome)

    def _released(self, message: Message, outcome: WindowOutcome) -> WindowOutcome:
        """Return a window's outcome after its prefetched covers have been released."""
        if outcome.ending is not Ending.FAILED:  # else a retry may need them
            self._release_prefetched(message.event)
        return outcome

    def _or_give_back(
        self, message: Message, lease: Lease, step: Callable[[], T]
    ) -> T | WindowOutcome:
        """Return what `step` returns, or the end of a window that cannot be built.

        Releases the window, and raises, if that takes another delivery.
        """
        try:
            try:
                return step()
            except PermanentError as error:
                return self._fail_window(message, lease, error)
        except Exception:
            self._windows.release(lease)
            raise

    def _release_prefetched(self, event: WindowReady) -> None:
        """Release the prefetched covers of a window that has its collage."""
        try:
            images = self._load_images(event).images
        except DecodeError:
            return  # its image list is gone; a lifecycle rule removes its prefetched covers
        self._pack_store.release_pack(image.prefetched for image in images if image.prefetched)

    def _fail_window(self, message: Message, lease: Lease, error: PermanentError) -> WindowOutcome:
        """End a window that cannot be built, unless an earlier build published its collage."""
        if lease.images_before:
            self._windows.keep_collage(lease, message.event.image_count, str(error))
            return WindowOutcome(ending=Ending.KEPT)
        end = self._publisher.announce_failure(message.event, message.replay, str(error))
        self._windows.finish(lease, end)
        return WindowOutcome(ending=Ending.FAILED, end=end)

    def _begin(
        self, message: Message, lease: Lease, build_s: float, *, in_company: bool
    ) -> BegunWindow:
        started_s = self._clock()
        event = self._load_images(message.event)
        source = self._batch_sources.find(event.batch_id)
        keys = keys_of(event)
        # A first build skips the requests: if an object does exist, the conditional puts fail.
        existing = self._outputs.existing(keys) if lease.is_rebuild else NOTHING
        build = self._builder.begin(
            event,
            keys,
            build_s,
            reuse_originals=lease.is_rebuild,
            known_failures=message.known_failures,
            share=existing.share,
            images_before=lease.images_before if keys.collage in existing.etags else 0,
            in_company=in_company,
        )
        return BegunWindow(
            message=message,
            lease=lease,
            event=event,
            keys=keys,
            existing=existing.etags,
            source=source,
            begun_in_s=self._clock() - started_s,
            build=build,
        )

    def _build(self, begun: BegunWindow, pack: SharedPack | None) -> BuiltWindow:
        resumed_s = self._clock()
        build = self._builder.finish(begun.build, pack)
        return BuiltWindow(
            begun=begun,
            build=build,
            built_in_s=begun.begun_in_s + self._clock() - resumed_s,
            waits=pack is not None and build.share is not None,
        )

    def _publish(self, built: BuiltWindow, at_once: int) -> WindowOutcome:
        publishing_s = self._clock()
        begun, build = built.begun, built.build
        event, keys, lease = begun.event, begun.keys, begun.lease
        self._save_responses(event, keys, build)
        lease.check(self._clock())
        if keys.collage in begun.existing and build.images_ok < lease.images_before:
            fewer = f"{build.images_ok}, not {lease.images_before}"
            because = f"the new build has fewer images: {fewer}"
            self._windows.keep_collage(lease, event.image_count, because)
            return WindowOutcome(ending=Ending.KEPT, build=build)
        publication = Publication(
            event=event,
            keys=keys,
            build=build,
            replay=begun.message.replay,
            existing=begun.existing,
            took_s=built.built_in_s,
            publishing_s=publishing_s,
            at_once=at_once,
            source=begun.source,
            request_id=lease.request_id,
        )
        if not build.images_ok:
            end = self._publisher.publish_failure(publication)
            self._windows.finish(lease, end)
            return WindowOutcome(ending=Ending.FAILED, end=end, build=build)
        end = self._publisher.publish(publication)
        self._windows.finish(lease, end)
        return WindowOutcome(ending=Ending.CREATED, end=end, build=build)

    def _save_responses(self, event: WindowReady, keys: WindowKeys, build: BuildResult) -> None:
        """Store the servers' responses for failed images; only a batch in debug mode has any."""
        for outcome in build.assembly.outcomes:
            responses = build.assembly.responses.get(outcome.cell)
            if outcome.failure and responses is not None:
                document = describe_failure(event.window_id, outcome, responses)
                self._temp.save_failure(f"{keys.failures}/{outcome.cell:03d}.json", document)

    def _load_images(self, event: WindowReady) -> WindowReady:
        """Return the event with its images, loaded from S3 if they were too many for an event."""
        if event.images or event.images_key is None:
            return event
        images = self._temp.load_images(event.images_key)
        complete = msgspec.structs.replace(event, images=images, images_key=None)
        check_images(complete)
        return complete
