"""From quarantine to gallery: what the worker does with each upload."""
