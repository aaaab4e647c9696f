"""A worker of the tests' own."""
