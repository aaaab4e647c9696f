"""Photos as members see them: listing, captions, hiding, deleting."""
