"""``ops-dashboard photos manifest``: the manifest of a whole data set. Edge (DynamoDB, files)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from ops_dashboard.photos.items import PhotoItems
from ops_dashboard.photos.stack import PhotoStack
from ops_dashboard.printing.terminal import print_line
from rendition_lambda.manifest import ManifestLine, encode, label_of, lines_of
from rendition_lambda.names import AUGMENTATION_GALLERY
from rendition_lambda.photo_item import Photo, PhotoStatus
from rendition_lambda.places import place_of
from stream_ingest.contracts.errors import UserError


def show_manifest(stack_name: str, *, label: str | None, output: Path | None) -> None:
    """Write a line for each output of every image to augment, to a file or to standard output.

    Images are in the order of their names. Raises `UserError` if the file cannot be written.
    """
    stack = PhotoStack.open(stack_name)
    items = PhotoItems(stack.dynamodb, stack.outputs.table)
    photos = (photo for page in items.pages(AUGMENTATION_GALLERY, None) for photo in page)
    with ExitStack() as opened:
        target = _target(output, opened)
        images, lines = 0, 0
        for found in manifests(photos, label, stack.outputs.uploads_bucket):
            target.write(encode(found))
            images, lines = images + 1, lines + len(found)
        target.flush()
    if output is not None:
        print_line(f"{images:,} images, {lines:,} lines: {output}")


def manifests(
    photos: Iterable[Photo], label: str | None, uploads: str
) -> Iterator[list[ManifestLine]]:
    """Yield the lines of each image that has outputs, of a label and those below it if given."""
    for photo in photos:
        if photo.status is not PhotoStatus.ACTIVE or not photo.outputs:
            continue
        own = label_of(place_of(photo.photo, uploads).key)
        if label is None or own == label or own.startswith(f"{label}/"):
            yield lines_of(photo)


def _target(output: Path | None, opened: ExitStack) -> BinaryIO:
    if output is None:
        return sys.stdout.buffer
    try:
        return opened.enter_context(output.open("wb"))
    except OSError as error:
        msg = f"--output {output}: {error.strerror}"
        raise UserError(msg) from error
