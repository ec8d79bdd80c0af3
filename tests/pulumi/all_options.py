"""A stack with every option switched on, so that every resource of the program is in it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.models.recording import KEY_ID, VPC

NAME = "full"
ALL_OPTIONS: Mapping[str, object] = {
    "protect": True,
    "accessLogs": True,
    "dataEvents": True,
    "kmsKey": True,
    "formerKmsKeys": [f"arn:aws:kms:us-east-1:123456789012:key/{KEY_ID}"],
    "vpcId": VPC,
    "vpcSubnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "vpcRouteTables": ["rtb-0123456789abcdef0"],
    "vpcInterfaceEndpoints": True,
    "allowedPorts": ["80", "443"],
    "allowedInputBuckets": ["tiktok-image-input"],
    "contentDedup": True,
    "photos": True,
    "photosOtherBuckets": ["wedding-archive"],
    "photosCdn": True,
    "photosUploadLinks": True,
    "photosDomain": "photos.example.com",
    "photosCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd",
    "photosPublicKeys": [
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n-----END PUBLIC KEY-----"
    ],
    "photosCorsOrigins": ["https://upload.example.com"],
    "streamShards": 2,
    "windowingReservedConcurrency": 20,
    "collageReservedConcurrency": 150,
    "notifyEmails": ["you@example.com", "ops@example.com"],
    "notifyWebhookUrl": "https://hooks.example.com/services/T0/B0?x=1",
    "notifyWebhookSecret": "Bearer 0123456789",
}
"""Changes to ``Pulumi.prod.yaml``."""
