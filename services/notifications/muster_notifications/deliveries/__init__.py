"""Deliveries: one row per mail, from the request to what became of it."""
