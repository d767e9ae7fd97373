"""What text may be asked for, and how it is compared: normalised for storing, folded for finding."""

from __future__ import annotations

import re
import unicodedata

# White space, and characters of no width: a name of these alone would look like none, and one that ends in them like
# another. Inside a text they have their uses.
_WHITE_SPACE = "".join(character for character in map(chr, range(0x3001)) if character.isspace())
_BLANKS = _WHITE_SPACE + "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


# Two properties that the standard library lacks: Default_Ignorable_Code_Point, and Bidi_Control without the marks
# (U+061C, U+200E, U+200F), which turn nothing but the blanks and signs beside them. The package regex has both, but
# takes 100 ms to import, at each cold start; a test holds the ranges to it.
_IGNORED = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_TURNS_OR_BREAKS_LINES = re.compile("[\u202a-\u202e\u2066-\u2069\u2028\u2029]")
# Letters and symbols by their category, and blank: in Braille, in music, and in hieroglyphs.
_BLANK_SYMBOLS = "\u2800\U0001d159\U00013441\U00013442"

# What folding and composing would change, of the characters that Unicode has had since 14.0, the version of the oldest
# Python that this runs on. Keys of the table are made of folded names, and must be the same whichever Python makes them
# (documentation/decisions/names.md).
_YOUNGER = re.compile("([\U00010efd-\U00010eff\U00011f41\U00011f42\U0001e08f\U0001e4ec-\U0001e4ef])")

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


def requested(text: str, shortest: int, longest: int) -> str:
    """Return the text `normalised`, if it may be asked for. What is stored or queued may be older than this.

    Parameters
    ----------
    shortest, longest : int
        How many characters it may have then.

    Raises
    ------
    ValueError
        It has less or more, isn't printable, has nothing visible, breaks lines, or turns the direction of what follows.
    """
    composed = normalised(text, shortest, longest)
    if _TURNS_OR_BREAKS_LINES.search(text) or not _is_visible(composed):
        raise ValueError
    return composed


def _is_visible(text: str) -> bool:
    """Tell whether the text holds a letter, digit, punctuation mark or symbol that shows.

    Marks alone don't: they show on something. What this version of Unicode doesn't know yet may.
    """
    return any(
        character not in _BLANK_SYMBOLS
        and ((category := unicodedata.category(character))[0] in "LNPS" or category == "Cn")
        for character in _IGNORED.sub("", text)
    )


def fold(text: str) -> str:
    """Return the text as names are compared and sorted: by what is seen of it, without case.

    White space between words counts as one blank, Unicode's default ignorable characters count for nothing. Of the rest
    it is Unicode's canonical caseless matching (The Unicode Standard, section 3.13, D145), stored composed. By its
    stability policy no version makes anything else of what an earlier one knew; what came later stays as it is.
    """
    seen = " ".join(_IGNORED.sub("", text).split())
    return "".join(former_fold(part) for part in _YOUNGER.split(seen))


def former_fold(text: str) -> str:
    """Return the text as `fold` did when everything but case and composition told names apart.

    Claims to names are there in this form until they have been moved (documentation/runbooks/moving-claims.md).
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
