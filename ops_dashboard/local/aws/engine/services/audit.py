"""Creates S3's access logs and CloudTrail trails. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs

Created = tuple[str, dict[str, Any]]
_OPERATORS = {"equals": "Equals", "startsWiths": "StartsWith"}


def _logging(clients: Clients, inputs: Inputs) -> Created:
    bucket = inputs.text("bucket")
    clients.untyped("s3").put_bucket_logging(
        Bucket=bucket,
        BucketLoggingStatus={
            "LoggingEnabled": {
                "TargetBucket": inputs.text("targetBucket"),
                "TargetPrefix": inputs.text("targetPrefix"),
            }
        },
    )
    return bucket, {}


def _trail(clients: Clients, inputs: Inputs) -> Created:
    """Create a trail that is on, as the provider does: CloudTrail creates it switched off."""
    name, cloudtrail = inputs.text("name"), clients.untyped("cloudtrail")
    made = cloudtrail.create_trail(
        Name=name,
        S3BucketName=inputs.text("s3BucketName"),
        EnableLogFileValidation=inputs.flag("enableLogFileValidation"),
        IncludeGlobalServiceEvents=inputs.flag("includeGlobalServiceEvents"),
        IsMultiRegionTrail=inputs.flag("isMultiRegionTrail"),
    )
    cloudtrail.put_event_selectors(
        TrailName=name,
        AdvancedEventSelectors=[
            _selector(each) for each in inputs.blocks("advancedEventSelectors")
        ],
    )
    cloudtrail.start_logging(Name=name)
    return name, {"name": name, "arn": made["TrailARN"]}


def _selector(selector: Inputs) -> dict[str, Any]:
    return {
        "Name": selector.text("name"),
        "FieldSelectors": [_field(each) for each in selector.blocks("fieldSelectors")],
    }


def _field(field: Inputs) -> dict[str, Any]:
    given = {theirs: field.texts(ours) for ours, theirs in _OPERATORS.items()}
    return {"Field": field.text("field"), **{key: given[key] for key in given if given[key]}}


REPLACING = {"aws:s3/bucketLogging:BucketLogging": _logging}
CREATE = {
    **REPLACING,
    "aws:cloudtrail/trail:Trail": _trail,
}
