"""SES's events: read, matched to the attempt they speak of, and applied."""
