"""Declare one stack: read its settings, wire its components, export addresses. Edge (Pulumi)."""

from __future__ import annotations

from importlib.metadata import version

import msgspec
import pulumi_aws as aws
from checks.account import check_account
from components.compute.collage import Collage, CollageArgs
from components.compute.intake import Intake, IntakeArgs
from components.compute.prefetch import Prefetch, PrefetchArgs
from components.compute.sweeper import Sweeper, SweeperArgs
from components.compute.windowing import Windowing, WindowingArgs
from components.data.audit import Audit, AuditArgs
from components.data.state import State, StateArgs
from components.data.storage import Storage, StorageArgs
from components.data.stream import AWS_KEY, Stream, StreamArgs
from components.messaging.bus import Bus, BusArgs
from components.messaging.delivery import Delivery, DeliveryArgs
from components.messaging.queue import DAY_S, RETENTION_S
from components.operations.monitoring import MonitoredNames, Monitoring, MonitoringArgs
from components.operations.stack_parameter import StackParameter
from components.security.encryption import Encryption, EncryptionArgs
from components.security.hardening import Hardening
from components.security.network import Network, NetworkArgs
from components.security.policies import bucket_arn
from functions import FunctionSettings
from stack_config import read_settings

import pulumi
from stream_ingest.contracts.events import CoversExpiring, WindowReady
from stream_ingest.contracts.levels import LEVEL, OLDEST_COMMANDS
from stream_ingest.contracts.metrics import Service

settings = read_settings(pulumi.Config())
stack = pulumi.get_stack()
prefix = f"{pulumi.get_project()}-{stack}"
check_account(settings, prefix)
account = aws.get_caller_identity_output().account_id
partition = aws.get_partition()
other_bucket_arns = tuple(
    bucket_arn(name, partition.partition) for name in settings.allowed_input_buckets
)
region = aws.get_region_output().region

encryption = (
    Encryption(
        "encryption",
        EncryptionArgs(
            prefix=prefix,
            account=account,
            partition=partition.partition,
            protect=settings.protect,
            other_bucket_arns=other_bucket_arns,
        ),
    )
    if settings.kms_key
    else None
)
key_arn = encryption.arn if encryption else None
network = (
    Network(
        "network",
        NetworkArgs(
            prefix=prefix,
            region=region,
            vpc_id=settings.vpc_id,
            subnet_ids=settings.vpc_subnets,
            route_table_ids=settings.vpc_route_tables,
            interface_endpoints=settings.vpc_interface_endpoints,
            ports=settings.download_ports,
        ),
    )
    if settings.vpc_id
    else None
)
hardening = Hardening(
    region=region,
    dns_suffix=partition.dns_suffix,
    key_arn=key_arn,
    former_key_arns=settings.former_kms_keys,
    placement=network.placement if network else None,
)
storage = Storage(
    "storage",
    StorageArgs(
        prefix=prefix,
        account=account,
        region=region,
        archive_retention_days=settings.archive_retention_days,
        dead_letter_days=RETENTION_S // DAY_S,
        originals_expire_days=settings.originals_expire_days,
        prefetch_expire_days=settings.prefetch_expire_days,
        protect=settings.protect,
        names=settings.bucket_names,
        adopted=settings.adopted_buckets,
        key_arn=key_arn,
    ),
)
if settings.access_logs or settings.data_events:
    Audit(
        "audit",
        AuditArgs(
            prefix=prefix,
            account=account,
            region=region,
            storage=storage,
            access_logs=settings.access_logs,
            trail=settings.data_events,
            partition=partition.partition,
            expire_days=settings.audit_expire_days,
            protect=settings.protect,
        ),
    )
