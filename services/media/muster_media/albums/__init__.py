"""All photos of an event as one ZIP, and the evidence pack."""
