"""Admission at the door."""
