"""Configuration of S3 clients that sign URLs. Edge (botocore)."""

from __future__ import annotations

from botocore.config import Config

PRESIGNING = Config(
    signature_version="s3v4",
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
)
"""Signs for the bucket's own host in its region, with signature version 4.

By default boto3 signs for ``<bucket>.s3.amazonaws.com``, which redirects to the region until DNS
knows a new bucket (never, in regions since 2019), and a redirect breaks the signature; and in
us-east-1 with version 2, which KMS refuses. An endpoint with an IP address is addressed by path.
"""
