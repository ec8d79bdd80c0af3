"""The console's page of photos: uploads from a browser, their results, galleries."""
