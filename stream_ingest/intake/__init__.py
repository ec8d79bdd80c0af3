"""CSV files in S3 and requests on a queue become batches of the one stream."""
