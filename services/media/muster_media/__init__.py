"""Photos: uploads, checks, thumbnails, galleries, albums."""
