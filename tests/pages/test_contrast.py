"""The colours of static/css/tokens.css against WCAG 2.2 AA, light and dark."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[2] / "static/css/tokens.css").read_text()
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--ms-([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", CSS)
}

GROUNDS = ("ground", "surface", "sunken")
WORDS = [
    *((words, ground) for words in ("ink", "ink-soft", "primary", "primary-strong") for ground in GROUNDS),
    *(("ink", f"{tone}-soft") for tone in ("primary", "accent", "good", "caution", "bad", "note")),
    *((tone, f"{tone}-soft") for tone in ("primary", "accent", "good", "caution", "bad", "note")),
    *((f"on-{tone}", tone) for tone in ("primary", "accent", "bad")),
    *((f"on-{tone}", f"{tone}-strong") for tone in ("primary", "accent", "bad")),
    ("ink-soft", "primary-soft"),
    ("ink-soft", "accent-soft"),
    ("accent-strong", "accent-soft"),
    ("primary-strong", "primary-soft"),
    ("bad", "surface"),
    ("bad", "ground"),
]
EDGES = [(edge, ground) for edge in ("line-strong", "primary") for ground in GROUNDS]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("words", "ground"), WORDS)
def test_words_stand_out_from_their_ground(words, ground, theme):
    assert contrast(TOKENS[words][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_of_controls_and_the_focus_ring_can_be_seen(edge, ground, theme):
    assert contrast(TOKENS[edge][theme], TOKENS[ground][theme]) >= 3


def test_browsers_without_light_dark_get_the_light_page():
    fallback = dict(re.findall(r"--ms-([a-z-]+): (#[0-9a-f]{6});", CSS[CSS.index("@supports not") :]))
    assert fallback == {name: light for name, (light, _) in TOKENS.items()}
