"""After a test that commits, the tables that it wrote in are emptied.

Django truncates every table and makes its content types and permissions anew: a second for each such test, with some hundred and fifty
tables. Here rows are deleted, which of an empty table takes nothing, with foreign keys and triggers at rest; what migrations made of
content types and permissions stays.
"""

from django.db import DEFAULT_DB_ALIAS, connections
from django.test import TransactionTestCase

STAYS = {"django_content_type", "auth_permission"}
#: Foreign keys and triggers rest for a superuser only, as whom tests come to the servers of their own.
TIDY = """
DO $tidy$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOREACH name IN ARRAY %s::text[] LOOP EXECUTE format('DELETE FROM %%I', name); END LOOP;
END $tidy$
"""


def tidy() -> None:
    """Delete every row that a test may have committed."""
    connection = connections[DEFAULT_DB_ALIAS]
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        cursor.execute(TIDY, [sorted(set(names) - STAYS)])


def is_superuser() -> bool:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
        return bool(cursor.fetchone()[0])


def install() -> None:
    """Let tests that commit be tidied up after so; as Django does it where the servers are somebody else's and we are no superuser there."""
    flush = TransactionTestCase._fixture_teardown

    def teardown(self: TransactionTestCase) -> None:
        if is_superuser():
            tidy()
        else:
            flush(self)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
