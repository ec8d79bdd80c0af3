"""Downloads: fetch an image from its URLs, from public addresses only."""
