"""What another connection holds meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from django.db import connection, transaction


@contextmanager
def held_table(table: str) -> Iterator[None]:
    """Another session has locked the table while the block runs."""
    held, done = Event(), Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')
            held.set()
            done.wait(10)
        connection.close()

    thread = Thread(target=hold)
    thread.start()
    held.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()
