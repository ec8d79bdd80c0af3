"""Reading a photo's timeline from the table, the buckets, the dead letters and the logs. Edge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from ops_dashboard.recovery.dead_letter_queues import DeadLetterQueues
from ops_dashboard.trace.log_search import LogSearch
from ops_dashboard.trace.objects import stored_object
from ops_dashboard.trace.photo_story import (
    MAX_LOG_AGE,
    LetterAbout,
    PhotoStory,
    StoredVersion,
    lines_about,
    photo_query,
    photo_steps,
)
from ops_dashboard.trace.timeline import StoredObject
from rendition_lambda.lifecycle import work_for
from rendition_lambda.names import gallery_of
from rendition_lambda.photo_item import Photo
from rendition_lambda.places import Place, place_of
from rendition_lambda.recipe import recipe_of
from rendition_lambda.repository import PhotoRepository
from rendition_lambda.uploads import Uploads
from stream_ingest.aws import clients
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.stack_outputs import PhotosOutputs, StackOutputs

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_BEFORE = timedelta(minutes=5)


class PhotoStoryReader:
    """Reads timelines of photos of one stack."""

    def __init__(
        self, session: boto3.Session, outputs: StackOutputs, photos: PhotosOutputs
    ) -> None:
        """Read with the session's rights; without one of them that part is left out, with a note.

        The table and the current original are always read.
        """
        dynamodb = session.client("dynamodb", config=clients.CONFIG)
        self._outputs = photos
        self._photos = PhotoRepository(dynamodb, photos.table)
        self._s3: S3Client = session.client("s3", config=clients.CONFIG)
        self._uploads = Uploads(self._s3, photos.uploads_bucket, photos.other_buckets)
        self._queues = DeadLetterQueues(session.client("sqs", config=clients.CONFIG), outputs)
        self._logs = LogSearch(session.client("logs", config=clients.CONFIG))

    def read(self, name: str) -> PhotoStory | None:
        """Return a photo's timeline; None if neither the table nor S3 has ever had it."""
        place = place_of(name, self._outputs.uploads_bucket)
        recipe = recipe_of(place.key)
        gallery = gallery_of(place.key, recipe)
        photo, original = self._photos.load(gallery, name), self._uploads.find(name)
        notes: list[str] = []
        versions = self._versions(place, notes)
        if photo is None and original is None and not versions:
            return None
        objects = list(self._objects(photo)) if photo else []
        groups, query = [f"/aws/lambda/{self._outputs.function}"], photo_query(name)
        begins, ends = _log_range(photo, versions, datetime.now(UTC))
        lines, why = self._logs.lines(groups, query, begins, ends)
        if why is not None:
            notes.append(f"no log lines: {why}")
        return PhotoStory(
            name=name,
            gallery=gallery,
            photo=photo,
            needs=str(work_for(photo, original, recipe)),
            versions=versions,
            objects=objects,
            letters=self._letters(name, notes),
            steps=photo_steps(photo, versions, objects, lines_about(name, lines)),
            notes=notes,
            query=query,
            log_groups=groups,
        )

    def _versions(self, place: Place, notes: list[str]) -> list[StoredVersion]:
        """Return the versions of an original, the oldest first."""
        try:
            with map_errors(f"list the versions of {place.key}"):
                found = self._s3.list_object_versions(Bucket=place.bucket, Prefix=place.key)
        except (ClientError, TransientError) as error:
            notes.append(f"no versions: {error}")
            return []
        versions = [
            StoredVersion(
                version=each["VersionId"],
                at=each["LastModified"],
                bytes=each["Size"],
                is_latest=each["IsLatest"],
            )
            for each in found.get("Versions", [])
            if each["Key"] == place.key
        ]
        deletions = [
            StoredVersion(
                version=each["VersionId"], at=each["LastModified"], is_latest=each["IsLatest"]
            )
            for each in found.get("DeleteMarkers", [])
            if each["Key"] == place.key
        ]
        return sorted([*versions, *deletions], key=lambda each: each.at)

    def _objects(self, photo: Photo) -> Iterator[StoredObject]:
        bucket = self._outputs.renditions_bucket
        names = {facts.key: name for name, facts in photo.outputs.items()}
        for key in photo.keys:
            manifest = "manifest" if key.startswith("manifests/") else "output"
            yield stored_object(self._s3, names.get(key, manifest), bucket, key)

    def _letters(self, name: str, notes: list[str]) -> list[LetterAbout]:
        try:
            if not self._queues.count(DeadLetterKind.PHOTOS):
                return []
            with self._queues.received() as receiver:
                letters = [each.dead_letter for each in receiver.messages(DeadLetterKind.PHOTOS)]
        except (ClientError, TransientError) as error:
            notes.append(f"no dead letters: {error}")
            return []
        about = f"photo {name}"
        return [
            LetterAbout(ref=each.ref, when=each.when, why=each.why)
            for each in letters
            if each.about == about
        ]


def _log_range(
    photo: Photo | None, versions: list[StoredVersion], now: datetime
) -> tuple[datetime, datetime]:
    """Return the time range of a photo's lines: from its first upload until now."""
    written = (photo.uploaded_at, photo.updated_at) if photo else ()
    known = [each.at for each in versions]
    known.extend(datetime.fromisoformat(text) for text in written if text)
    begins = max(min(known, default=now) - _BEFORE, now - MAX_LOG_AGE)
    return begins, now + timedelta(minutes=1)
