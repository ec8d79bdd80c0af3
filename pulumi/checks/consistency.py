"""Settings of a stack that contradict each other. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.photos import photo_problems
from delivery_time import longest_age_s

from collage_lambda.output.key_template import template_problems
from stream_ingest.contracts.batch_options import settings_of
from stream_ingest.contracts.errors import UserError

if TYPE_CHECKING:
    from settings import Settings

YEAR_DAYS = 365
"""How long originals are stored at most, unless a stack says otherwise."""
MAX_LISTS_BYTES = 2_500
"""Bytes that settings of any length may have together in a function's environment, of which Lambda
takes 4 KB; what remains is for names of resources and for all other settings."""


def setting_name(option: str) -> str:
    """Return the setting with the default of a batch's option: ``defaultGrid`` for ``rows``."""
    shown = "grid" if option in {"rows", "cols"} else option
    return "default" + "".join(word.title() for word in shown.split("_"))


def setting_problems(settings: Settings) -> list[str]:
    """Return what is wrong with settings that are right one by one; empty if nothing is."""
    return [
        *_default_problems(settings),
        *_concurrency_problems(settings),
        *_vpc_problems(settings),
        *_lifetime_problems(settings),
        *_record_age_problems(settings),
        *_environment_problems(settings),
        *_bucket_problems(settings),
        *_notification_problems(settings),
        *photo_problems(settings),
        *(
            f"keyTemplate is {settings.key_template!r}: {problem}"
            for problem in template_problems(settings.key_template)
        ),
    ]


def _default_problems(settings: Settings) -> list[str]:
    try:
        settings_of(settings.batch_defaults, setting_name)
    except UserError as error:
        return [str(error)]
    return []


def _concurrency_problems(settings: Settings) -> list[str]:
    reserved, concurrent = settings.collage_reserved_concurrency, settings.collage_max_concurrency
    if 0 < reserved < concurrent:
        problem = (
            f"collageReservedConcurrency is {reserved}, less than collageMaxConcurrency"
            f" {concurrent}: throttled messages would use up their receipts"
        )
        return [problem]
    return []


def _vpc_problems(settings: Settings) -> list[str]:
    if settings.vpc_id:
        if settings.vpc_subnets:
            return []
        return ["vpcId is set without vpcSubnets: functions run in subnets"]
    if settings.vpc_subnets or settings.vpc_route_tables or settings.vpc_interface_endpoints:
        return ["vpcSubnets, vpcRouteTables or vpcInterfaceEndpoints are set without vpcId"]
    return []


def _lifetime_problems(settings: Settings) -> list[str]:
    """A window can be built again after its URLs expired only as long as its originals exist."""
    originals, archive = settings.originals_expire_days, settings.archive_retention_days
    if settings.keep_originals and 0 < originals < (archive or YEAR_DAYS):
        events = f"for {archive} days" if archive else "for ever (a year at least)"
        problem = (
            f"originalsExpireDays is {originals}, but events can be replayed {events}"
            " (archiveRetentionDays): set it to 0, which follows that, or shorten both"
        )
        return [problem]
    return []


def _record_age_problems(settings: Settings) -> list[str]:
    """A record that the stream deletes before Lambda discards it is stored nowhere."""
    age_s, longest_s = settings.windowing_max_record_age_s, longest_age_s(settings)
    if age_s is not None and age_s > longest_s:
        problem = (
            f"windowingMaxRecordAgeS is {age_s}, but the stream deletes records after"
            f" {settings.stream_retention_hours} hours (streamRetentionHours), and then they would"
            f" be lost: set at most {longest_s}, or leave it out"
        )
        return [problem]
    return []


def _environment_problems(settings: Settings) -> list[str]:
    lists = {
        "allowedInputBuckets": ",".join(settings.allowed_input_buckets),
        "allowedPorts": ",".join(map(str, settings.allowed_ports)),
        "allowedSources": ",".join(settings.allowed_sources),
        "keyTemplate": settings.key_template,
        "photosOtherBuckets": ",".join(settings.photos_other_buckets),
        "refusedImages": ",".join(settings.refused_images),
    }
    sizes = {name: len(text.encode()) for name, text in lists.items()}
    if sum(sizes.values()) > MAX_LISTS_BYTES:
        longest = ", ".join(f"{name} {size:,}" for name, size in sizes.items() if size)
        problem = (
            f"{longest}: together over {MAX_LISTS_BYTES:,} bytes, but Lambda takes 4 KB of"
            " variables for a function: shorten them"
        )
        return [problem]
    return []


def _bucket_problems(settings: Settings) -> list[str]:
    """S3 has one name space, and a bucket that takes two parts would mix their lifecycles."""
    named = settings.bucket_names
    problems = [
        f"adoptedBuckets has {purpose}, but {purpose}Bucket has no name"
        for purpose in settings.adopted_buckets
        if purpose not in named
    ]
    if len(set(named.values())) < len(named):
        problems.append("inputBucket, outputBucket and tempBucket have to be different buckets")
    problems += [
        f"{purpose}Bucket is {name!r}: a name with dots has no certificate for TLS"
        for purpose, name in named.items()
        if "." in name
    ]
    return problems


def _notification_problems(settings: Settings) -> list[str]:
    secret, header = settings.notify_webhook_secret, settings.notify_webhook_header
    if secret and not settings.notify_webhook_url:
        return ["notifyWebhookSecret is set without notifyWebhookUrl"]
    if header.lower() in {"host", "content-type", "content-length", "user-agent"}:
        return [f"notifyWebhookHeader is {header!r}, which EventBridge sets itself"]
    if (settings.notify_emails or settings.notify_webhook_url) and not settings.notify_of:
        return ["notifyOf is empty, but somebody is to be notified: name what of"]
    return []
