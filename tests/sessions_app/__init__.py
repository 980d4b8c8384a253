import pytest

pytest.register_assert_rewrite("tests.sessions_app.race", "tests.sessions_app.clinic")
