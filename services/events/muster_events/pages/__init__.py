"""The static guest and track pages, and the QR codes that lead to them."""
