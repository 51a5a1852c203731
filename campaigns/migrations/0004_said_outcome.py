from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_freshened'),
    ]

    operations = [
        migrations.AddField(
            model_name='attempt',
            name='said_outcome',
            field=models.CharField(blank=True, db_default='', default='', help_text='What whoever called says of a call that a phone system tells of: it counts before what the line shows.', max_length=20),
        ),
    ]
