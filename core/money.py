"""Money as people write it. It is kept as an integer of the currency's minor unit, beside its ISO 4217 code."""

from decimal import Decimal

CURRENCY_NAMES = {
    "AED": "UAE dirham",
    "AUD": "Australian dollar",
    "BDT": "Bangladeshi taka",
    "CAD": "Canadian dollar",
    "EUR": "Euro",
    "GBP": "British pound",
    "GHS": "Ghanaian cedi",
    "INR": "Indian rupee",
    "JPY": "Japanese yen",
    "KES": "Kenyan shilling",
    "NGN": "Nigerian naira",
    "NZD": "New Zealand dollar",
    "PKR": "Pakistani rupee",
    "USD": "US dollar",
    "ZAR": "South African rand",
}
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


def to_major(amount_minor: int, currency: str) -> Decimal:
    """4050 USD is Decimal("40.50")."""
    return Decimal(amount_minor).scaleb(-MINOR_DIGITS.get(currency, 2))


def to_minor(amount: Decimal, currency: str) -> int:
    """Decimal("40.50") USD is 4050. Raises ValueError for an amount that the currency has no coin for."""
    minor = amount.scaleb(MINOR_DIGITS.get(currency, 2))
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} is finer than {currency}")
    return int(minor)


def share_of(amount_minor: int, percent: int) -> int:
    """`percent` of the amount, in the same minor unit, rounded down: a fraction of the smallest coin is the payer's."""
    return amount_minor * percent // 100
