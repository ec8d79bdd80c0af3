"""Sample rows and covers, and the server that serves the covers."""
