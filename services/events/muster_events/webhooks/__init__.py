"""Outgoing webhooks, signed and retried."""
