"""The only package that knows boto3: clients, error mapping, DynamoDB items, metrics, stacks."""
