"""The local mailbox: what SES's stand-in took, for people trying Muster out."""
