"""The functions of a stack. Edge (Pulumi)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from components.compute.collage import Collage, CollageArgs
from components.compute.intake import Intake, IntakeArgs
from components.compute.photos import Photos, PhotosArgs
from components.compute.prefetch import Prefetch, PrefetchArgs
from components.compute.sweeper import Sweeper, SweeperArgs
from components.compute.windowing import Windowing, WindowingArgs
from components.data.cdn import Cdn
from components.data.photo_storage import PhotoStorage
from components.messaging.queue import Queue
from functions import FunctionSettings
from wiring.basis import Basis
from wiring.data import Data
from wiring.messaging import Messaging

from collage_lambda.messages import MESSAGES_PER_DELIVERY, RECEIPTS_TO_SHARE
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind


@dataclass(frozen=True, kw_only=True)
class Compute:
    """The functions of a stack, and the queues of what they give up on."""

    windowing: Windowing
    sweeper: Sweeper
    collage: Collage
    prefetch: Prefetch
    intake: Intake
    photos: Photos | None
    """None without the setting `photos`."""
    dead_letters: Mapping[str, Queue]


def declare_compute(basis: Basis, data: Data, messaging: Messaging) -> Compute:
    """Declare the functions with their rights and sources."""
    functions = FunctionSettings(
        basis.settings,
        basis.prefix,
        account=basis.account,
        state=data.state,
        bus=messaging.bus,
        storage=data.storage,
        hardening=basis.hardening,
    )
    intake = _intake(functions, basis, data)
    sweeper = _sweeper(functions, basis, data, messaging, intake.queue)
    prefetch = PrefetchArgs(
        function=functions.prefetch(),
        delivery=messaging.prefetch_requests,
        state=data.state,
        storage=data.storage,
    )
    photos = _photos(functions, basis, data.photos, data.cdn, messaging) if data.photos else None
    return Compute(
        windowing=_windowing(functions, data, messaging),
        sweeper=sweeper,
        collage=_collage(functions, data, messaging),
        prefetch=Prefetch("prefetch", prefetch),
        intake=intake,
        photos=photos,
        dead_letters={
            DeadLetterKind.COLLAGE: messaging.windows.dead_letters,
            DeadLetterKind.WINDOW_RULE: messaging.windows.rule_dead_letters,
            DeadLetterKind.SWEEPER: sweeper.dead_letters,
            DeadLetterKind.INTAKE: intake.dead_letters,
            DeadLetterKind.PREFETCH: messaging.prefetch_requests.dead_letters,
            **({DeadLetterKind.PHOTOS: photos.dead_letters} if photos else {}),
        },
    )


def _windowing(functions: FunctionSettings, data: Data, messaging: Messaging) -> Windowing:
    storage = data.storage
    in_output = functions.settings.failure_bucket == "output"
    return Windowing(
        "windowing",
        WindowingArgs(
            function=functions.windowing(),
            mapping=functions.mapping(),
            stream=data.stream,
            state=data.state,
            bus=messaging.bus,
            storage=storage,
            failures=storage.output if in_output else storage.temp,
        ),
    )


def _sweeper(
    functions: FunctionSettings,
    basis: Basis,
    data: Data,
    messaging: Messaging,
    intake_queue: Queue,
) -> Sweeper:
    return Sweeper(
        "sweeper",
        SweeperArgs(
            prefix=basis.prefix,
            account=basis.account,
            function=functions.sweeper(),
            state=data.state,
            bus=messaging.bus,
            storage=data.storage,
            intake_queue=intake_queue,
        ),
    )


def _collage(functions: FunctionSettings, data: Data, messaging: Messaging) -> Collage:
    settings = functions.settings
    return Collage(
        "collage",
        CollageArgs(
            function=functions.collage(),
            max_concurrency=settings.collage_max_concurrency,
            windows_per_delivery=(
                MESSAGES_PER_DELIVERY if settings.collage_max_receives >= RECEIPTS_TO_SHARE else 1
            ),
            keep_originals=settings.keep_originals,
            content_dedup=settings.content_dedup,
            delivery=messaging.windows,
            state=data.state,
            bus=messaging.bus,
            storage=data.storage,
        ),
    )


def _intake(functions: FunctionSettings, basis: Basis, data: Data) -> Intake:
    settings = basis.settings
    return Intake(
        "intake",
        IntakeArgs(
            prefix=basis.prefix,
            function=functions.intake(),
            max_concurrency=settings.intake_max_concurrency,
            max_receives=settings.intake_max_receives,
            other_bucket_arns=basis.other_bucket_arns,
            stream=data.stream,
            state=data.state,
            storage=data.storage,
        ),
    )


def _photos(
    functions: FunctionSettings,
    basis: Basis,
    storage: PhotoStorage,
    cdn: Cdn | None,
    messaging: Messaging,
) -> Photos:
    settings = basis.settings
    return Photos(
        "photos",
        PhotosArgs(
            prefix=basis.prefix,
            account=basis.account,
            function=functions.photos(storage, cdn),
            storage=storage,
            cdn=cdn,
            bus=messaging.bus,
            other_bucket_arns=basis.other_photo_bucket_arns,
            max_receives=settings.photos_max_receives,
            max_concurrency=settings.photos_max_concurrency,
            backfill_concurrency=settings.photos_backfill_concurrency,
        ),
    )
