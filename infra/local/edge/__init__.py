"""CloudFront's stand-in: the published site, signed media, and the mailbox of a local stack."""
