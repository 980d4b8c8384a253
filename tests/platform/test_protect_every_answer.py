import pytest

from core.security_headers import HEADERS


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/help-now", "/api/nowhere", "/accounts/login/", "/health"]
)
def test_every_answer_carries_the_headers(client, path):
    response = client.get(path)
    for name in (*HEADERS, "Content-Security-Policy"):
        assert name in response.headers, f"{name} is missing on {path} ({response.status_code})"
    policy = response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_a_foreign_host_is_refused_with_them_too(client, settings):
    settings.ALLOWED_HOSTS = ["mentalspace.example"]
    response = client.get("/", HTTP_HOST="evil.example")
    assert response.status_code == 400
    assert "Content-Security-Policy" in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_a_failure_of_ours_carries_them_too(client, monkeypatch):
    from mentalspace import views

    def fail(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(views, "render", fail)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "Content-Security-Policy" in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert b"ZeroDivisionError" not in response.content


def test_what_stays_the_same_may_be_kept(client):
    response = client.get("/static/css/app.css")
    assert response.status_code == 200
    assert "no-store" not in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_a_large_file_is_refused_before_it_is_read(client, settings, monkeypatch):
    from django.core.files import uploadhandler
    from django.core.files.uploadedfile import SimpleUploadedFile

    taken = []
    monkeypatch.setattr(
        uploadhandler.MemoryFileUploadHandler, "new_file", lambda *args, **kwargs: taken.append(1)
    )
    large = SimpleUploadedFile("large.bin", b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1))

    answer = client.post("/accounts/login/", {"login": "a@example.test", "password": large})

    assert answer.status_code == 400
    assert "Nothing was changed" in answer.content.decode()
    assert not taken
