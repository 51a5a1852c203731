from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the table in use: calls go on while it is built."""

    atomic = False

    dependencies = [
        ('calls', '0007_agents'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='callleg',
            index=models.Index(condition=models.Q(models.Q(('agent', None), _negated=True), ('state__in', ['ringing', 'answered'])), fields=['agent'], name='leg_going_on'),
        ),
    ]
