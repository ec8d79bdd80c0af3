"""Runs the Pulumi program against an embedded AWS, without the Pulumi CLI or its AWS plugin.

`program` is the language host and `resources` the engine; `inputs` checks that every input of a
resource is read. Each module of `services` creates the resources of one service through boto3.

Every input that the program sets is passed to the API, without exception. ministack 1.5.33 accepts
all of them, but stores some without acting on them: bisecting, retry limits, record age,
parallelization and the failure destination of the Kinesis mapping, retry policies and dead-letter
queues of EventBridge targets, lifecycle rules; and an on-demand stream has one shard.
"""
