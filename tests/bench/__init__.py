"""Figures of speed, each beside a baseline from the same run; see `make bench`."""
