"""What templates say and how: words for a person in distress, nothing that a strict CSP would refuse."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
PAGES = sorted(TEMPLATES.rglob("*.html"))
BLAME = re.compile(r"\b(invalid|illegal|forbidden|denied|failed|oops|error \d)\b", re.IGNORECASE)


def words_of(path: Path) -> str:
    """The text of a template as a reader gets it, roughly: no tags, no template code."""
    source = re.sub(
        r"{%\s*comment.*?endcomment\s*%}|{#.*?#}|<style.*?</style>", " ", path.read_text(), flags=re.DOTALL
    )
    texts = re.findall(r'(?:text|title|lead|label)="([^"]*)"', source)
    return " ".join([re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", " ", source, flags=re.DOTALL), *texts])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_templates_neither_shout_nor_blame(path):
    words = words_of(path)
    assert "!" not in words
    assert not BLAME.search(words)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_templates_need_no_inline_script_and_no_inline_style(path):
    if "mail" in path.parts:
        pytest.skip("Mail programs know no style sheets of ours.")
    source = re.sub(r"{%.*?%}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"\sstyle=", source)
    assert not re.search(r"\son[a-z]+=\"", source)
    assert not re.search(r"hx-on|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"(src|href)=\"https?://[^\"]*\.(js|css|woff2?)", source)
