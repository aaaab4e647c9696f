"""Why a file is no photo we take, in words for the person who sent it."""


class ImageRejected(Exception):
    """The file is refused for good; `reason` is a sentence to show."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DecoderUnavailable(Exception):
    """No verdict was reached, for no fault of the file: try again."""


NOT_A_PHOTO = "This is not a photo we can take: use JPEG, PNG, WebP or HEIC."
DAMAGED = "The file is damaged: it cannot be read as a photo."
INCOMPLETE = "The file is incomplete: it breaks off before the end of the photo."
MORE_THAN_A_PHOTO = "The file holds more than a photo, so it was not taken."
TOO_MANY_PIXELS = "The photo has too many pixels: at most 50 megapixels can be taken."
TOO_MANY_WEBP_PIXELS = "A WebP may have at most 20 megapixels: send it as JPEG, PNG or HEIC."
TOO_COSTLY = "The photo takes too much time or memory to read, so it was not taken."
