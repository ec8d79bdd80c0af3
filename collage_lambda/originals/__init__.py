"""Downloaded originals, packed and kept in S3 so that a replay needs no download."""
