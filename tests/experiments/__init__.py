"""Faults and attacks: `make experiment NAME=outbox-gap`. Each prints what it found and fails when it falls short."""
