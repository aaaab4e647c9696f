"""Actions that wait for a link in a mail to be followed."""
