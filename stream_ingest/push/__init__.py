"""A push: rows of a source sent to Kinesis as one batch, resumable."""
