"""Images by their bytes: which format, whether whole, and the sizes made of them, in a process of their own."""
