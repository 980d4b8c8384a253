import os
import subprocess
import sys
import time

import pytest
from django.conf import settings as django_settings

from core.api import throttling
from core.api.throttling import Bucket, begin_spending_request, network_of, spend, spend_sign_in
from core.errors import Throttled, Unavailable
from core.redis_client import redis_client
from tests.api.test_fail import failure

pytestmark = pytest.mark.django_db


@pytest.fixture
def limits(settings):
    """Small figures over a long time, so that no test waits."""
    settings.THROTTLES = {
        "visitor": (3, 900),
        "user": (5, 900),
        "sign_in_pair": (2, 900),
        "sign_in_account": (4, 900),
        "sign_in_address": (6, 900),
        "quick": (4, 1),
        "wide": (1000, 900),
    }


@pytest.fixture
def redis_away(settings):
    """A Redis at whose address nobody listens."""

    def forget():
        throttling._count.forget()
        redis_client.cache_clear()
        throttling._pause.until = 0.0

    forget()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    yield
    forget()


def refused(spending, *args, **kwargs):
    try:
        spending(*args, **kwargs)
    except Throttled:
        return True
    return False


def statuses(client, path, count, **extra):
    return [client.get(path, **extra).status_code for _ in range(count)]


def test_a_visitor_has_a_limit_and_is_told_when_to_come_back(api, limits):
    assert statuses(api, "/api/open", 4) == [200, 200, 200, 429]
    response = api.get("/api/open")
    failure(response, 429, "THROTTLED")
    assert 0 < int(response.headers["Retry-After"]) <= 1800


def test_visitors_are_told_apart_by_their_address(api, limits):
    assert statuses(api, "/api/open", 4, REMOTE_ADDR="192.0.2.1")[-1] == 429
    assert statuses(api, "/api/open", 1, REMOTE_ADDR="192.0.2.2") == [200]


