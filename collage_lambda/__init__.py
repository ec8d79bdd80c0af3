"""Images in, images out: the Lambda that downloads, composes and stores collages."""
