"""What the other services ask."""
