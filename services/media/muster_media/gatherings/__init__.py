"""What media has to know of events: a copy of each one's access record."""
