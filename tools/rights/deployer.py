"""What whoever runs ``pulumi up`` may do. Pure.

Pulumi's provider reads much more than it writes, and reads something else with each release:
reading is allowed by prefixes of actions, changing by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from tools.rights.grants import Grant
from tools.rights.names import DIRECTORY, HERE, INDEXES, QUEUES, STREAM, TABLE

UP = ("pulumi up",)
_READS = ("Describe", "Get", "List")
_BUCKETS = ("arn:aws:s3:::{prefix}-*-{account}-{region}",)


def _grant(
    sid: str, service: str, writes: str, *resources: str, reads: Sequence[str] = _READS
) -> Grant:
    """Return reads and writes of a service: ``"CreateQueue DeleteQueue"``."""
    actions = [f"{service}:{verb}*" for verb in reads]
    actions += [f"{service}:{write}" for write in writes.split()]
    return Grant(sid=sid, commands=UP, actions=tuple(actions), resources=resources)


def _write(sid: str, service: str, writes: str, *resources: str, note: str = "") -> Grant:
    actions = tuple(f"{service}:{write}" for write in writes.split())
    return Grant(sid=sid, commands=UP, actions=actions, resources=resources, note=note)


DEPLOYER: Sequence[Grant] = (
    _grant(
        "Roles",
        "iam",
        "CreateRole DeleteRole UpdateRole UpdateAssumeRolePolicy PutRolePolicy DeleteRolePolicy"
        " TagRole UntagRole",
        "arn:aws:iam::{account}:role/{prefix}-*",
        reads=("Get", "List"),
    ),
    Grant(
        sid="PassRoles",
        commands=UP,
        actions=("iam:PassRole",),
        resources=("arn:aws:iam::{account}:role/{prefix}-*",),
        note="only to Lambda and the scheduler",
    ),
    _grant(
        "Functions",
        "lambda",
        "CreateFunction DeleteFunction UpdateFunctionCode UpdateFunctionConfiguration"
        " PutFunctionConcurrency DeleteFunctionConcurrency AddPermission RemovePermission"
        " PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig"
        " DeleteFunctionEventInvokeConfig PutFunctionRecursionConfig TagResource UntagResource",
        f"arn:aws:lambda:{HERE}:function:{{prefix}}-*",
        reads=("Get", "List"),
    ),
    _write(
        "CreateMappings",
        "lambda",
        "CreateEventSourceMapping ListEventSourceMappings GetAccountSettings",
        "*",
        note="AWS has no narrower resource",
    ),
    _write(
        "Mappings",
        "lambda",
        "GetEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping ListTags"
        " TagResource UntagResource",
        f"arn:aws:lambda:{HERE}:event-source-mapping:*",
    ),
    _grant(
        "Buckets",
        "s3",
        "CreateBucket DeleteBucket PutBucketPolicy DeleteBucketPolicy PutBucketPublicAccessBlock"
        " PutBucketOwnershipControls PutBucketVersioning PutBucketNotification PutBucketLogging"
        " PutEncryptionConfiguration PutLifecycleConfiguration PutBucketTagging",
        *_BUCKETS,
        reads=("Get", "List"),
    ),
    _write(
        "EmptyBuckets",
        "s3",
        "DeleteObject DeleteObjectVersion",
        *(f"{bucket}/*" for bucket in _BUCKETS),
        note="`pulumi destroy` without `protect`",
    ),
    _grant(
        "Table",
        "dynamodb",
        "CreateTable UpdateTable DeleteTable UpdateTimeToLive UpdateContinuousBackups"
        " TagResource UntagResource",
        TABLE,
        INDEXES,
        reads=("Describe", "List"),
    ),
    _grant(
        "Stream",
        "kinesis",
        "CreateStream DeleteStream StartStreamEncryption"
        " StopStreamEncryption IncreaseStreamRetentionPeriod DecreaseStreamRetentionPeriod"
        " AddTagsToStream RemoveTagsFromStream TagResource UntagResource",
        STREAM,
        reads=("Describe", "List"),
    ),
    _grant(
        "Queues",
        "sqs",
        "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue",
        f"{QUEUES}*",
        reads=("Get", "List"),
    ),
    _grant(
        "Bus",
        "events",
        "CreateEventBus DeleteEventBus UpdateEventBus CreateArchive UpdateArchive DeleteArchive"
        " PutRule DeleteRule PutTargets RemoveTargets TagResource UntagResource"
        " CreateConnection UpdateConnection DeleteConnection"
        " CreateApiDestination UpdateApiDestination DeleteApiDestination",
        f"arn:aws:events:{HERE}:event-bus/{{prefix}}",
        f"arn:aws:events:{HERE}:archive/{{prefix}}-*",
        f"arn:aws:events:{HERE}:rule/{{prefix}}/*",
        f"arn:aws:events:{HERE}:rule/{{prefix}}-*",
        f"arn:aws:events:{HERE}:connection/{{prefix}}-webhook/*",
        f"arn:aws:events:{HERE}:api-destination/{{prefix}}-webhook/*",
        reads=("Describe", "List"),
    ),
    _grant(
        # EventBridge stores a connection's secret there, with the caller's rights.
        "WebhookSecret",
        "secretsmanager",
        "CreateSecret UpdateSecret PutSecretValue DeleteSecret DescribeSecret GetSecretValue",
        f"arn:aws:secretsmanager:{HERE}:secret:events!connection/{{prefix}}-webhook/*",
    ),
    _grant(
        "Schedule",
        "scheduler",
        "CreateSchedule UpdateSchedule DeleteSchedule",
        f"arn:aws:scheduler:{HERE}:schedule/default/{{prefix}}-*",
        reads=("Get",),
    ),
    _grant(
        "Logs",
        "logs",
        "CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy TagResource"
        " UntagResource",
        f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{{prefix}}-*",
        reads=("List",),
    ),
    _grant(
        "Alarms",
        "cloudwatch",
        "PutMetricAlarm DeleteAlarms TagResource UntagResource",
        f"arn:aws:cloudwatch:{HERE}:alarm:{{prefix}}-*",
        reads=("List",),
    ),
    _grant(
        "Dashboard",
        "cloudwatch",
        "PutDashboard GetDashboard DeleteDashboards",
        "arn:aws:cloudwatch::{account}:dashboard/{prefix}",
        reads=(),
    ),
    _grant(
        "Topic",
        "sns",
        "CreateTopic DeleteTopic SetTopicAttributes Subscribe TagResource UntagResource",
        f"arn:aws:sns:{HERE}:{{prefix}}-alarms",
        f"arn:aws:sns:{HERE}:{{prefix}}-notices",
        reads=("Get", "List"),
    ),
    _grant(
        "Directory",
        "ssm",
        "PutParameter DeleteParameter AddTagsToResource RemoveTagsFromResource ListTagsForResource",
        DIRECTORY,
        f"{DIRECTORY}/*",
        reads=("Get",),
    ),
    Grant(
        sid="Others",
        commands=UP,
        actions=(
            "cloudwatch:DescribeAlarms",
            "kinesis:UpdateShardCount",
            "kinesis:UpdateStreamMode",
            "logs:DescribeLogGroups",
            "servicequotas:GetAWSDefaultServiceQuota",
            "servicequotas:GetServiceQuota",
            "sns:Unsubscribe",
            "ssm:DescribeParameters",
        ),
        resources=("*",),
        note="AWS has no narrower resource",
    ),
)
