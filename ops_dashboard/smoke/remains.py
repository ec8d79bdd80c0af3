"""Removes everything that a smoke test stored. Edge (DynamoDB, S3).

All of it follows from the name of the run, which is that of its creator, of its batch and of the
folder of its covers. The covers go last: as long as they are there, a later run finds and removes
what one left that was killed. What remains is the mark of an erased creator, so that rows in the
stream, messages in queues and events in the archive of this run can never become a collage.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from collage_lambda.originals.scrub import originals_scrubber
from collage_lambda.originals.shared_pack import SharedIndex
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.shares import SHARED_PREFIX, is_shared_key
from ops_dashboard.erase.bucket import Bucket, Version
from ops_dashboard.erase.creator_items import CreatorItems
from ops_dashboard.erase.erasure import Erasure
from ops_dashboard.erase.packs import Packs
from ops_dashboard.erase.report import UNREADABLE_PACKS
from ops_dashboard.erase.stored_files import SHARES, Scope
from ops_dashboard.erase.subject import Subject, kind_of
from ops_dashboard.inspect.table_reader import TableReader
from stream_ingest.aws import clients
from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.batches.results.summary import report_prefixes
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.stack_outputs import StackOutputs

if TYPE_CHECKING:
    import boto3

STALE_AFTER = timedelta(hours=1)
"""Age from which a run that left something is not running any more."""
LEASE_TIMEOUT_S = 60.0
"""How long a collage that is being built is waited for; its lease may last 15 minutes."""
CLOCK_SKEW = timedelta(minutes=15)
"""How far a run's clock, which gives it its name, may be ahead of that of S3."""
_FOLDER = "debug/smoke/"
"""Folder of covers in the temp bucket, where a lifecycle rule removes them, too."""
_ORIGINALS = "originals/"
_IN_TEMP = (_ORIGINALS, "processing/", "debug/")
_NAME = re.compile(r"smoke-(?P<at>[0-9]{8}-[0-9]{6})-[0-9a-f]{4}")


def new_name(now: datetime, token: str) -> str:
    """Return the name of a run; no TikTok handle has a dash. Pure."""
    return f"smoke-{now:%Y%m%d-%H%M%S}-{token}"


def covers_prefix(name: str) -> str:
    """Return the folder of a run's covers in the temp bucket. Pure."""
    return f"{_FOLDER}{name}/"


class Remains:
    """What runs have stored in one stack."""

    def __init__(self, session: boto3.Session, outputs: StackOutputs) -> None:
        """Work on one stack."""
        self._outputs = outputs
        self._s3 = session.client("s3", config=clients.CONFIG)
        self._dynamodb = session.client("dynamodb", config=clients.CONFIG)
        self._output = Bucket(self._s3, outputs.output_bucket)
        self._temp = Bucket(self._s3, outputs.temp_bucket)
        self._packs = Packs(
            self._temp, originals_scrubber(TempStore(self._s3, outputs.temp_bucket))
        )
        self._table = TableReader(self._dynamodb, outputs.table_name)

    def stale(self, now: datetime) -> list[str]:
        """Return the names of earlier runs that have left something."""
        with map_errors(f"list {self._outputs.temp_bucket}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._outputs.temp_bucket, Prefix=_FOLDER, Delimiter="/"
            )
            try:
                listed = [each for page in pages for each in page.get("CommonPrefixes", [])]
            except ClientError as error:
                if error_code(error) == "NoSuchBucket":
                    return []
                raise
        names = (each["Prefix"].removeprefix(_FOLDER).rstrip("/") for each in listed)
        return [name for name in names if _is_older(name, now - STALE_AFTER)]

    def remove(self, name: str) -> Counter[str]:
        """Remove everything of a run; return what there was, by kind. Safe to repeat.

        Raises `TransientError` if a collage is still being built.
        """
        found: Counter[str] = Counter()
        who = Subject(name, self._outputs.names_case)
        items = CreatorItems(
            self._dynamodb, self._outputs.table_name, who, time.time, has_tallies=False
        )
        batch = BatchRegistry(self._dynamodb, self._outputs.table_name, time.time).load(name)
        if batch is not None or items.state().version:
            items.mark_erased(block=False)
            self._remove_batch(name)  # before the sweeper ends it
            erasure = Erasure(
                who=who,
                items=items,
                files=RunFiles(self._output, self._temp, self._packs, name),
                dead_letters=None,
                inputs=None,
                clock=time.time,
                sleep=time.sleep,
                say=lambda _: None,
                lease_timeout_s=LEASE_TIMEOUT_S,
            )
            found += erasure.run(block=False).found
            self._remove_batch(name)  # counts that the erasure has moved there
        covers = list(_versions(self._temp, covers_prefix(name)))
        found["covers"] += self._temp.delete(covers)
        return +found

    def _remove_batch(self, name: str) -> None:
        """Delete all items of the run's batch."""
        partition = table.batch_partition(name)
        items = self._table.query(
            KeyConditionExpression="creator_name = :batch",
            ExpressionAttributeValues=to_wire({":batch": partition}),
            ConsistentRead=True,
        )
        for item in items:
            key = {name: item[name] for name in (table.PARTITION_KEY, table.SORT_KEY)}
            with map_errors("remove an item of the batch"):
                self._dynamodb.delete_item(TableName=self._outputs.table_name, Key=to_wire(key))


