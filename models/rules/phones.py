"""Phone numbers: one form for each, and how much of one may be shown."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberFormat

TEXT_MAX = 40
SHOWN_LAST = 4
SHOWN_FIRST = 3
HIDDEN_LEAST = 4


class NotAPhone(ValueError):
    """What was given is no phone number in international form."""


def normalised(text: str) -> str:
    """A number as E.164, such as +8613800138000, from however it was written; `NotAPhone` otherwise."""
    try:
        number = phonenumbers.parse(text if len(text) <= TEXT_MAX else "", None)
    except phonenumbers.NumberParseException as error:
        raise NotAPhone(str(error)) from error
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise NotAPhone("no country has such a number")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def last_four(phone: str) -> str:
    """The last four digits of an E.164 number: what people tell a cashier."""
    return phone[-SHOWN_LAST:]


def masked(phone: str) -> str:
    """An E.164 number as it may be seen, without its country: 138****8000; short numbers show less in front."""
    digits = phonenumbers.national_significant_number(phonenumbers.parse(phone, None))
    first = min(SHOWN_FIRST, max(0, len(digits) - SHOWN_LAST - HIDDEN_LEAST))
    hidden = len(digits) - SHOWN_LAST - first
    return digits[:first] + "*" * hidden + digits[first + hidden :]
