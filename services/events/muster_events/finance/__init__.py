"""An event's money, in a schema and under a role of its own."""
