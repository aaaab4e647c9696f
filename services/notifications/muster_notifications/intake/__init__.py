"""From messages to deliveries: who gets which mail, once."""
