"""The events service: events, registrations, crew, calendars, and the published pages."""