def test_a_header_that_anybody_can_write_makes_no_new_visitor(api, limits):
    answers = [
        api.get("/api/open", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(4)
    ]
    assert answers == [200, 200, 200, 429]


def test_behind_a_trusted_proxy_the_address_is_the_one_it_wrote(api, limits, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    for n in range(3):
        api.get("/api/open", headers={"X-Forwarded-For": f"203.0.113.{n}, 192.0.2.1"})
    assert api.get("/api/open", headers={"X-Forwarded-For": "203.0.113.9, 192.0.2.1"}).status_code == 429
    assert api.get("/api/open", headers={"X-Forwarded-For": "203.0.113.9, 192.0.2.2"}).status_code == 200


def test_a_user_has_a_limit_of_their_own_wherever_they_are(signed_in, patient, stranger, limits):
    client = signed_in(patient)
    for n in range(5):
        assert client.get("/api/plans", REMOTE_ADDR=f"192.0.2.{n}").status_code == 200
    assert client.get("/api/plans", REMOTE_ADDR="192.0.2.9").status_code == 429
    assert signed_in(stranger).get("/api/plans", REMOTE_ADDR="192.0.2.9").status_code == 200


def test_requests_that_are_refused_count_as_well(api, limits):
    assert statuses(api, "/api/plans", 4) == [401, 401, 401, 429]


def test_a_bad_token_counts_as_a_visitor(api, limits, monkeypatch):
    from rest_framework.exceptions import AuthenticationFailed

    from core.api.authentication import PageSessionAuthentication

    def refuse(self, request):
        raise AuthenticationFailed("This access token is not valid.")

    monkeypatch.setattr(PageSessionAuthentication, "authenticate", refuse)
    assert statuses(api, "/api/plans", 4) == [401, 401, 401, 429]


def test_a_sign_in_is_limited_for_the_pair_the_account_and_the_address(limits):
    def attempts(*pairs):
        return [refused(spend_sign_in, account=account, address=address) for account, address in pairs]

    assert attempts(*[("a@example.test", "192.0.2.1")] * 3) == [False, False, True]
    assert attempts((" A@Example.test ", "192.0.2.1")) == [True]
    assert attempts(*[("a@example.test", f"198.51.100.{n}") for n in range(3)]) == [False, False, True]
    assert attempts(*[(f"b{n}@example.test", "192.0.2.1") for n in range(5)]) == [False] * 4 + [True]


def test_a_refused_attempt_fills_no_bucket(limits):
    spend([Bucket("sign_in_pair", "pair")])
    spend([Bucket("sign_in_pair", "pair")])
    for _ in range(10):
        with pytest.raises(Throttled):
            spend([Bucket("sign_in_pair", "pair"), Bucket("sign_in_account", "account")])
    for _ in range(4):
        spend([Bucket("sign_in_account", "account")])


def test_what_was_spent_in_the_last_period_counts_as_far_as_it_lies_within_reach(limits, redis_of_tests):
    """Somebody who spent everything in the period before has the share of the limit that has elapsed of this one."""
    spend([Bucket("wide", "someone")])
    (key,) = redis_of_tests.keys("throttle:wide:*")
    seconds, microseconds = redis_of_tests.time()
    elapsed = (seconds + microseconds / 1e6) / 900 % 1
    index = int(redis_of_tests.hget(key, "i"))
    redis_of_tests.hset(key, mapping={"i": index - 1, "c": 1000, "p": 0})
    let_in = sum(not refused(spend, [Bucket("wide", "someone")]) for _ in range(1000))
    assert abs(let_in - 1000 * elapsed) < 10


def test_who_waits_as_long_as_told_gets_in(limits):
    for _ in range(4):
        spend([Bucket("quick", "someone")])
    with pytest.raises(Throttled) as refusal:
        spend([Bucket("quick", "someone")])
    time.sleep(refusal.value.retry_after_seconds)
    spend([Bucket("quick", "someone")])


def test_two_processes_count_together():
    limit = django_settings.THROTTLES["visitor"][0]
    script = f"""
import django; django.setup()
from core.api.throttling import Bucket, spend
from core.errors import Throttled
let_in = 0
for _ in range({limit}):
    try:
        spend([Bucket("visitor", "192.0.2.1")])
        let_in += 1
    except Throttled:
        pass
print(let_in)
"""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_SLOT": str(redis_client().connection_pool.connection_kwargs["db"]),
    }
    processes = [
        subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    let_in = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(let_in) == limit


def test_while_redis_is_away_reading_goes_on_and_guessing_stops(api, limits, redis_away):
    started = time.monotonic()
    assert statuses(api, "/api/open", 5) == [200] * 5
    with pytest.raises(Unavailable):
        spend_sign_in(account="a@example.test", address="192.0.2.1")
    assert time.monotonic() - started < 1


def test_a_redis_that_is_away_is_not_begined_for_every_request(api, limits, redis_away, monkeypatch):
    asked = []
    real = throttling._begin
    monkeypatch.setattr(throttling, "_begin", lambda buckets: asked.append(buckets) or real(buckets))
    statuses(api, "/api/open", 5)
    assert len(asked) == 1


def test_a_line_to_redis_that_is_cut_before_the_answer_is_asked_again(limits, redis_of_tests):
    begin_spending_request(user_id="someone", address="")()
    finish = begin_spending_request(user_id="someone", address="")
    redis_of_tests.client_kill_filter(_type="normal", skipme=True)
    finish()
    (key,) = redis_of_tests.keys("throttle:user:*")
    assert int(redis_of_tests.hget(key, "c")) in (2, 3)  # the cut one may have been counted before it was cut
    assert throttling._pause.until < time.monotonic()


def test_an_answer_that_nobody_waited_for_is_not_taken_for_the_next(limits, redis_of_tests):
    for _ in range(5):
        begin_spending_request(user_id="full", address="")()
    begin_spending_request(user_id="full", address="")  # refused, and its sender was interrupted
    begin_spending_request(user_id="another", address="")()
    with pytest.raises(Throttled):
        begin_spending_request(user_id="full", address="")()


def test_redis_holds_no_address_and_no_account_in_clear(redis_of_tests, limits):
    spend_sign_in(account="somebody@example.test", address="192.0.2.77")
    keys = b" ".join(redis_of_tests.keys())
    assert keys.count(b"throttle:") == 3
    assert b"somebody" not in keys
    assert b"192.0.2" not in keys
    assert all(0 < redis_of_tests.ttl(key) <= 1800 for key in redis_of_tests.scan_iter())


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_a_visitor_is_a_network_not_each_of_its_addresses(address, network):
    assert network_of(address) == network
