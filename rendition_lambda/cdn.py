"""Removes copies of outputs from the CDN. Edge (CloudFront)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from rendition_lambda.invalidations import invalidation_paths
from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.contracts.errors import TransientError

if TYPE_CHECKING:
    from types_boto3_cloudfront import CloudFrontClient

_TOO_MANY = "TooManyInvalidationsInProgress"


class InvalidationError(TransientError):
    """CloudFront has not taken an invalidation, so removed outputs may still be served."""


class CdnBusyError(InvalidationError):
    """CloudFront takes no further invalidation until others are done."""


class Cdn:
    """Invalidates addresses of one distribution; without one, does nothing."""

    def __init__(self, cloudfront: CloudFrontClient | None, distribution: str) -> None:
        """Invalidate at the distribution with this id; without a client, nowhere."""
        self._cloudfront, self._distribution = cloudfront, distribution

    def invalidate(self, keys: Iterable[str], reference: str) -> None:
        """Have one photo's outputs, which were removed, served no longer.

        CloudFront takes a second request with the same `reference` for the first one repeated, so
        another removal needs another. Raises `InvalidationError`; `CdnBusyError` if too many are in
        progress.
        """
        paths = invalidation_paths(keys)
        if self._cloudfront is None or not paths:
            return
        try:
            with map_errors(f"invalidate {paths[0]}"):
                self._cloudfront.create_invalidation(
                    DistributionId=self._distribution,
                    InvalidationBatch={
                        "CallerReference": reference,
                        "Paths": {"Quantity": len(paths), "Items": paths},
                    },
                )
        except ClientError as error:
            if error_code(error) == _TOO_MANY:
                msg = f"invalidate {paths[0]}: CloudFront is busy with others"
                raise CdnBusyError(msg) from error
            msg = f"invalidate {paths[0]}: {error}"
            raise InvalidationError(msg) from error
        except TransientError as error:
            raise InvalidationError(str(error)) from error
