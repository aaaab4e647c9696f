"""The mails' templates: one MJML layout and its plain-text twin, a catalogue per language, sample data."""
