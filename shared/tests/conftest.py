"""A small service of the tests' own, so that the library is tried without any of the real ones."""
