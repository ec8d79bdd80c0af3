"""Code, rights, variables and limits of each function, from a stack's settings. Edge (Pulumi)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from components.compute.function import FunctionArgs, Limits, Logging
from components.compute.windowing import MappingArgs
from components.data.cdn import Cdn
from components.data.photo_storage import PhotoStorage
from components.data.state import State
from components.data.storage import Storage
from components.messaging.bus import Bus
from components.security.hardening import NO_HARDENING, Hardening
from delivery_time import delivery_s, max_record_age_s
from settings import Settings

import pulumi
from collage_lambda.temporary_storage import TMP_MB
from ops_dashboard.packaging import bundles
from stream_ingest.contracts import environment
from stream_ingest.contracts.metrics import namespace_of


@dataclass(frozen=True)
class FunctionSettings:
    """Arguments of the functions of one stack."""

    settings: Settings
    prefix: str
    account: pulumi.Input[str]
    state: State
    bus: Bus
    storage: Storage
    hardening: Hardening = NO_HARDENING

    def windowing(self) -> FunctionArgs:
        """Return what the windowing function runs and reads."""
        settings = self.settings
        limits = Limits(
            memory_mb=settings.windowing_memory_mb,
            timeout_s=settings.windowing_timeout_s,
            reserved_concurrency=settings.windowing_reserved_concurrency,
        )
        handler = "stream_ingest.windowing.handler.handle"
        return self._function(
            "windowing", "windowing", handler, limits, self._windowing_variables()
        )

    def mapping(self) -> MappingArgs:
        """Return how records reach the windowing function."""
        settings = self.settings
        return MappingArgs(
            batch_size=settings.windowing_batch_size,
            batching_window_s=settings.windowing_batching_window_s,
            parallelization=settings.windowing_parallelization,
            max_retries=settings.windowing_max_retries,
            max_record_age_s=max_record_age_s(settings),
        )

    def sweeper(self) -> FunctionArgs:
        """Return what the sweeper runs and reads; it shares the windowing function's bundle.

        Its component adds the URL of the intake's queue.
        """
        settings = self.settings
        limits = Limits(memory_mb=settings.sweeper_memory_mb, timeout_s=settings.sweeper_timeout_s)
        handler = "stream_ingest.windowing.sweeper.handler.handle"
        variables = {**self._windowing_variables(), **self._file_variables()}
        return self._function("sweeper", "windowing", handler, limits, variables)

    def collage(self) -> FunctionArgs:
        """Return what the collage function runs and reads."""
        settings = self.settings
        limits = Limits(
            memory_mb=settings.collage_memory_mb,
            timeout_s=settings.collage_timeout_s,
            reserved_concurrency=settings.collage_reserved_concurrency,
            tmp_mb=TMP_MB,
        )
        handler = "collage_lambda.handler.handle"
        variables = self._collage_variables()
        return self._function("collage", "collage", handler, limits, variables)

    def prefetch(self) -> FunctionArgs:
        """Return what the prefetch function runs and reads; it shares the collage's bundle."""
        settings = self.settings
        limits = Limits(
            memory_mb=settings.prefetch_memory_mb, timeout_s=settings.prefetch_timeout_s
        )
        handler = "collage_lambda.prefetch.handler.handle"
        variables = self._collage_variables()
        return self._function("prefetch", "collage", handler, limits, variables)

    def intake(self) -> FunctionArgs:
        """Return what the intake runs and reads; its component adds the queues' URLs."""
        settings = self.settings
        limits = Limits(memory_mb=settings.intake_memory_mb, timeout_s=settings.intake_timeout_s)
        variables: dict[str, pulumi.Input[str]] = {
            **self._file_variables(),
            environment.ALLOWED_INPUT_BUCKETS: ",".join(settings.allowed_input_buckets),
            environment.CREATOR_CASE: settings.creator_case,
            environment.MAX_RECEIVES: str(settings.intake_max_receives),
        }
        return self._function(
            "intake", "intake", "stream_ingest.intake.handler.handle", limits, variables
        )

    def photos(self, storage: PhotoStorage, cdn: Cdn | None) -> FunctionArgs:
        """Return what the rendition function runs and reads; its component adds its queues."""
        settings = self.settings
        limits = Limits(memory_mb=settings.photos_memory_mb, timeout_s=settings.photos_timeout_s)
        variables: dict[str, pulumi.Input[str]] = {
            environment.PHOTOS_TABLE: storage.table.name,
            environment.UPLOADS_BUCKET: storage.uploads.name,
            environment.RENDITIONS_BUCKET: storage.renditions.name,
            environment.PHOTOS_OTHER_BUCKETS: ",".join(settings.photos_other_buckets),
            environment.PHOTOS_DOMAIN: cdn.domain if cdn else settings.photos_domain,
            environment.PHOTOS_DISTRIBUTION: cdn.id if cdn else "",
            environment.MAX_RECEIVES: str(settings.photos_max_receives),
        }
        return self._function(
            "photos", "rendition", "rendition_lambda.handler.handle", limits, variables
        )

    def _file_variables(self) -> dict[str, pulumi.Input[str]]:
        """Return where files are dropped, and what their batches get, for intake and sweeper."""
        defaults = self.settings.batch_defaults
        return {
            environment.INPUT_BUCKET: self.storage.input.name,
            environment.BATCH_DEFAULTS: msgspec.json.encode(defaults).decode(),
        }

    def _windowing_variables(self) -> dict[str, str]:
        """Return what `stream_ingest.windowing.settings` reads, apart from the shared variables."""
        settings = self.settings
        return {
            environment.PARTIAL_RESPONSES: settings.partial_responses,
            environment.DEDUP_HORIZON_DAYS: str(settings.dedup_horizon_days),
            environment.KEY_TEMPLATE: settings.key_template,
            environment.PREFETCH_COVERS: _switch(on=settings.prefetch_covers),
            environment.MAX_RECEIVES: str(settings.collage_max_receives),
            environment.DELIVERY_S: str(delivery_s(settings)),
        }

    def _collage_variables(self) -> dict[str, str]:
        """Return what `collage_lambda.settings` reads, apart from the shared variables."""
        settings = self.settings
        return {
            environment.ALLOWED_SOURCES: ",".join(settings.allowed_sources),
            environment.ALLOWED_PORTS: ",".join(map(str, settings.allowed_ports)),
            environment.REFUSED_IMAGES: ",".join(settings.refused_images),
            environment.DOWNLOADS_AT_ONCE: str(settings.downloads_at_once),
            environment.DOWNLOADS_PER_HOST: str(settings.downloads_per_host),
            environment.DOWNLOAD_TIMEOUT_S: str(settings.download_timeout_s),
            environment.DOWNLOAD_TRIES: str(settings.download_tries),
            environment.DOWNLOAD_USER_AGENT: settings.download_user_agent,
            environment.MIN_SIDE_PX: str(settings.min_side_px),
            environment.SIMD_SCALING: _switch(on=settings.simd_scaling),
            environment.CONTENT_DEDUP: _switch(on=settings.content_dedup),
            environment.DEDUP_HORIZON_DAYS: str(settings.dedup_horizon_days),
            environment.KEEP_ORIGINALS: _switch(on=settings.keep_originals),
            environment.BY_CREATOR_COPY: _switch(on=settings.by_creator_copy),
            environment.COLLAGE_URL_LIFE_S: str(settings.collage_url_life_s),
            environment.PREFETCH_EXPIRE_DAYS: str(settings.prefetch_expire_days),
        }

    def _function(
        self,
        name: str,
        bundle: str,
        handler: str,
        limits: Limits,
        variables: Mapping[str, pulumi.Input[str]],
    ) -> FunctionArgs:
        return FunctionArgs(
            function_name=f"{self.prefix}-{name}",
            bundle=self._bundle(bundle),
            handler=handler,
            limits=limits,
            logging=Logging(
                retention_days=self.settings.log_retention_days, level=self.settings.log_level
            ),
            variables={**self._shared(), **variables},
            hardening=self.hardening,
        )

    def _bundle(self, name: str) -> bundles.Bundle:
        return bundles.build_bundle(name, bundles.Platform(self.settings.bundle_platform))

    def _shared(self) -> dict[str, pulumi.Input[str]]:
        """Return the variables of every function: names of what the stack is made of."""
        return {
            environment.ACCOUNT: self.account,
            environment.TABLE: self.state.name,
            environment.BUS: self.bus.name,
            environment.OUTPUT_BUCKET: self.storage.output.name,
            environment.TEMP_BUCKET: self.storage.temp.name,
            environment.METRICS_NAMESPACE: namespace_of(pulumi.get_stack()),
        }


def _switch(*, on: bool) -> str:
    return "on" if on else "off"
