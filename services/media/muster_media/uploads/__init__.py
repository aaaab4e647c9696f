"""Asking for an upload: an intent row, quotas, and a signature for exactly one object."""
