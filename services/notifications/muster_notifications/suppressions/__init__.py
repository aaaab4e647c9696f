"""The suppression list: addresses that get no mail of an organisation, or none of a kind."""
