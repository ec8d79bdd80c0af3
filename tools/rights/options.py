"""What whoever runs ``pulumi up`` may do besides, for settings that add resources. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tools.rights.deployer import UP, grant, write
from tools.rights.grants import Grant
from tools.rights.names import HERE, KEYS, PHOTOS, UPLOADS

KEY, NETWORK, TRAIL, PHOTO, CDN = "`kmsKey`", "`vpcId`", "`dataEvents`", "`photos`", "`photosCdn`"

LINKS = "`photosUploadLinks`"


def _ec2(*kinds: str) -> tuple[str, ...]:
    return tuple(f"arn:aws:ec2:{HERE}:{kind}/*" for kind in kinds)


OPTIONS: Sequence[Grant] = (
    Grant(
        sid="CreateKey",
        commands=UP,
        actions=("kms:CreateKey", "kms:ListAliases"),
        resources=("*",),
        note=f"{KEY}, {LINKS}; AWS has no narrower resource",
    ),
    grant(
        "Key",
        "kms",
        "CreateAlias UpdateAlias DeleteAlias PutKeyPolicy EnableKeyRotation UpdateKeyDescription"
        " ScheduleKeyDeletion TagResource UntagResource",
        KEYS,
        f"arn:aws:kms:{HERE}:alias/{{prefix}}",
        f"arn:aws:kms:{HERE}:alias/{{prefix}}-upload-links",
        reads=("Describe", "Get", "List"),
        note=f"{KEY}, {LINKS}",
    ),
    # DynamoDB uses a table's key with the rights of whoever creates the table.
    write(
        "UseKey",
        "kms",
        "CreateGrant Decrypt Encrypt GenerateDataKey* ReEncrypt*",
        KEYS,
        note=KEY,
    ),
    write(
        "SecurityGroups",
        "ec2",
        "CreateSecurityGroup DeleteSecurityGroup AuthorizeSecurityGroupEgress"
        " AuthorizeSecurityGroupIngress RevokeSecurityGroupEgress RevokeSecurityGroupIngress",
        *_ec2("security-group", "security-group-rule", "vpc"),
        note=NETWORK,
    ),
    write(
        "Endpoints",
        "ec2",
        "CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints",
        *_ec2("vpc-endpoint", "vpc", "subnet", "route-table", "security-group"),
        note=NETWORK,
    ),
    write(
        "NetworkTags",
        "ec2",
        "CreateTags DeleteTags",
        *_ec2("vpc-endpoint", "security-group", "security-group-rule"),
        note=NETWORK,
    ),
    Grant(
        sid="ReadNetwork",
        commands=UP,
        actions=("ec2:Describe*",),
        resources=("*",),
        note=f"{NETWORK}; AWS has no narrower resource",
    ),
    grant(
        "Trail",
        "cloudtrail",
        "CreateTrail UpdateTrail DeleteTrail PutEventSelectors StartLogging StopLogging AddTags"
        " RemoveTags",
        f"arn:aws:cloudtrail:{HERE}:trail/{{prefix}}-data",
        reads=("Get", "ListTags"),
        note=TRAIL,
    ),
    Grant(
        sid="ReadTrails",
        commands=UP,
        actions=("cloudtrail:DescribeTrails",),
        resources=("*",),
        note=f"{TRAIL}; AWS has no narrower resource",
    ),
    grant(
        "PhotoTable",
        "dynamodb",
        "CreateTable UpdateTable DeleteTable UpdateTimeToLive UpdateContinuousBackups"
        " TagResource UntagResource",
        PHOTOS,
        f"{PHOTOS}/index/*",
        reads=("Describe", "List"),
        note=PHOTO,
    ),
    write("PhotoUploads", "s3", "PutBucketCors", UPLOADS, note=f"`photosCorsOrigins`, {LINKS}"),
    # CloudFront names what it creates by an id of its own. A role has room for short policies only.
    grant(
        "Cdn",
        "cloudfront",
        "*Distribution *OriginAccessControl *CachePolicy *ResponseHeadersPolicy TagResource"
        " UntagResource",
        "arn:aws:cloudfront::{account}:*",
        reads=("Get", "List"),
        note=CDN,
    ),
    write(
        "CdnKeys",
        "cloudfront",
        "*PublicKey *KeyGroup",
        "*",
        note="`photosPublicKeys`; AWS has no narrower resource",
    ),
)
