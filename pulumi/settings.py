"""What a stack may set, with defaults and bounds. Edge (Pulumi's configuration), read once.

Keys are those of ``Pulumi.<stack>.yaml`` under ``coverstream:``, in camelCase; fields are the same
words in snake_case. Values that are wrong are reported all together.
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass, field
from typing import Any

import pulumi
from ops_dashboard.monitoring.resources import Thresholds

_HOST_PORT = re.compile(r"[A-Za-z0-9.\-]+:[1-9][0-9]{0,4}")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SUBNET = re.compile(r"subnet-[0-9a-f]{8,17}")
_ROUTE_TABLE = re.compile(r"rtb-[0-9a-f]{8,17}")
_MOST_PORT = 65_535


class SettingsError(Exception):
    """Settings of a stack are wrong; the message lists all of them."""


def whole(default: int, least: int, most: int) -> int:
    """Declare a whole number with its bounds."""
    return field(default=default, metadata={"least": least, "most": most})


def choice(default: str, *choices: str) -> str:
    """Declare one of some words."""
    return field(default=default, metadata={"choices": choices})


def matching(pattern: str, what: str, default: str = "") -> str:
    """Declare a text of a form; `what` says in words what it is."""
    return field(default=default, metadata={"pattern": pattern, "what": what})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one stack. Bounds are those of AWS where AWS has any (docs/facts.md)."""

    protect: bool = False
    """Refuse to delete the table, and buckets that hold objects."""
    bundle_platform: str = choice("lambda", "lambda", "local")
    """``local`` only where functions run on this machine (the embedded AWS)."""

    stream_shards: int = whole(0, 0, 500)
    """Shards of the stream; 0 lets AWS scale it on demand."""
    stream_retention_hours: int = whole(24, 24, 168)
    """At most 7 days: a creator's marks, which recognise a redelivery, are kept for 9."""

    windowing_memory_mb: int = whole(1_024, 128, 10_240)
    windowing_timeout_s: int = whole(120, 1, 900)
    windowing_reserved_concurrency: int = whole(0, 0, 1_000)
    """0 reserves nothing; the shards bound it anyway."""
    windowing_batch_size: int = whole(100, 1, 10_000)
    """Packed records an invocation is given; 100 of 25 KB stay under the 6 MB of a payload."""
    windowing_batching_window_s: int = whole(1, 0, 300)
    windowing_parallelization: int = whole(1, 1, 10)
    """Batches of one shard that are folded at once; each creator stays in order."""
    windowing_max_retries: int = whole(10, 0, 10_000)
    windowing_max_record_age_s: int = whole(21_600, 60, 604_800)
    """A batch that still fails after this goes, whole, to the failure bucket."""
    failure_bucket: str = choice("output", "output", "temp")
    """Where batches end that the windowing function could not fold, under ``aws/lambda/``."""

    sweeper_memory_mb: int = whole(512, 128, 10_240)
    sweeper_timeout_s: int = whole(55, 1, 900)
    """Two sweeps at once harm nothing, so this may be longer than the minute between them."""

    collage_memory_mb: int = whole(1_769, 128, 10_240)
    """1,769 MB is one whole vCPU."""
    collage_timeout_s: int = whole(120, 1, 900)
    collage_reserved_concurrency: int = whole(0, 0, 1_000)
    """0 reserves nothing; else at least `collage_max_concurrency`."""
    collage_max_concurrency: int = whole(10, 2, 1_000)
    collage_max_receives: int = whole(3, 1, 1_000)
    """Receipts after which a window's message is a dead letter."""

    alarm_error_percent: int = whole(5, 0, 100)
    """Alarms begin above these figures; what each watches is in
    ops_dashboard/monitoring/alarms.py."""
    alarm_duration_s: int = whole(600, 1, 900)
    """Of one collage; where the function's timeout is shorter, nine tenths of that."""
    alarm_memory_percent: int = whole(80, 1, 100)
    alarm_dead_letters: int = whole(10, 0, 1_000_000)
    """In one queue."""
    alarm_iterator_age_minutes: int = whole(10, 1, 10_080)
    alarm_window_age_minutes: int = whole(60, 1, 10_080)
    """How long a closed window may wait for its collage."""
    alarm_idle_minutes: int = whole(15, 5, 1_440)
    """How long nothing may move while a batch is open."""
    alarm_failed_images_percent: int = whole(20, 0, 100)
    alarm_cost_usd_per_day: int = whole(25, 1, 1_000_000)

    prefetch_covers: bool = True
    """Prefetch covers whose URL dies while their window is open; else such a window is
    closed early."""
    prefetch_expire_days: int = whole(60, 3, 3_650)
    """How long a prefetched cover is kept; a window that is open for longer is closed before."""
    prefetch_memory_mb: int = whole(1_024, 128, 10_240)
    prefetch_timeout_s: int = whole(120, 30, 900)

    collage_url_life_s: int = whole(3_600, 0, 43_200)
    """How long the link in a CollageCreated event works at most (it is signed with the function's
    own session, and dies with that); 0 leaves it out."""

    intake_memory_mb: int = whole(1_769, 128, 10_240)
    intake_timeout_s: int = whole(300, 30, 900)
    """A file that takes longer is gone on with by the next invocation."""
    intake_max_concurrency: int = whole(5, 2, 1_000)
    """Files that are read at once."""
    intake_max_receives: int = whole(3, 1, 1_000)
    """Receipts after which a request or a file's message is a dead letter."""

    kms_key: bool = False
    """Encrypt buckets, table, queues and stream with a key of the stack's own, renewed yearly."""
    vpc_id: str = matching(r"|vpc-[0-9a-f]{8,17}", "a VPC's id")
    """Run the functions in this VPC; empty runs them in AWS's own network."""
    vpc_subnets: tuple[str, ...] = ()
    """Its private subnets; each needs a route to a NAT gateway, by which covers are fetched."""
    vpc_route_tables: tuple[str, ...] = ()
    """Those subnets' route tables, which get the endpoints of S3 and DynamoDB (they cost nothing);
    none leaves these out, for a VPC that has them."""
    vpc_interface_endpoints: bool = True
    """Create the endpoints of Kinesis, SQS, EventBridge, Logs, CloudWatch and SSM (billed by the
    hour); false where the VPC has them, or the NAT gateway is to serve."""
    access_logs: bool = False
    """Keep S3's log of every request to the buckets."""
    data_events: bool = False
    """Keep CloudTrail's record of every read and write of an object."""
    audit_expire_days: int = whole(365, 1, 3_650)
    """How long both are kept, in a bucket of their own."""

    archive_retention_days: int = whole(30, 0, 3_650)
    """How long WindowReady events can be replayed; 0 keeps them for ever."""
    log_retention_days: int = whole(30, 1, 3_653)
    log_level: str = choice("INFO", "DEBUG", "INFO", "WARNING", "ERROR")

    originals_expire_days: int = whole(30, 1, 3_650)
    """How long downloaded originals are kept for a replay."""
    allowed_sources: tuple[str, ...] = ()
    """``host:port`` pairs that may be fetched although their address is not public."""
    allowed_ports: tuple[str, ...] = ()
    """Ports that may be fetched from, but for `allowed_sources`; none means any."""
    refused_images: tuple[str, ...] = ()
    """sha256 of placeholders that are taken for missing images; logs name those that repeat."""
    partial_responses: str = choice("trusted", "trusted", "raise")
    dedup_horizon_days: int = whole(90, 1, 3_650)
    keep_originals: bool = True
    by_creator_copy: bool = True

    @property
    def thresholds(self) -> Thresholds:
        """Return from where on figures are alarms.

        An alarm on more seconds than the function may run would be no alarm.
        """
        return Thresholds(
            error_percent=self.alarm_error_percent,
            duration_s=min(self.alarm_duration_s, 9 * self.collage_timeout_s // 10),
            memory_percent=self.alarm_memory_percent,
            dead_letters=self.alarm_dead_letters,
            iterator_age_minutes=self.alarm_iterator_age_minutes,
            window_age_minutes=self.alarm_window_age_minutes,
            idle_minutes=self.alarm_idle_minutes,
            failed_images_percent=self.alarm_failed_images_percent,
            cost_usd_per_day=self.alarm_cost_usd_per_day,
        )

    def __post_init__(self) -> None:
        """Check what no single setting shows."""
        problems = []
        reserved, wanted = self.collage_reserved_concurrency, self.collage_max_concurrency
        if 0 < reserved < wanted:
            problems.append(
                f"collageReservedConcurrency is {reserved}, less than collageMaxConcurrency"
                f" {wanted}: throttled messages would use up their receipts"
            )
        problems += [
            f"allowedSources has {source!r}, not a host:port pair"
            for source in self.allowed_sources
            if not _HOST_PORT.fullmatch(source)
        ]
        problems += [
            f"allowedPorts has {port!r}, not a port"
            for port in self.allowed_ports
            if not _PORT.fullmatch(port) or int(port) > _MOST_PORT
        ]
        problems += [
            f"refusedImages has {digest!r}, not a sha256"
            for digest in self.refused_images
            if not _SHA256.fullmatch(digest)
        ]
        problems += self._vpc_problems()
        if problems:
            raise SettingsError("; ".join(problems))

    def _vpc_problems(self) -> list[str]:
        """Return what is wrong with the place of the functions."""
        problems = [
            f"{key} has {value!r}, not {what}"
            for key, values, pattern, what in (
                ("vpcSubnets", self.vpc_subnets, _SUBNET, "a subnet's id"),
                ("vpcRouteTables", self.vpc_route_tables, _ROUTE_TABLE, "a route table's id"),
            )
            for value in values
            if not pattern.fullmatch(value)
        ]
        if self.vpc_id and not self.vpc_subnets:
            problems.append("vpcId is set without vpcSubnets: functions run in subnets")
        if not self.vpc_id and (self.vpc_subnets or self.vpc_route_tables):
            problems.append("vpcSubnets or vpcRouteTables are set without vpcId")
        return problems


def config_key(name: str) -> str:
    """Return the configuration key of a field: ``stream_shards`` is ``streamShards``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def read_settings(config: pulumi.Config) -> Settings:
    """Return the stack's settings; `SettingsError` lists every value that is wrong."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for setting in dataclasses.fields(Settings):
        raw = config.get(config_key(setting.name))
        if raw is None:
            continue
        try:
            values[setting.name] = _parse(setting, raw)
        except ValueError as error:
            problems.append(f"{config_key(setting.name)} is {raw!r}, {error}")
    try:
        settings = Settings(**values)
    except SettingsError as error:
        problems.append(str(error))
    if problems:
        raise SettingsError("; ".join(problems))
    return settings


def _parse(setting: dataclasses.Field[Any], raw: str) -> object:
    """Return a setting's value; `ValueError` ends the sentence ``<key> is <value>, …``."""
    if setting.type == "bool":
        return _one_of(raw.lower(), ("true", "false")) == "true"
    if setting.type == "int":
        return _whole(raw, setting.metadata["least"], setting.metadata["most"])
    if setting.type == "str":
        if "pattern" in setting.metadata:
            return _matching(raw, setting.metadata["pattern"], setting.metadata["what"])
        return _one_of(raw, setting.metadata["choices"])
    return _texts(raw)


def _one_of(raw: str, choices: tuple[str, ...]) -> str:
    if raw not in choices:
        msg = f"not one of {', '.join(choices)}"
        raise ValueError(msg)
    return raw


def _matching(raw: str, pattern: str, what: str) -> str:
    if not re.fullmatch(pattern, raw):
        msg = f"not {what}"
        raise ValueError(msg)
    return raw


def _whole(raw: str, least: int, most: int) -> int:
    if not raw.isdecimal() or not least <= int(raw) <= most:
        msg = f"not a whole number from {least} to {most}"
        raise ValueError(msg)
    return int(raw)


def _texts(raw: str) -> tuple[str, ...]:
    try:
        values = json.loads(raw)
    except json.JSONDecodeError:
        values = None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        msg = "not a list of strings"
        raise ValueError(msg)
    return tuple(values)