stream = Stream(
    "rows",
    StreamArgs(
        stream_name=f"{prefix}-rows",
        shards=settings.stream_shards,
        retention_hours=settings.stream_retention_hours,
        protect=settings.protect,
        key_arn=key_arn or AWS_KEY,
    ),
)
table_name = settings.table_name or f"{prefix}-state"
state = State(
    "state",
    StateArgs(table_name=table_name, protect=settings.protect, key_arn=key_arn),
)
bus = Bus(
    "bus",
    BusArgs(
        bus_name=prefix,
        archive_retention_days=settings.archive_retention_days,
        protect=settings.protect,
    ),
)
delivery = Delivery(
    "delivery",
    DeliveryArgs(
        prefix=prefix,
        bus_name=bus.name,
        event=WindowReady,
        rule="window-ready",
        queue="collage",
        rule_dead_letters="window-rule",
        function_timeout_s=settings.collage_timeout_s,
        max_receives=settings.collage_max_receives,
        key_arn=key_arn,
    ),
)
prefetch_requests = Delivery(
    "prefetch-requests",
    DeliveryArgs(
        prefix=prefix,
        bus_name=bus.name,
        event=CoversExpiring,
        rule="covers-expiring",
        queue="prefetch",
        function_timeout_s=settings.prefetch_timeout_s,
        max_receives=settings.collage_max_receives,
        key_arn=key_arn,
    ),
)
functions = FunctionSettings(
    settings, prefix, account=account, state=state, bus=bus, storage=storage, hardening=hardening
)
windowing = Windowing(
    "windowing",
    WindowingArgs(
        function=functions.windowing(),
        mapping=functions.mapping(),
        stream=stream,
        state=state,
        bus=bus,
        storage=storage,
        failures=storage.output if settings.failure_bucket == "output" else storage.temp,
    ),
)
sweeper = Sweeper(
    "sweeper",
    SweeperArgs(
        prefix=prefix,
        account=account,
        function=functions.sweeper(),
        state=state,
        bus=bus,
        storage=storage,
    ),
)
collage = Collage(
    "collage",
    CollageArgs(
        function=functions.collage(),
        max_concurrency=settings.collage_max_concurrency,
        keep_originals=settings.keep_originals,
        content_dedup=settings.content_dedup,
        delivery=delivery,
        state=state,
        bus=bus,
        storage=storage,
    ),
)
prefetch = Prefetch(
    "prefetch",
    PrefetchArgs(
        function=functions.prefetch(), delivery=prefetch_requests, state=state, storage=storage
    ),
)
intake = Intake(
    "intake",
    IntakeArgs(
        prefix=prefix,
        function=functions.intake(),
        max_concurrency=settings.intake_max_concurrency,
        max_receives=settings.intake_max_receives,
        other_bucket_arns=other_bucket_arns,
        stream=stream,
        state=state,
        storage=storage,
    ),
)
dead_letters = {
    "collage": delivery.dead_letters,
    "window-rule": delivery.rule_dead_letters,
    "sweeper": sweeper.dead_letters,
    "intake": intake.dead_letters,
    "prefetch": prefetch_requests.dead_letters,
}
monitoring = Monitoring(
    "monitoring",
    MonitoringArgs(
        prefix=prefix,
        stack=stack,
        region=region,
        thresholds=settings.thresholds,
        stream_shards=settings.stream_shards,
        names=MonitoredNames(
            stream=stream.name,
            table=state.name,
            bus=bus.name,
            window_rule=delivery.rule.name,
            queue=delivery.queue.queue.name,
            dead_letters={name: each.queue.name for name, each in dead_letters.items()},
            functions={
                Service.WINDOWING: windowing.function.name,
                Service.SWEEPER: sweeper.function.name,
                Service.COLLAGE: collage.function.name,
                Service.PREFETCH: prefetch.function.name,
                Service.INTAKE: intake.function.name,
            },
        ),
        memory_mb={
            Service.WINDOWING: settings.windowing_memory_mb,
            Service.SWEEPER: settings.sweeper_memory_mb,
            Service.COLLAGE: settings.collage_memory_mb,
            Service.PREFETCH: settings.prefetch_memory_mb,
            Service.INTAKE: settings.intake_memory_mb,
        },
    ),
)

entries = {
    "stack": stack,
    "release": version("coverstream"),
    "level": LEVEL,
    "oldest_commands": OLDEST_COMMANDS,
    "region": region,
    "stream_name": stream.name,
    "table_name": state.name,
    "bus_name": bus.name,
    "archive_arn": bus.archive_arn,
    "window_rule_arn": delivery.rule.arn,
    "input_bucket": storage.input.name,
    "output_bucket": storage.output.name,
    "temp_bucket": storage.temp.name,
    "collage_queue_url": delivery.queue.url,
    "dead_letter_urls": {name: each.url for name, each in dead_letters.items()},
    "windowing_function": windowing.function.name,
    "sweeper_function": sweeper.function.name,
    "collage_function": collage.function.name,
    "intake_function": intake.function.name,
    "prefetch_function": prefetch.function.name,
    "prefetch_queue_url": prefetch_requests.queue.url,
    "prefetch_covers": settings.prefetch_covers,
    "creator_case": settings.creator_case,
    "dedup_horizon_days": settings.dedup_horizon_days,
    "request_queue_url": intake.queue.url,
    "dashboard_name": monitoring.dashboard.dashboard_name,
    "alarm_topic_arn": monitoring.topic.arn,
    "batch_defaults": msgspec.to_builtins(settings.batch_defaults),
    "allowed_input_buckets": list(settings.allowed_input_buckets),
}
StackParameter("directory", stack, entries)
for key, value in entries.items():
    pulumi.export(key, value)
