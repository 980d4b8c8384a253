"""How a person looks on a page when there is no picture of them."""

from zlib import crc32

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

TONES = 5


def initials(name: str) -> str:
    """The first letters of the first and last word: “AM” for “Asha Devi Mehta”."""
    words = name.split()
    ends = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in ends).upper()


@register.simple_tag
def portrait(name: str, size: str = "") -> SafeString:
    """Initials on a ground that stays the same for the same name. size: "" or "large"."""
    tone = crc32(name.encode()) % TONES
    large = " portrait-large" if size == "large" else ""
    return format_html(
        '<span class="portrait portrait-{}{}" aria-hidden="true">{}</span>', tone, large, initials(name)
    )
