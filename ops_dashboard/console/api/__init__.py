"""JSON endpoints of the console: one module for each page's data."""
