"""Pages as somebody reads them."""

import re
from html import unescape

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse


def browser_of(user=None):
    """A browser in which `user` is signed in; without one, a visitor's."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def words(answer, status=200):
    """The text of the page's main part, in one line."""
    assert answer.status_code == status, (answer.status_code, answer.content[-2000:])
    main = re.search(r"<main.*?</main>", answer.content.decode(), re.DOTALL).group()
    visible = re.sub(r"<template.*?</template>", " ", main, flags=re.DOTALL)
    return re.sub(
        r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", visible)).replace("\N{NO-BREAK SPACE}", " ")
    ).strip()


def source(answer, status=200):
    """The page as it was sent."""
    assert answer.status_code == status, (answer.status_code, answer.content[-2000:])
    return answer.content.decode()


def led_to(answer):
    """Where a redirect leads."""
    assert answer.status_code == 302, (answer.status_code, answer.content[-2000:])
    return answer.url


def queries_of(client, address):
    """How many queries a page takes, the session's and the reader's own among them; its first load is not counted."""
    source(client.get(address))
    with CaptureQueriesContext(connection) as captured:
        source(client.get(address))
    return len(captured)


def profile(counselor, query=""):
    return reverse("counselor_profile", args=[counselor.pk]) + query


def time_of(counselor, start, /, **more):
    """What the slot picker posts."""
    offered = counselor.session_types.order_by("position", "id")[0]
    return {"start": start.isoformat(), "session_type": str(offered.pk), "mode": "video"} | more


def keep(client, counselor, start, /, **more):
    return client.post(reverse("hold_slot", args=[counselor.pk]), time_of(counselor, start, **more))


def kept_by(client, counselor, start, /, **more):
    """Keeps the time; the hold's id."""
    return led_to(keep(client, counselor, start, **more)).rsplit("/", 1)[1]


def on_hold(name, hold_id):
    return reverse(name, args=[hold_id])
