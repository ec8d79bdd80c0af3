"""One window from its message to its end: claim, build, publish, announce, end. Edge.

A passing error gives the window back, so that its message's next delivery finds it free; a
permanent one ends the window as failed with its reason. `announce` tells why the steps come in this
order.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

from collage_lambda.builder import Build, Builder
from collage_lambda.lease import ClaimRefusal, Lease, WindowEnd, WindowLeasedError, WindowLeases
from collage_lambda.messages import Message, check_images
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.output.keys import WindowKeys, keys_of
from collage_lambda.output.metadata import describe_failure
from collage_lambda.output.publisher import Finished, Publisher
from collage_lambda.output.store import NOTHING_SEEN, Outputs
from collage_lambda.prefetch.pack_store import PackStore
from stream_ingest.contracts.errors import DecodeError, PermanentError, TransientError
from stream_ingest.contracts.events import WindowReady

LEASE_MARGIN_S = 30
"""How much longer a lease is than its invocation can live."""
PUBLISHING_S = 15
"""Kept back from an invocation's time for encoding and uploading, so that downloads end before
it."""
SHORTEST_BUILD_S = 5


class Ending(StrEnum):
    """What became of a message."""

    CREATED = "created"
    FAILED = "failed"
    KEPT = "kept"
    """A rebuild had fewer images than the collage that is there, and left it alone."""
    ALREADY_DONE = "already_done"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one message ended, and what of its window there is to tell."""

    ending: Ending
    end: WindowEnd | None = None
    build: Build | None = None


class CollageWorker:
    """Works off messages, one at a time."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        windows: WindowLeases,
        outputs: Outputs,
        temp: TempStore,
        shelf: PackStore,
        builder: Builder,
        publisher: Publisher,
        clock: Callable[[], float],
    ) -> None:
        """Work with the given edges; `clock` gives epoch seconds."""
        self._windows, self._outputs, self._temp, self._shelf = windows, outputs, temp, shelf
        self._builder, self._publisher, self._clock = builder, publisher, clock

    def work(self, message: Message, *, owner: str, remaining_s: float) -> Outcome:
        """Bring one window to its end; safe to call again with the same message at any time.

        Raises `TransientError` (also `WindowLeasedError`) where the message has to come again.
        """
        window_id = message.event.window_id
        if remaining_s < PUBLISHING_S + SHORTEST_BUILD_S:
            msg = f"{window_id}: no time left in this invocation"
            raise TransientError(msg)
        claimed = self._windows.claim(
            message.event,
            replay=message.replay,
            owner=owner,
            lease_s=remaining_s + LEASE_MARGIN_S,
        )
        if claimed is ClaimRefusal.ALREADY_DONE:
            self._give_back(message.event)
            return Outcome(ending=Ending.ALREADY_DONE)
        if claimed is ClaimRefusal.ALREADY_FAILED:
            return Outcome(ending=Ending.ALREADY_DONE)
        if claimed is ClaimRefusal.LEASED_BY_OTHER:
            msg = f"{window_id} is being built by another worker"
            raise WindowLeasedError(msg)
        outcome = self._finish(message, claimed, remaining_s - PUBLISHING_S)
        if outcome.ending is not Ending.FAILED:  # a retry of a failed window may need them yet
            self._give_back(message.event)
        return outcome

    def _give_back(self, event: WindowReady) -> None:
        """Let go of the prefetched covers of a window that has its collage now."""
        try:
            images = self._with_images(event).images
        except DecodeError:
            return  # its list is gone, and its prefetched covers go by a lifecycle rule
        self._shelf.release_pack(image.prefetched for image in images if image.prefetched)

    def _finish(self, message: Message, lease: Lease, build_s: float) -> Outcome:
        try:
            try:
                return self._build(message, lease, build_s)
            except PermanentError as error:
                return self._give_up(message, lease, error)
        except Exception:
            self._windows.release(lease)
            raise

    def _give_up(self, message: Message, lease: Lease, error: PermanentError) -> Outcome:
        """End a window that cannot be built, unless an earlier build's collage is there."""
        if lease.images_before:
            self._windows.keep_collage(lease, message.event.image_count)
            return Outcome(ending=Ending.KEPT)
        end = self._publisher.announce_failure(message.event, message.replay, str(error))
        self._windows.finish(lease, end)
        return Outcome(ending=Ending.FAILED, end=end)

    def _build(self, message: Message, lease: Lease, build_s: float) -> Outcome:
        started_s = self._clock()
        event = self._with_images(message.event)
        keys = keys_of(event)
        is_rebuild = lease.attempt > 1 or message.replay is not None
        # The first time nothing can be there; should something be, the conditional puts fail.
        seen = self._outputs.look(keys) if is_rebuild else NOTHING_SEEN
        build = self._builder.build(
            event, keys, build_s, reuse_originals=is_rebuild, spared=message.spared
        )
        self._keep_evidence(event, keys, build)
        lease.check(self._clock())
        if keys.collage in seen and build.images_ok < lease.images_before:
            self._windows.keep_collage(lease, event.image_count)
            return Outcome(ending=Ending.KEPT, build=build)
        finished = Finished(
            event=event,
            keys=keys,
            build=build,
            replay=message.replay,
            seen=seen,
            started_s=started_s,
        )
        if not build.images_ok:
            end = self._publisher.publish_failure(finished)
            self._windows.finish(lease, end)
            return Outcome(ending=Ending.FAILED, end=end, build=build)
        end = self._publisher.publish(finished)
        self._windows.finish(lease, end)
        return Outcome(ending=Ending.CREATED, end=end, build=build)

    def _keep_evidence(self, event: WindowReady, keys: WindowKeys, build: Build) -> None:
        """Keep what servers answered for failed images, for a batch that is being debugged."""
        for outcome in build.assembly.outcomes:
            exchanges = build.assembly.evidence.get(outcome.cell)
            if outcome.failure and exchanges is not None:
                document = describe_failure(event.window_id, outcome, exchanges)
                self._temp.save_failure(f"{keys.failures}/{outcome.cell:03d}.json", document)

    def _with_images(self, event: WindowReady) -> WindowReady:
        """Return the event with its images, fetched where they were too many for the bus."""
        if event.images or event.images_key is None:
            return event
        images = self._temp.load_images(event.images_key)
        complete = msgspec.structs.replace(event, images=images, images_key=None)
        check_images(complete)
        return complete
