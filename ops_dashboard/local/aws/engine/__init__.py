"""Runs the Pulumi program against one embedded AWS, without the Pulumi CLI or its AWS plugin.

`program` plays the language host, `resources` the engine and `inputs` its conscience; one module a
service creates that service's resources through boto3.

Every input that the program sets is passed to the API. ministack 1.5.33 takes all of them; there is
no list of exceptions. It stores some without acting on them: bisecting, retry limits, record age,
parallelization and the failure destination of the Kinesis mapping, retry policies and dead-letter
queues of EventBridge targets, lifecycle rules; and an on-demand stream has one shard.
"""
