"""Sending: claiming deliveries fairly, checking them once more, handing them to SES, recording what came of it."""
