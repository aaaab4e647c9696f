"""Crew: the roster, who is asked to come, what they answered, and the call sheet they answer on."""
