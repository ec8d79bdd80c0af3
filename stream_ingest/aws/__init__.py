"""Access to AWS: clients, error mapping, DynamoDB reads and items, metrics, stack outputs."""
