"""Creates each type of resource through boto3, one module a service. Edge (network)."""
