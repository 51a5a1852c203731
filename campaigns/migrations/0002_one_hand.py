from django.db import migrations, models

#: Whoever has the same person on two numbers: one who talks or writes keeps them, else who took them first. The others lose them; should
#: a result of theirs still come it counts as always. Their targets are asked about at the gate within a minute, and wait again.
CLOSE_DOUBLES = """
WITH doubled AS (
    SELECT id, target_id, row_number() OVER (PARTITION BY contact_id ORDER BY state = 'leased', leased_at, id) AS place
    FROM campaigns_attempt WHERE state <> 'closed'),
closed AS (
    UPDATE campaigns_attempt a SET state = 'closed', closing = 'revoked', closed_at = now(), updated_at = now(), version = version + 1,
        reason = 'Somebody else had the same person in hand.'
    FROM doubled d WHERE d.id = a.id AND d.place > 1 RETURNING a.target_id)
UPDATE campaigns_target SET state = 'suppressed', reason = 'contact_in_hand', is_ready = false, ended_at = now(),
    checked_at = now() - interval '1 day', updated_at = now(), version = version + 1
WHERE id IN (SELECT target_id FROM closed)
"""
#: What a first try left that did not come to its end.
LEFT = 'DROP INDEX CONCURRENTLY IF EXISTS one_open_attempt_per_contact'
INDEX = "CREATE UNIQUE INDEX CONCURRENTLY one_open_attempt_per_contact ON campaigns_attempt (contact_id) WHERE NOT (state = 'closed')"


class Migration(migrations.Migration):
    """Nobody is in two hands, whatever the numbers. Built beside the table in use: should somebody take a person twice meanwhile, run it again."""

    atomic = False

    dependencies = [
        ('campaigns', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL(CLOSE_DOUBLES, migrations.RunSQL.noop),
        migrations.RunSQL(LEFT, migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(INDEX, LEFT)],
            state_operations=[
                migrations.AddConstraint(
                    model_name='attempt',
                    constraint=models.UniqueConstraint(condition=models.Q(('state', 'closed'), _negated=True), fields=('contact',), name='one_open_attempt_per_contact', violation_error_message='Somebody has this person in hand.'),
                ),
            ],
        ),
    ]
