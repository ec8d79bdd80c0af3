"""Uploads that a server signs and a client without credentials sends: requests, URLs, parts."""
