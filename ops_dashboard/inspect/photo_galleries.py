"""Galleries: the first folders of the bucket of uploads. Edge (S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rendition_lambda.names import AUGMENTATION_GALLERY, gallery_of
from rendition_lambda.recipe import RENDITIONS
from stream_ingest.aws.errors import map_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_MAX_REQUESTS = 3
"""Requests of one listing; each returns up to 1,000 folders and objects."""


class Galleries(msgspec.Struct, frozen=True, kw_only=True):
    """Names of galleries in the order of S3; `more` says whether there are others."""

    galleries: list[str]
    more: bool = False


def list_galleries(s3: S3Client, bucket: str, prefix: str = "") -> Galleries:
    """Return the galleries whose names begin with `prefix`, without that of images to augment."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, Delimiter="/"
    )
    found: dict[str, None] = {}
    with map_errors("list galleries"):
        for number, page in enumerate(pages, 1):
            folders = (each["Prefix"] for each in page.get("CommonPrefixes", []))
            found.update(dict.fromkeys(gallery_of(folder, RENDITIONS) for folder in folders))
            if number == _MAX_REQUESTS and page.get("IsTruncated"):
                return Galleries(galleries=_without_augmentation(found), more=True)
    return Galleries(galleries=_without_augmentation(found))


def _without_augmentation(names: dict[str, None]) -> list[str]:
    return [name for name in names if name != AUGMENTATION_GALLERY]
