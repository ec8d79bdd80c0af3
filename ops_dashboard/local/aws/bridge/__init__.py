"""The metrics bridge: metrics from logs and alarm states, which ministack does not provide."""
