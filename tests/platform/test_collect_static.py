"""Static files as production serves them: under names that hold their hash."""

import re
from itertools import chain

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import call_command

from tests.slots import CHECKOUT

STATIC_TAG = re.compile(r"""\{%\s*static\s+["']([^"'{}]+)["']""")


@pytest.fixture(scope="module")
def hashed_names(tmp_path_factory):
    from django.test import override_settings

    storages = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
    with override_settings(STATIC_ROOT=tmp_path_factory.mktemp("static"), STORAGES=storages):
        # Fails when a style sheet or a module names a file that is not there.
        call_command("collectstatic", interactive=False, verbosity=0)
        return ManifestStaticFilesStorage().hashed_files


def test_every_file_that_a_template_names_is_there(hashed_names):
    templates = chain(CHECKOUT.glob("templates/**/*.html"), CHECKOUT.glob("*/templates/**/*.html"))
    for template in templates:
        for name in STATIC_TAG.findall(template.read_text()):
            assert name in hashed_names, f"{template.relative_to(CHECKOUT)} names {name}"
