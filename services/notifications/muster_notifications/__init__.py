"""The notifications service: mails from templates, deliveries and their trace."""
