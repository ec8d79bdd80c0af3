"""Sample photos in the formats of cameras, phones and programs, with what their outputs show."""
