"""Sample rows and covers, the expected results, and a server for the covers."""
