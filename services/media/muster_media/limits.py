"""What may be uploaded. A module of its own: the decoding process needs it and little else."""

MAX_UPLOAD_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 50_000_000
# The WebP decoder holds four copies of the image: 50 megapixels would take 800 MB.
MAX_WEBP_PIXELS = 20_000_000
CONTENT_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/heif")
