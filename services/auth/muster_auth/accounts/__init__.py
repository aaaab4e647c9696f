"""Accounts: register, verify, change, delete."""
