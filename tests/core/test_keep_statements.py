"""Statements that a connection keeps prepared: after refusals, migrations and interruptions, and when it is lost."""

import os
import socket

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core import statements
from core.statements import (
    read,
    read_and_commit,
    read_in_one_round_trip,
    send_along,
    send_nothing_along,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def a_table():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (id integer PRIMARY KEY, word varchar(20))")
        cursor.execute("INSERT INTO kept VALUES (1, 'one'), (2, '%two')")
    yield
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE kept")


def words():
    return [word for (word,) in read("SELECT word FROM kept ORDER BY id")]


def test_rows_come_in_the_order_of_the_statements_and_percent_signs_are_percent_signs(a_table):
    first, second = read_in_one_round_trip(
        ("SELECT id FROM kept WHERE word LIKE %s", ["o%"]),
        ("SELECT id FROM kept WHERE word LIKE '%%t' || %s", ["wo"]),
    )
    assert (first, second) == ([(1,)], [(2,)])


def test_a_rollback_keeps_what_was_prepared(a_table):
    words()
    for _ in range(2):
        for _ in range(6):
            with CaptureQueriesContext(connection):  # through psycopg's own cursors
                assert words() == ["one", "%two"]
        with transaction.atomic():
            read("INSERT INTO kept VALUES (%s, %s)", [3, "three"])
            with pytest.raises(IntegrityError), transaction.atomic():
                read("INSERT INTO kept VALUES (%s, %s)", [1, "again"])
            transaction.set_rollback(True)
        with transaction.atomic():
            assert words() == ["one", "%two"]


def test_a_statement_is_prepared_anew_when_a_migration_changed_what_it_answers(a_table):
    assert words() == ["one", "%two"]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kept ALTER word TYPE text")
    assert words() == ["one", "%two"]
    assert read("SELECT word FROM kept WHERE id = %s", [1]) == [("one",)]


def test_in_a_transaction_it_fails_once_and_the_next_one_is_right(a_table):
    words()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kept ALTER word TYPE text")
    with pytest.raises(DatabaseError), transaction.atomic():
        words()
    with transaction.atomic():
        assert words() == ["one", "%two"]


def test_more_statements_than_are_kept_are_no_trouble(a_table, monkeypatch):
    monkeypatch.setattr(statements, "MAX_PREPARED", 3)
    for number in range(10):
        each = [(f"SELECT {number}", []), (f"SELECT {number} + 100", [])]
        assert read_in_one_round_trip(*each) == [[(number,)], [(number + 100,)]]
    kept = read("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'house%%'")
    assert kept[0][0] <= 3


def test_a_connection_that_is_cut_while_it_is_used_is_told_as_such():
    read("SELECT 1")
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)
    with pytest.raises(OperationalError):
        read("SELECT 1")
    connection.close_if_unusable_or_obsolete()
    assert read("SELECT 1") == [(1,)]


def test_nobody_is_given_the_answers_of_who_was_interrupted(monkeypatch):
    read("SELECT 1")
    raw = connection.connection

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(raw, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        statements._Line.of(raw).ask([("SELECT 1", []), ("SELECT 1", [])])
    assert raw.closed
    connection.close()
    assert read_in_one_round_trip(("SELECT 2", []), ("SELECT 3", [])) == [[(2,)], [(3,)]]


ONE, TWO, THREE = (("SELECT %s::int", [number]) for number in (1, 2, 3))


def test_what_is_sent_along_is_there_for_who_reads_just_that(round_trips):
    send_along(TWO, THREE)
    assert read(*ONE) == [(1,)]
    assert read_in_one_round_trip(TWO, THREE) == [[(2,)], [(3,)]]
    assert round_trips == [3]
    assert read_in_one_round_trip(TWO, THREE) == [[(2,)], [(3,)]]  # once
    assert round_trips == [3, 2]


@pytest.mark.parametrize("other", [(TWO,), (THREE, TWO), (("SELECT %s::int", [4]), THREE)])
def test_nobody_else_is_given_what_was_sent_along(round_trips, other):
    send_along(TWO, THREE)
    read(*ONE)
    assert read_in_one_round_trip(*other) == [[tuple(values)] for _, values in other]
    assert round_trips == [3, len(other)]


def test_what_nobody_read_is_given_to_nobody_later(round_trips):
    send_along(TWO)
    read(*ONE)
    send_nothing_along()
    assert read(*TWO) == [(2,)]
    assert round_trips == [2, 1]


def test_in_a_transaction_nothing_goes_along(round_trips):
    send_along(TWO)
    with transaction.atomic():
        read(*ONE)
    assert round_trips == [1]


def test_a_mistake_in_what_is_sent_along_is_told_to_who_asks_for_it(round_trips):
    wrong = ("SELECT 1 / %s::int", [0])
    send_along(wrong)
    assert read(*ONE) == [(1,)]
    with pytest.raises(DatabaseError):
        read(*wrong)


def test_the_last_statement_takes_the_commit_along(a_table, round_trips):
    with transaction.atomic():
        read("INSERT INTO kept VALUES (3, 'three')")
        read_and_commit("INSERT INTO kept VALUES (4, 'four')", [])
        assert connection.connection.info.transaction_status.name == "IDLE"
    assert round_trips == [1, 2]
    assert words() == ["one", "%two", "three", "four"]
    assert connection.get_autocommit()


def write_both(last):
    with transaction.atomic():
        read("INSERT INTO kept VALUES (3, 'three')")
        read_and_commit(f"INSERT INTO kept VALUES {last}", [])


def test_a_last_statement_that_fails_takes_all_of_it_back(a_table):
    with pytest.raises(IntegrityError):
        write_both("(1, 'again')")
    assert words() == ["one", "%two"]


def test_a_commit_that_is_refused_takes_all_of_it_back(a_table):
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE kept ADD CONSTRAINT words_once UNIQUE (word) DEFERRABLE INITIALLY DEFERRED"
        )
    with pytest.raises(IntegrityError):
        write_both("(4, 'one')")
    assert words() == ["one", "%two"]
    with transaction.atomic():
        read("INSERT INTO kept VALUES (5, 'five')")
    assert words() == ["one", "%two", "five"]


def test_within_another_transaction_nothing_is_committed(a_table):
    with transaction.atomic():
        with transaction.atomic():
            read_and_commit("INSERT INTO kept VALUES (4, 'four')", [])
        transaction.set_rollback(True)
    assert words() == ["one", "%two"]
