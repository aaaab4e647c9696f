"""Small copies of what other services decide, kept by their messages."""
