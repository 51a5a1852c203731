"""What came of attempts, and starts that fail.

A database that ran main on 2026-11-30 may have the columns and the rule already, from three migrations which this one stands for
(0003_freshened, 0004_said_outcome, 0005_delayed_starts): they are made where they are not there.
"""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class AddFieldOnce(migrations.AddField):
    """Adds a column that is not there yet."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        with schema_editor.connection.cursor() as cursor:
            there = {column.name for column in schema_editor.connection.introspection.get_table_description(cursor, table)}
        if self.name not in there:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddConstraintOnce(migrations.AddConstraint):
    """Adds a rule that is not there yet."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        with schema_editor.connection.cursor() as cursor:
            there = schema_editor.connection.introspection.get_constraints(cursor, table)
        if self.constraint.name not in there:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0001_squashed_0016_stream'),
        ('campaigns', '0002_one_hand'),
        ('crm', '0001_squashed_0019_duty'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddFieldOnce(
            model_name='campaign',
            name='freshened_at',
            field=models.DateTimeField(editable=False, help_text='Whoever moved before this has the hours of where they are.', null=True),
        ),
        migrations.AlterField(
            model_name='campaign',
            name='min_gap_s',
            field=models.PositiveIntegerField(default=3600, help_text='From the end of one call with a person to the next, seconds.', validators=[django.core.validators.MaxValueValidator(31622400)]),
        ),
        AddFieldOnce(
            model_name='attempt',
            name='said_outcome',
            field=models.CharField(blank=True, db_default='', default='', help_text='What whoever called says of a call that a phone system tells of: it counts before what the line shows.', max_length=20),
        ),
        AddFieldOnce(
            model_name='campaign',
            name='start_again_at',
            field=models.DateTimeField(editable=False, help_text='When its start is tried again.', null=True),
        ),
        AddFieldOnce(
            model_name='campaign',
            name='start_problem',
            field=models.CharField(blank=True, editable=False, help_text='Why it did not begin at its time; it is tried again every few minutes.', max_length=300),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='closing',
            field=models.CharField(blank=True, choices=[('result', 'It came out so'), ('released', 'Given back'), ('expired', 'Nothing was heard in time'), ('revoked', 'They may not be called any more'), ('stopped', 'The campaign was stopped'), ('taken', 'A supervisor took it back')], max_length=8),
        ),
        migrations.AlterField(
            model_name='audiencesource',
            name='saved_filter',
            field=models.ForeignKey(blank=True, help_text='Where the query came from: it is copied when `query` is empty.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.savedfilter'),
        ),
        AddConstraintOnce(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('start_again_at', None), ('start_problem', '')), models.Q(('start_again_at__isnull', False), ('status', 'scheduled'), models.Q(('start_problem', ''), _negated=True)), _connector='OR'), name='campaign_that_could_not_begin_still_waits'),
        ),
    ]