class RunFiles:
    """The objects of a run besides its covers."""

    def __init__(self, output: Bucket, temp: Bucket, packs: Packs[SharedIndex], name: str) -> None:
        """What begins like the keys of the run `name` is its own, besides what erasure finds."""
        self._output, self._temp, self._packs = output, temp, packs
        self._name, self._prefixes = name, _own_prefixes(name)
        self._keys: set[str] = set()
        self._has_originals = False

    def work(self, scope: Scope, *, remove: bool) -> Counter[str]:
        """Return the number of objects by kind; with `remove`, remove all their versions."""
        self._keys |= scope.keys
        found: Counter[str] = Counter()
        for key in (*sorted(self._keys), *self._prefixes):
            bucket = self._temp if key.startswith(_IN_TEMP) else self._output
            versions = [
                each for each in _versions(bucket, key) if each.key == key or key in self._prefixes
            ]
            self._has_originals |= bool(versions) and key.startswith(_ORIGINALS)
            if is_shared_key(key):  # other windows have their originals in it
                found[SHARES] += self._take_shares(versions, remove=remove)
                continue
            if remove:
                bucket.delete(versions)
            found.update(kind_of(each.key) for each in versions if not each.is_marker)
        if not self._has_originals:
            found += self._take_unnamed_shares(remove=remove)
        return +found

    def _take_unnamed_shares(self, *, remove: bool) -> Counter[str]:
        """Look for shares of windows that were not published, so that nothing names their pack."""
        since = _moment(self._name) - CLOCK_SKEW
        found: Counter[str] = Counter()
        for version in _versions(self._temp, SHARED_PREFIX):
            if version.modified_at < since:
                continue
            try:
                found[SHARES] += self._take_shares([version], remove=remove)
            except DecodeError:  # nobody can say whose originals it has
                found[UNREADABLE_PACKS] += 1
        return found

    def _take_shares(self, versions: Iterable[Version], *, remove: bool) -> int:
        return sum(
            self._packs.work(each, lambda member: member.creator == self._name, remove=remove)
            for each in versions
            if not each.is_marker
        )


def _versions(bucket: Bucket, prefix: str) -> Iterator[Version]:
    """Yield the versions under a prefix; none if the bucket does not exist."""
    try:
        yield from bucket.versions(prefix)
    except ClientError as error:
        if error_code(error) != "NoSuchBucket":
            raise


def _own_prefixes(name: str) -> list[str]:
    """Return how the keys of a run begin that do not follow from its windows. Pure.

    Its batch may have been registered in the month after that of its name.
    """
    at = _moment(name)
    months = {f"{each:%Y%m}": each for each in (at, at + STALE_AFTER)}
    reports = [prefix for month in months.values() for prefix in report_prefixes(name, month)]
    packs = [f"originals/{name}/", f"processing/windows/{name}/"]
    return [f"failed/rows/{name}/", *packs, *reports]


def _moment(name: str) -> datetime:
    """Return when a run began; raises `ValueError` for another name. Pure."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(name)
    return datetime.strptime(match["at"], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)


def _is_older(name: str, moment: datetime) -> bool:
    return _NAME.fullmatch(name) is not None and _moment(name) < moment
