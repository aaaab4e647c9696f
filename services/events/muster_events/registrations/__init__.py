"""Attendees: registering, the waitlist, tickets."""
