"""The console: Coverstream's pages in a browser, from one's own machine."""
