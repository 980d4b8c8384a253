"""Money in words. It is kept as an integer of the currency's minor unit, beside its ISO 4217 code."""

CURRENCY_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "INR": "₹", "NGN": "₦", "JPY": "¥", "KES": "KSh "}
# ISO 4217: digits after the point, where they are not two.
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "UGX": 0, "XOF": 0, "XAF": 0, "BHD": 3, "KWD": 3}


def amount_in_words(amount_minor: int | None, currency: str) -> str:
    """As people write it: “₹1,500”, “$40.50”, “Free”."""
    if not amount_minor:
        return "Free"
    digits = MINOR_DIGITS.get(currency, 2)
    major, minor = divmod(amount_minor, 10**digits)
    cents = f".{minor:0{digits}}" if minor else ""
    sign = CURRENCY_SIGNS.get(currency, f"{currency} ")
    return f"{sign}{major:,}{cents}"
