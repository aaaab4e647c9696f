"""Members of an organisation and their roles."""
