"""How text is compared: normalised for storing, folded for finding."""

from __future__ import annotations

import unicodedata

# White space, and characters of no width: a name of these alone would look like none, and one that ends in them like
# another. Inside a text they have their uses.
_WHITE_SPACE = "".join(character for character in map(chr, range(0x3001)) if character.isspace())
_BLANKS = _WHITE_SPACE + "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


# No character is written as more than these (canonical decomposition), so composing leaves a quarter at the least.
_MOST_PARTS = 4


def normalised(text: str, shortest: int, longest: int) -> str:
    """Return the text in composed form (NFC) without blanks around it, as products store it.

    Parameters
    ----------
    shortest, longest : int
        How many characters it may have then.

    Raises
    ------
    ValueError
        It has less or more, or isn't printable.
    """
    trimmed = text.strip(_BLANKS)
    # First, because the time that composing takes grows with the square of the marks on one letter.
    if len(trimmed) > longest * _MOST_PARTS or not is_printable(text):
        raise ValueError
    composed = unicodedata.normalize("NFC", trimmed)
    if not shortest <= len(composed) <= longest:
        raise ValueError
    return composed


def fold(text: str) -> str:
    """Return the text as names are compared and sorted: without case, whichever way its accents were composed.

    This is Unicode's canonical caseless matching (The Unicode Standard, section 3.13, D145), stored composed.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def is_printable(text: str) -> bool:
    """Tell whether the text is free of control characters, halves of surrogate pairs, noncharacters and U+FFFD.

    The last two code points of each plane are no characters, and SQS carries no U+FFFE and U+FFFF. U+FFFD stands for
    a character that was lost on the way.
    """
    return "\ufffd" not in text and not any(
        unicodedata.category(character) in ("Cc", "Cs") or ord(character) & 0xFFFE == 0xFFFE for character in text
    )
