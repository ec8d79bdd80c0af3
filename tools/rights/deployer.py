"""What whoever runs ``pulumi up`` may do, for a stack without the settings of `options`. Pure.

Pulumi's provider reads much more than it writes, and reads something else with each release:
reading is allowed by prefixes of actions, changing by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from tools.rights.grants import Grant
from tools.rights.names import DIRECTORY, HERE, INDEXES, KEYS, QUEUES, STREAM, TABLE

UP = ("pulumi up",)
_READS = ("Describe", "Get", "List")
_CONNECTIONS = "apidestinations.events.amazonaws.com"
_BUCKETS = ("arn:aws:s3:::{prefix}-*-{account}-{region}",)


def grant(
    sid: str,
    service: str,
    writes: str,
    *resources: str,
    reads: Sequence[str] = _READS,
    note: str = "",
) -> Grant:
    """Return reads and writes of a service: ``"CreateQueue DeleteQueue"``."""
    actions = [f"{service}:{verb}*" for verb in reads]
    actions += [f"{service}:{one}" for one in writes.split()]
    return Grant(sid=sid, commands=UP, actions=tuple(actions), resources=resources, note=note)


def write(sid: str, service: str, writes: str, *resources: str, note: str = "") -> Grant:
    """Return writes of a service."""
    actions = tuple(f"{service}:{one}" for one in writes.split())
    return Grant(sid=sid, commands=UP, actions=actions, resources=resources, note=note)


DEPLOYER: Sequence[Grant] = (
    grant(
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
        condition={
            "StringEquals": {
                "iam:PassedToService": tuple(
                    f"{service}.amazonaws.com" for service in ("lambda", "scheduler", "events")
                )
            }
        },
        note="only to Lambda, the scheduler and, for a webhook, EventBridge",
    ),
    grant(
        "Functions",
        "lambda",
        "CreateFunction DeleteFunction UpdateFunctionCode UpdateFunctionConfiguration"
        " *FunctionConcurrency AddPermission RemovePermission *FunctionEventInvokeConfig"
        " *FunctionUrlConfig PutFunctionRecursionConfig TagResource UntagResource",
        f"arn:aws:lambda:{HERE}:function:{{prefix}}-*",
        reads=("Get", "List"),
    ),
    write(
        "CreateMappings",
        "lambda",
        "CreateEventSourceMapping ListEventSourceMappings GetAccountSettings",
        "*",
        note="AWS has no narrower resource",
    ),
    write(
        "Mappings",
        "lambda",
        "GetEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping ListTags"
        " TagResource UntagResource",
        f"arn:aws:lambda:{HERE}:event-source-mapping:*",
    ),
    grant(
        "Buckets",
        "s3",
        "CreateBucket DeleteBucket PutBucketPolicy DeleteBucketPolicy PutBucketPublicAccessBlock"
        " PutBucketOwnershipControls PutBucketVersioning PutBucketNotification PutBucketLogging"
        " PutEncryptionConfiguration PutLifecycleConfiguration PutBucketTagging",
        *_BUCKETS,
        reads=("Get", "List"),
    ),
    write(
        "EmptyBuckets",
        "s3",
        "DeleteObject DeleteObjectVersion",
        *(f"{bucket}/*" for bucket in _BUCKETS),
        note="`pulumi destroy` without `protect`",
    ),
    grant(
        "Table",
        "dynamodb",
        "CreateTable UpdateTable DeleteTable UpdateTimeToLive UpdateContinuousBackups"
        " TagResource UntagResource",
        TABLE,
        INDEXES,
        reads=("Describe", "List"),
    ),
    grant(
        "Stream",
        "kinesis",
        "CreateStream DeleteStream StartStreamEncryption"
        " StopStreamEncryption IncreaseStreamRetentionPeriod DecreaseStreamRetentionPeriod"
        " AddTagsToStream RemoveTagsFromStream TagResource UntagResource",
        STREAM,
        KEYS,  # StartStreamEncryption is also authorized on the key
        reads=("Describe", "List"),
    ),
    grant(
        "Queues",
        "sqs",
        "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue",
        f"{QUEUES}*",
        reads=("Get", "List"),
    ),
    grant(
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
        # Their ARNs end in an id, which they do not have yet when they are created.
        f"arn:aws:events:{HERE}:connection/{{prefix}}-webhook*",
        f"arn:aws:events:{HERE}:api-destination/{{prefix}}-webhook*",
        reads=("Describe", "List"),
    ),
    grant(
        # EventBridge stores a connection's secret there, with the caller's rights.
        "WebhookSecret",
        "secretsmanager",
        "CreateSecret UpdateSecret PutSecretValue DeleteSecret",
        f"arn:aws:secretsmanager:{HERE}:secret:events!connection/{{prefix}}-webhook/*",
        reads=("Describe", "Get"),
        note="`notifyWebhookUrl`",
    ),
    Grant(
        # EventBridge creates it with the first connection of an account.
        sid="WebhookRole",
        commands=UP,
        actions=("iam:CreateServiceLinkedRole",),
        resources=(f"arn:aws:iam::{{account}}:role/aws-service-role/{_CONNECTIONS}/*",),
        condition={"StringEquals": {"iam:AWSServiceName": (_CONNECTIONS,)}},
        note="`notifyWebhookUrl`, once an account",
    ),
    grant(
        "Schedule",
        "scheduler",
        "CreateSchedule UpdateSchedule DeleteSchedule",
        f"arn:aws:scheduler:{HERE}:schedule/default/{{prefix}}-*",
        reads=("Get",),
    ),
    grant(
        "Logs",
        "logs",
        "CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy TagResource"
        " UntagResource",
        f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{{prefix}}-*",
        reads=("List",),
    ),
    grant(
        "Alarms",
        "cloudwatch",
        "PutMetricAlarm DeleteAlarms TagResource UntagResource",
        f"arn:aws:cloudwatch:{HERE}:alarm:{{prefix}}-*",
        reads=("List",),
    ),
    grant(
        "Dashboard",
        "cloudwatch",
        "PutDashboard GetDashboard DeleteDashboards",
        "arn:aws:cloudwatch::{account}:dashboard/{prefix}",
        reads=(),
    ),
    grant(
        "Topic",
        "sns",
        "CreateTopic DeleteTopic SetTopicAttributes Subscribe TagResource UntagResource",
        f"arn:aws:sns:{HERE}:{{prefix}}-alarms",
        f"arn:aws:sns:{HERE}:{{prefix}}-notices",
        reads=("Get", "List"),
    ),
    grant(
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
