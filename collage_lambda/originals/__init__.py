"""Images stored in S3, in packs, so that a window needs no download for them."""
