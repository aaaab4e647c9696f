"""Accounts, organisations, keys."""
