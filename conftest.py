"""Fixtures for every test of the repository."""

pytest_plugins = ["muster_shared.testing.plugin", "muster_shared.testing.aws"]
