"""Types of a stack's settings, with the bounds of AWS where it has any (docs/facts.md). Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

MemoryMb = Annotated[int, msgspec.Meta(ge=128, le=10_240)]
TimeoutS = Annotated[int, msgspec.Meta(ge=1, le=900)]
WorkerTimeoutS = Annotated[int, msgspec.Meta(ge=30, le=900)]
ReservedConcurrency = Annotated[int, msgspec.Meta(ge=0, le=1_000)]
MaxConcurrency = Annotated[int, msgspec.Meta(ge=2, le=1_000)]
"""Maximum concurrency of an SQS event source: SQS takes no less than 2."""
MaxReceives = Annotated[int, msgspec.Meta(ge=1, le=1_000)]
Requests = Annotated[int, msgspec.Meta(ge=1, le=1_000)]
Days = Annotated[int, msgspec.Meta(ge=1, le=3_650)]
LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557,
    2_922, 3_288, 3_653,
]  # fmt: skip
"""What PutRetentionPolicy takes."""
Minutes = Annotated[int, msgspec.Meta(ge=1, le=10_080)]
HeaderText = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[!-~]([ -~]{0,254}[!-~])?\Z",
        description="printable ASCII text of 1 to 256 characters",
    ),
]
HostPort = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9.\-]+:[1-9][0-9]{0,4}\Z",
        description="host:port, such as cdn.example.com:443",
    ),
]
Port = Annotated[int, msgspec.Meta(ge=1, le=65_535)]
Sha256 = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z", description="64 hexadecimal digits in lower case")
]
BucketName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9][a-z0-9.\-]*\Z",
        min_length=3,
        max_length=63,
        description="names of buckets",
    ),
]
KeyArn = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^arn:[a-z0-9\-]+:kms:[a-z0-9\-]+:[0-9]{12}:key/[a-zA-Z0-9\-]{1,128}\Z",
        description="the ARN of a KMS key, such as arn:aws:kms:us-east-1:111122223333:key/1234abcd",
    ),
]
TableName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([A-Za-z0-9_.\-]{3,255})?\Z",
        description="the name of a table: 3 to 255 letters, digits, '_', '-' and '.'",
    ),
]
VpcId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(vpc-[0-9a-f]{8,17})?\Z", description="the id of a VPC, such as vpc-0a1b2c3d"
    ),
]
SubnetId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^subnet-[0-9a-f]{8,17}\Z",
        description="the id of a subnet, such as subnet-0a1b2c3d",
    ),
]
RouteTableId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^rtb-[0-9a-f]{8,17}\Z",
        description="the id of a route table, such as rtb-0a1b2c3d",
    ),
]
EmailAddress = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]{1,64}@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+\Z",
        max_length=254,
        description="e-mail addresses, such as you@example.com",
    ),
]
DomainName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([a-z0-9][a-z0-9\-]*(\.[a-z0-9][a-z0-9\-]*)+)?\Z",
        max_length=253,
        description="a domain in lower case, such as photos.example.com",
    ),
]
Origin = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^https?://[a-z0-9.\-]+(:([1-9][0-9]{0,4}|\*))?\Z",
        description="origins, such as https://photos.example.com",
    ),
]
CertificateArn = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(arn:[a-z0-9\-]+:acm:[a-z0-9\-]+:[0-9]{12}:certificate/[a-zA-Z0-9\-]{1,64})?\Z",
        description=(
            "the ARN of a certificate, such as"
            " arn:aws:acm:us-east-1:111122223333:certificate/1234abcd"
        ),
    ),
]
PriceClass = Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"]
PublicKeyPem = Annotated[
    str,
    msgspec.Meta(
        pattern=(
            r"^\s*-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----\s*\Z"
        ),
        max_length=2_048,
        description="public keys in PEM, which begin with -----BEGIN PUBLIC KEY-----",
    ),
]
HttpsUrl = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(https://[A-Za-z0-9][A-Za-z0-9.\-]*(:[0-9]{1,5})?(/[!-~]*)?)?\Z",
        max_length=2_048,
        description="a URL with https://, a host and no user name",
    ),
]
HeaderName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~\-]{1,128}\Z",
        description="the name of an HTTP header",
    ),
]
