"""The console: web pages to watch and operate one stack, served on this machine."""
