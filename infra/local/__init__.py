"""Everything that stands in for AWS on one machine: the runner, the bootstrap, the edge and the mail sink."""
