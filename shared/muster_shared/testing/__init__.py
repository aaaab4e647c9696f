"""Test fixtures: a real PostgreSQL, a real queue, signed tokens. For tests only; no service imports it."""
