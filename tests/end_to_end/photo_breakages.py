"""What is wrong with the photos of a stack, its distribution or its links; each is undone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from stream_ingest.aws.items import to_wire
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.end_to_end.breakages import PREFIX, Checked


def photos_of(stack: Checked) -> PhotosOutputs:
    """Return the outputs about photos."""
    assert stack.outputs.photos is not None
    return stack.outputs.photos


def output(stack: Checked, name: str) -> dict[str, str]:
    """Return where an output of the gallery ``wedding`` is."""
    bucket = photos_of(stack).renditions_bucket
    return {"Bucket": bucket, "Key": f"renditions/wedding/{name}.jpg"}


@contextmanager
def orphan(stack: Checked) -> Iterator[None]:
    place = output(stack, "lost_large")
    stack("s3").put_object(**place, Body=b"x")
    yield
    stack("s3").delete_object(**place)


@contextmanager
def missing_output(stack: Checked) -> Iterator[None]:
    place = output(stack, "IMG_1_small")
    body = stack("s3").get_object(**place)["Body"].read()
    stack("s3").delete_object(**place)
    yield
    stack("s3").put_object(**place, Body=body)


@contextmanager
def stuck(stack: Checked) -> Iterator[None]:
    key = {"gallery": "wedding", "photo": "wedding/stuck.jpg"}
    item: dict[str, object] = {
        **key,
        "status": "processing",
        "open": "processing",
        "lease_until": 5,
        "revision": 1,
    }
    table = {"TableName": photos_of(stack).table}
    stack("dynamodb").put_item(
        **table, Item=to_wire({**item, "updated_at": "2026-01-01T00:00:00Z"})
    )
    yield
    stack("dynamodb").delete_item(**table, Key=to_wire(key))


@contextmanager
def silent_uploads(stack: Checked) -> Iterator[None]:
    bucket = {"Bucket": photos_of(stack).uploads_bucket}
    for configuration in ({}, {"EventBridgeConfiguration": {}}):
        stack("s3").put_bucket_notification_configuration(
            **bucket, NotificationConfiguration=configuration
        )
        if not configuration:
            yield


@contextmanager
def disabled_rule(stack: Checked) -> Iterator[None]:
    rule = {"Name": f"{PREFIX}-photo-changed", "EventBusName": "default"}
    stack("events").disable_rule(**rule)
    yield
    stack("events").enable_rule(**rule)


@contextmanager
def disabled_mapping(stack: Checked) -> Iterator[None]:
    client = stack("lambda")
    found = client.list_event_source_mappings(FunctionName=photos_of(stack).function)
    (uuid, *_) = [each["UUID"] for each in found["EventSourceMappings"]]
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    yield
    client.update_event_source_mapping(UUID=uuid, Enabled=True)


@contextmanager
def no_sweeps(stack: Checked) -> Iterator[None]:
    found = stack("scheduler").get_schedule(Name=f"{PREFIX}-photos")
    names = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    schedule = {name: found[name] for name in names}
    stack("scheduler").update_schedule(**schedule, State="DISABLED")
    yield
    stack("scheduler").update_schedule(**schedule, State="ENABLED")


@contextmanager
def no_cors(stack: Checked) -> Iterator[None]:
    bucket = {"Bucket": photos_of(stack).uploads_bucket}
    rules = stack("s3").get_bucket_cors(**bucket)["CORSRules"]
    stack("s3").delete_bucket_cors(**bucket)
    yield
    stack("s3").put_bucket_cors(**bucket, CORSConfiguration={"CORSRules": rules})


@contextmanager
def open_cors(stack: Checked) -> Iterator[None]:
    bucket = {"Bucket": photos_of(stack).uploads_bucket}
    rules = stack("s3").get_bucket_cors(**bucket)["CORSRules"]
    more = [*rules, {"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://evil.example.com"]}]
    stack("s3").put_bucket_cors(**bucket, CORSConfiguration={"CORSRules": more})
    yield
    stack("s3").put_bucket_cors(**bucket, CORSConfiguration={"CORSRules": rules})


@contextmanager
def distribution_off(stack: Checked) -> Iterator[None]:
    before = configure(stack, lambda config: config.update(Enabled=False))
    yield
    configure(stack, lambda config: config.update(before))


@contextmanager
def no_way_to_links(stack: Checked) -> Iterator[None]:
    nowhere = {"Quantity": 0, "Items": []}
    before = configure(stack, lambda config: config.update(CacheBehaviors=nowhere))
    yield
    configure(stack, lambda config: config.update(before))


@contextmanager
def no_url_of_links(stack: Checked) -> Iterator[None]:
    """Its next URL has another host."""
    client, name = stack("lambda"), photos_of(stack).links_function
    url = client.get_function_url_config(FunctionName=name)
    client.delete_function_url_config(FunctionName=name)
    yield
    made = client.create_function_url_config(FunctionName=name, AuthType=url["AuthType"])
    old, new = (str(urlsplit(each["FunctionUrl"]).hostname) for each in (url, made))

    def redirect(config: dict[str, Any]) -> None:
        for origin in config["Origins"]["Items"]:
            origin["DomainName"] = origin["DomainName"].replace(old, new)

    configure(stack, redirect)


def configure(stack: Checked, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Change the distribution; return its configuration from before."""
    client, id_ = stack("cloudfront"), photos_of(stack).distribution_id
    found = client.get_distribution_config(Id=id_)
    config = copy.deepcopy(found["DistributionConfig"])
    change(config)
    client.update_distribution(Id=id_, IfMatch=found["ETag"], DistributionConfig=config)
    return dict(found["DistributionConfig"])
