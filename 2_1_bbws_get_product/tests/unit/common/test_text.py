"""How text is compared."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import text as text_module
from common.text import fold, is_printable, normalised, requested

# Every letter whose case or composition is out of the ordinary, and some that are ordinary.
NAMES = st.text(
    st.sampled_from("aA zZéÉßẞİıſΣςσΐΰᾳᾼᾷǰŉﬁǄǅΩÅ가각日🚀\u0301\u0307\u0308\u030a\u0323\u0342\u0345\u1100\u1161\u11a8"),
    min_size=1,
    max_size=12,
)


def normalise(text):
    """Return a text as it is stored, of whatever length."""
    return normalised(text, 0, 1000)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  WordPress  ", "WordPress"),
        ("\u00a0\u3000WordPress\u2003", "WordPress"),
        ("Cafe\u0301", "Café"),
        ("two  blanks", "two  blanks"),
        ("   ", ""),
        ("Å", "Å"),
    ],
)
def test_normal_text_is_composed_and_trimmed(text, normal):
    assert normalise(text) == normal


@given(NAMES)
def test_normal_text_stays_as_it_is(text):
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("WordPress", "WORDPRESS"),
        ("Straße", "STRASSE"),
        ("Café", "CAFE\u0301"),
        ("ПАКЕТ", "пакет"),
        ("ΟΔΟΣ", "οδος"),
        ("İstanbul", "i\u0307stanbul"),
        ("ﬁrst", "FIRST"),
        ("Ǆ", "ǆ"),
    ],
)
def test_texts_that_differ_in_case_or_composition_fold_to_the_same(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("Cafe", "Café"), ("a b", "ab"), ("résumé", "resume"), ("東京", "京東")])
def test_other_texts_do_not(one, other):
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    "other",
    [
        "Plan\u00a0Pro",
        "Plan  Pro",
        "Plan\u00ad Pro",
        "Plan\u3000\u2003Pro",
        "P\u200blan \u202ePro",
        "\u3164Plan Pro \u200f",
    ],
    ids=ascii,
)
def test_texts_that_look_the_same_fold_to_the_same(other):
    assert fold(other) == fold("Plan Pro") == "plan pro"


def test_text_with_nothing_visible_folds_to_none():
    assert fold("\u3164\u00a0\ufe0f") == ""


@pytest.mark.parametrize("blanks", ["   ", "\u200b\u200b\u200b", "\ufeff \u00a0\u3000", "\u2060\u200d\u00ad"])
def test_blanks_around_a_text_are_no_part_of_it(blanks):
    assert normalise(blanks) == ""
    assert normalise(f"{blanks}Word Press{blanks}") == "Word Press"


def test_joiners_inside_a_text_stay():
    assert normalise("👩\u200d💻 نمی\u200cخواهم") == "👩\u200d💻 نمی\u200cخواهم"


def test_what_counts_are_the_characters_that_are_stored():
    assert normalised("  e\u0301\u00a0", 1, 1) == "é"
    for text in ("", "  ", "ab", "e\u0301\u0301"):
        with pytest.raises(ValueError, match=r"^$"):
            normalised(text, 1, 1)


@pytest.mark.parametrize("text", ["\ta", "a\n", "\x00", "a\ud83d"])
def test_what_is_not_printable_is_not_stored_not_even_trimmed(text):
    with pytest.raises(ValueError, match=r"^$"):
        normalised(text, 0, 10)


def test_text_that_can_not_become_short_enough_is_refused_before_it_is_composed(monkeypatch):
    composed = []

    class Watched:
        category = staticmethod(unicodedata.category)

        @staticmethod
        def normalize(form, text):
            composed.append(len(text))
            return unicodedata.normalize(form, text)

    monkeypatch.setattr(text_module, "unicodedata", Watched)

    for text in ("a" + "\u0301\u0323" * 15_000, "x" * 32_000, "\u1100\u1161" * 16_000):
        with pytest.raises(ValueError, match=r"^$"):
            normalised(text, 3, 100)
    assert composed == []
    assert normalised(" " * 32_000 + "abc", 3, 100) == "abc"


def test_every_character_may_be_written_as_its_parts():
    """No text of the longest that is allowed is refused for how it is composed."""
    for character in map(chr, range(0x110000)):
        parts = unicodedata.normalize("NFD", character)
        if parts != character and is_printable(character) and unicodedata.normalize("NFC", parts) == character:
            assert normalised(f"x{parts}x", 3, 3) == f"x{character}x"


@given(NAMES)
def test_composition_never_matters(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(text) == fold(unicodedata.normalize("NFC", text))


@given(NAMES, NAMES)
def test_beginning_of_a_text_folds_to_the_beginning_of_what_the_text_folds_to(beginning, rest):
    # The blank keeps marks at the start of the rest from joining the beginning's last letter.
    assert fold(f"{beginning} {rest}").startswith(fold(beginning))


@pytest.mark.parametrize("text", ["WordPress", "Größe", "日本", "🚀", "👩‍💻", "\u00a0", "\u200f", "", "\U0001f9ff"])
def test_text_in_any_script_is_printable(text):
    assert is_printable(text)


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\t",
        "\n",
        "\r",
        "\x1b",
        "\x7f",
        "\x85",
        "\ud83d",
        chr(0xFFFD),
        "\ufffe",
        "\uffff",
        "\U0001ffff",
        "\U0010ffff",
    ],
)
def test_control_characters_half_pairs_noncharacters_and_what_stands_for_lost_ones_are_not(character):
    assert not is_printable(character)
    assert not is_printable(f"Word{character}Press")


NOTHING_VISIBLE = [
    *("\u3164", "\u2800", "\u115f", "\u1160", "\uffa0", "\ufe0f", "\u034f", "\u17b4", "\u180e", "\U000e0041", "\u2064"),
    *(
        "\ufff9",
        "\ue000",
        "\U00016fe4",
        "\u0301",
        "\U0001d159",
        "\U0001d173",
        "\U00013441",
        "\u3164 \u3164",
        "\u2800\ufe0f",
    ),
]


@pytest.mark.parametrize("text", NOTHING_VISIBLE, ids=ascii)
def test_nobody_may_ask_for_text_with_nothing_visible(text):
    with pytest.raises(ValueError, match=r"^$"):
        requested(text * 3, 1, 100)
    assert requested(f"{text}a{text}", 1, 100) == normalise(f"{text}a{text}")


@pytest.mark.parametrize("text", ["7", "!", "€", "日", "🚀", "\u0627", "ᚠ", "\U0001fae8", "❤\ufe0f", "\u200fשלום"])
def test_letters_digits_punctuation_and_symbols_are_visible(text):
    """U+1FAE8 is an emoji that Unicode 14 doesn't know."""
    assert requested(text, 1, 100) == text.strip("\u200f")


@pytest.mark.parametrize("number", [*range(0x2028, 0x202F), *range(0x2066, 0x206A)], ids=hex)
def test_nobody_may_ask_for_what_breaks_lines_or_turns_the_direction_of_text(number):
    for text in (f"Word{chr(number)}Press", f"WordPress{chr(number)}"):
        with pytest.raises(ValueError, match=r"^$"):
            requested(text, 1, 100)
        assert normalise(text)


@pytest.mark.parametrize("mark", ["\u061c", "\u200e", "\u200f"], ids=ascii)
def test_marks_of_direction_may_be_in_a_text(mark):
    assert requested(f"נגב{mark} (ZA)", 1, 100) == f"נגב{mark} (ZA)"
