"""Objects in S3, and getting rid of those no longer wanted."""
