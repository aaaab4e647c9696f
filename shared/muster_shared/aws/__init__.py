"""AWS as Muster uses it: clients with bounded patience, presigned uploads, signed reading."""
