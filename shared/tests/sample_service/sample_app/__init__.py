"""A service of the tests' own: things with a name, and nothing else."""
