"""Journeys through the whole of Muster, as its users make them."""
