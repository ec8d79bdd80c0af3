"""What a window leaves: objects, their keys and links, metadata, events."""
