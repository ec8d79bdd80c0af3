"""Creates KMS keys and their aliases. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs

Created = tuple[str, dict[str, Any]]


def _key(clients: Clients, inputs: Inputs) -> Created:
    inputs.number("deletionWindowInDays")  # concerns deletion, which the engine does not support
    kms = clients.untyped("kms")
    spec, usage = inputs.text_or_none("customerMasterKeySpec"), inputs.text_or_none("keyUsage")
    made = kms.create_key(
        Description=inputs.text("description"),
        Policy=inputs.document("policy"),
        **({"KeySpec": spec} if spec else {}),
        **({"KeyUsage": usage} if usage else {}),
    )["KeyMetadata"]
    if inputs.flag("enableKeyRotation"):
        kms.enable_key_rotation(KeyId=made["KeyId"])
    return made["KeyId"], {"keyId": made["KeyId"], "arn": made["Arn"]}


def _alias(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    clients.untyped("kms").create_alias(AliasName=name, TargetKeyId=inputs.text("targetKeyId"))
    return name, {"name": name}


CREATE = {
    "aws:kms/key:Key": _key,
    "aws:kms/alias:Alias": _alias,
}
