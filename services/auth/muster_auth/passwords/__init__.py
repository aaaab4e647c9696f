"""Passwords: how they are kept, which are refused, how they are changed."""
