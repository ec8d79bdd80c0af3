"""What CloudWatch does by itself and ministack does not: metrics from logs, alarm states."""
