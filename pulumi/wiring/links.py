"""Links by which people without AWS upload photos. Edge (Pulumi)."""

from __future__ import annotations

from components.compute.function import FunctionArgs, Limits, Logging
from components.compute.upload_links import UploadLinks, UploadLinksArgs
from components.data.photo_storage import PhotoStorage
from wiring.basis import Basis

from ops_dashboard.packaging import bundles
from stream_ingest.contracts import environment
from stream_ingest.contracts.metrics import namespace_of

TIMEOUT_S = 15


def declare_links(basis: Basis, storage: PhotoStorage) -> UploadLinks:
    """Declare the function of upload links, which gets the names of what it uses and no others."""
    settings = basis.settings
    function = FunctionArgs(
        function_name=f"{basis.prefix}-links",
        bundle=bundles.build_bundle("links", bundles.Platform(settings.bundle_platform)),
        handler="rendition_lambda.links.handler.handle",
        limits=Limits(
            memory_mb=settings.photos_upload_links_memory_mb,
            timeout_s=TIMEOUT_S,
            reserved_concurrency=settings.photos_upload_links_concurrency,
        ),
        logging=Logging(retention_days=settings.log_retention_days, level=settings.log_level),
        variables={
            environment.ACCOUNT: basis.account,
            environment.PHOTOS_TABLE: storage.table.name,
            environment.UPLOADS_BUCKET: storage.uploads.name,
            environment.METRICS_NAMESPACE: namespace_of(basis.stack),
        },
        hardening=basis.hardening,
    )
    return UploadLinks(
        "links",
        UploadLinksArgs(
            prefix=basis.prefix,
            account=basis.account,
            partition=basis.partition,
            function=function,
            storage=storage,
        ),
    )
