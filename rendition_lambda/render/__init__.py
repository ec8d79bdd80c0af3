"""A photo's outputs from its bytes, in a child process."""
