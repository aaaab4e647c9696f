"""The organisation's calendar: entries, and feeds that calendar programs subscribe to."""
