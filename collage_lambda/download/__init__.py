"""Downloads: an image's URLs become bytes, or a reason why not."""
