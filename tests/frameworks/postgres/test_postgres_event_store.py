"""The key that a fix gives an event store: PostgreSQL takes both writers before, and refuses the second one after."""

from __future__ import annotations

import psycopg
import pytest

from frameworks.proving import Script

pytestmark = pytest.mark.framework

OLD = """\
CREATE TABLE account_events (
    event_id INT PRIMARY KEY,
    stream_id INT NOT NULL,
    version INT NOT NULL
);
"""
APPEND = "INSERT INTO account_events VALUES (%s, 7, 13)"


def test_the_second_writer_of_a_version_is_refused(server: str) -> None:
    fixed = Script(OLD, name="sql/events.sql").fixed("correctness/event-version-not-unique")
    with psycopg.connect(server, autocommit=True) as connection:
        for made, refused in ((OLD, False), (fixed, True)):
            connection.execute("CREATE TEMPORARY TABLE" + made.removeprefix("CREATE TABLE"))
            connection.execute(APPEND, (1,))
            if refused:
                with pytest.raises(psycopg.errors.UniqueViolation):
                    connection.execute(APPEND, (2,))
            else:
                connection.execute(APPEND, (2,))
            connection.execute("DROP TABLE account_events")
