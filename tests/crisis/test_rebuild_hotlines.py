"""The data file is made from the full list, and holds only what may be shown."""

import copy
import json

import pytest
from django.core.management import CommandError, call_command

from core.language_names import LANGUAGE_NAMES
from crisis import hotlines
from crisis.apps import check_hotlines
from crisis.management.commands import rebuild_hotlines

LINE = {
    "name": "A line",
    "phone": "0800 1",
    "hours": "24/7",
    "languages": ["en"],
    "audience": "general",
    "source": "find_string id 1 (repository not named)",
    "also": ["another page"],
    "confirmed_by": 2,
    "confidence": "high",
    "official_source": False,
    "whatsapp": "087 163 2030",
}
INTERNATIONAL = {
    "url": "https://a.test",
    "what": "a list",
    "confidence": "high",
    "confirmed_by": 2,
    "source": "a page",
}
FULL = {
    "compiled": "2026-11-20",
    "note": "Check them.",
    "international": [
        INTERNATIONAL | {"name": "Sure"},
        INTERNATIONAL | {"name": "Unsure", "confidence": "single"},
    ],
    "countries": [
        {
            "code": "ZA",
            "name": "South Africa",
            "emergency": "10111",
            "emergency_source": "owner/repository:file.json",
            "lines": [LINE, LINE | {"name": "Heard once", "confidence": "single"}],
        }
    ],
}


@pytest.fixture(autouse=True)
def no_reader_notes(monkeypatch):
    monkeypatch.setattr(rebuild_hotlines, "READER_NOTES", {})


def test_only_lines_with_high_confidence_are_kept():
    reduced = rebuild_hotlines.reduce_directory(FULL)
    assert [line["name"] for line in reduced["countries"][0]["lines"]] == ["A line"]
    assert [help_["name"] for help_ in reduced["international"]] == ["Sure"]


def test_source_date_and_confirmations_are_kept():
    reduced = rebuild_hotlines.reduce_directory(FULL)
    line = reduced["countries"][0]["lines"][0]
    assert reduced["compiled"] == "2026-11-20"
    assert line["source"] == "public source code, repository not named"
    assert line["confirmed_by"] == 2
    assert "also" not in line
    assert "confidence" not in line


def test_whatsapp_number_gets_the_form_that_a_link_needs():
    line = rebuild_hotlines.reduce_directory(FULL)["countries"][0]["lines"][0]
    assert line["whatsapp"] == {"number": "087 163 2030", "international": "27871632030"}


def test_language_without_a_name_is_refused():
    full = copy.deepcopy(FULL)
    full["countries"][0]["lines"][0]["languages"] = ["tlh"]
    with pytest.raises(CommandError, match="add tlh"):
        rebuild_hotlines.reduce_directory(full)


def test_readers_note_for_a_line_that_is_gone_is_refused(monkeypatch):
    monkeypatch.setattr(rebuild_hotlines, "READER_NOTES", {("ZA", "Gone"): "Ask for Ann."})
    with pytest.raises(CommandError, match="Gone"):
        rebuild_hotlines.reduce_directory(FULL)


def test_command_writes_a_file_that_the_page_can_read(tmp_path, monkeypatch):
    source, output = tmp_path / "full.json", tmp_path / "reduced.json"
    source.write_text(json.dumps(FULL))
    call_command("rebuild_hotlines", str(source), "--output", str(output))
    monkeypatch.setattr(hotlines, "DATA_FILE", output)
    country = hotlines.directory.__wrapped__().countries["ZA"]
    assert country.emergency_source.url == "https://github.com/owner/repository"
    assert country.lines[0].source == hotlines.Source("public source code, repository not named", "")


def test_unreadable_data_file_is_a_failed_check(tmp_path, monkeypatch):
    monkeypatch.setattr(hotlines, "DATA_FILE", tmp_path / "missing.json")
    hotlines.directory.cache_clear()
    try:
        assert [message.id for message in check_hotlines()] == ["crisis.E001"]
    finally:
        hotlines.directory.cache_clear()


def test_data_file_of_the_project_is_whole():
    countries = hotlines.directory().countries
    assert check_hotlines() == []
    assert len(countries) >= 60
    for country in countries.values():
        for line in country.lines:
            assert line.confirmed_by >= 2
            assert line.source.text
            assert line.phones or line.text or line.chat_url
            assert set(line.languages) <= LANGUAGE_NAMES.keys()
