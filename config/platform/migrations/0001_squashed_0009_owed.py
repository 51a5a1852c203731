"""Every table of this app as it stands, made at once: what a fresh database runs instead of the migrations that it replaces.

A database that has run some of those goes on with them. Triggers are those that they wrote.
"""

from importlib import import_module

import config.platform.models.feed
import config.platform.models.users
import config.platform.sealed
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


def written(name):
    return import_module(f'config.platform.migrations.{name}')


class Migration(migrations.Migration):

    replaces = [('platform', '0001_initial'), ('platform', '0002_audit_is_append_only'), ('platform', '0003_scopes_of_the_catalogue'), ('platform', '0004_audit_forgets_people'), ('platform', '0005_audit_by_time'), ('platform', '0006_feed'), ('platform', '0007_dialling'), ('platform', '0008_stream'), ('platform', '0009_owed')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('beaten_at', models.DateTimeField()),
            ],
            options={
                'indexes': [],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='OutboxEvent',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('transaction', models.BigIntegerField(db_default=config.platform.models.feed.PresentTransaction(), editable=False)),
                ('type', models.CharField(max_length=60)),
                ('subject_kind', models.CharField(max_length=50)),
                ('subject_id', models.UUIDField()),
                ('subject_version', models.PositiveIntegerField(default=0, help_text='The version of the subject after this; 0 where it has none.')),
                ('occurred_at', models.DateTimeField()),
                ('data', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('contact', models.UUIDField(help_text='The contact that it speaks of, so that erasing finds it.', null=True)),
            ],
            options={
                'verbose_name': 'news for other systems',
                'verbose_name_plural': 'news for other systems',
                'indexes': [models.Index(fields=['transaction', 'id'], name='outbox_in_order'), models.Index(fields=['type', 'transaction', 'id'], name='outbox_of_type'), models.Index(fields=['subject_id', 'transaction', 'id'], name='outbox_of_subject'), models.Index(fields=['occurred_at'], name='outbox_by_time'), models.Index(condition=models.Q(('contact__isnull', False)), fields=['contact'], name='outbox_of_contact')],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('agent', 'Agent'), ('supervisor', 'Supervisor'), ('back_office', 'Back office'), ('admin', 'Administrator'), ('integration', 'Integration')], default='agent', max_length=20)),
                ('surname', models.CharField(blank=True, max_length=100)),
                ('name', models.CharField(blank=True, max_length=100)),
                ('patronymic', models.CharField(blank=True, max_length=100)),
                ('time_zone', models.CharField(default='UTC', help_text='IANA name; times are shown to this person in it.', max_length=64)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(('role__in', ['agent', 'supervisor', 'back_office', 'admin', 'integration'])), name='user_role_is_known')],
                'indexes': [],
            },
            managers=[
                ('objects', config.platform.models.users.PeopleManager()),
            ],
        ),
        migrations.CreateModel(
            name='FeedMessage',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('transaction', models.BigIntegerField(db_default=config.platform.models.feed.PresentTransaction(), editable=False)),
                ('recipient', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('kind', models.CharField(max_length=60)),
                ('about', models.UUIDField(help_text='The call, the return call, the callback … that it tells of.', null=True)),
                ('contact', models.UUIDField(help_text='The contact that it speaks of, so that erasing finds it.', null=True)),
                ('data', models.JSONField(default=dict)),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'message of the live feed',
                'verbose_name_plural': 'messages of the live feed',
                'indexes': [models.Index(fields=['recipient', 'transaction'], name='feed_of_person'), models.Index(fields=['at'], name='feed_by_time'), models.Index(condition=models.Q(('contact__isnull', False)), fields=['contact'], name='feed_of_contact')],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('subject_type', models.CharField(max_length=50)),
                ('subject_id', models.UUIDField()),
                ('verb', models.CharField(max_length=60)),
                ('status_before', models.CharField(blank=True, max_length=30)),
                ('status_after', models.CharField(blank=True, max_length=30)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('reason', models.TextField(blank=True)),
                ('changes', models.JSONField(default=dict, help_text='{field: [before, after]}')),
                ('facts', models.JSONField(default=dict)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('ip', models.GenericIPAddressField(null=True)),
            ],
            options={
                'verbose_name': 'audit event',
                'indexes': [models.Index(fields=['subject_id', '-id'], name='audit_of_subject'), models.Index(fields=['subject_id', '-at', '-id'], name='audit_of_subject_by_time'), models.Index(fields=['by', '-id'], name='audit_by_person'), models.Index(fields=['subject_type', '-id'], name='audit_of_type')],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyRecord',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('key', models.CharField(max_length=200)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(default=0)),
                ('body', config.platform.sealed.SealedField(default='null', help_text='As JSON text: the same members in the same order. Sealed: it may hold a token or a person.')),
                ('headers', models.JSONField(default=dict)),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='idempotency_age')],
                'constraints': [models.UniqueConstraint(fields=('by', 'key'), name='one_answer_per_key')],
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('to', models.EmailField(blank=True, help_text='Blank once the person was erased.', max_length=254)),
                ('recipient', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subject', models.CharField(max_length=200)),
                ('text', models.TextField(blank=True)),
                ('html', models.TextField(blank=True)),
                ('key', models.CharField(help_text='The same news is owed once.', max_length=200, null=True, unique=True)),
                ('about', models.UUIDField(blank=True, help_text='The complaint, the survey … that it tells of.', null=True)),
                ('contact', models.UUIDField(blank=True, help_text='The contact that it speaks of, so that erasing finds it.', null=True)),
                ('owed_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(help_text='When it is tried next.')),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('given_up_at', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'verbose_name': 'letter',
                'indexes': [models.Index(condition=models.Q(('given_up_at', None), ('sent_at', None)), fields=['due_at', 'id'], name='letter_due'), models.Index(condition=models.Q(('sent_at__isnull', False)), fields=['sent_at'], name='letter_sent'), models.Index(condition=models.Q(('given_up_at__isnull', False)), fields=['given_up_at'], name='letter_given_up'), models.Index(condition=models.Q(('about__isnull', False)), fields=['about'], name='letter_about'), models.Index(condition=models.Q(('contact__isnull', False)), fields=['contact'], name='letter_of_contact'), models.Index(fields=['to'], name='letter_to')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sent_at', None), ('given_up_at', None), _connector='OR'), name='a_letter_is_sent_or_given_up_not_both'), models.CheckConstraint(condition=models.Q(models.Q(('to', ''), _negated=True), models.Q(('given_up_at', None), ('sent_at', None), _negated=True), _connector='OR'), name='a_letter_that_is_owed_says_to_whom'), models.CheckConstraint(condition=models.Q(('key', None), models.Q(('key', ''), _negated=True), _connector='OR'), name='the_key_of_a_letter_says_something')],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to=settings.AUTH_USER_MODEL)),
                ('name', models.CharField(help_text='Where it is used, so that it can be recognised later.', max_length=100)),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('hint', models.CharField(editable=False, help_text='How the token begins.', max_length=16)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('events:write', 'Post call events'), ('events:read', 'Read news for other systems'), ('calls:dial', 'Take commands for a phone system: call somebody, pass a call on'), ('lookup:read', 'Ask who is calling'), ('contacts:read', 'Read contacts, phones, timelines'), ('contacts:write', 'Write contacts, run imports'), ('calls:read', 'Read calls and events'), ('calls:write', 'Write up calls, make calls by hand'), ('catalogue:read', 'Read products and promotions, ask what can be offered'), ('catalogue:write', 'Write products and prices'), ('orders:read', 'Read orders'), ('orders:write', 'Place and change orders'), ('knowledge:read', 'Read articles and scripts'), ('knowledge:write', 'Record what was read to whom'), ('complaints:read', 'Read complaints'), ('complaints:write', 'Receive and handle complaints'), ('metrics:read', 'Read /metrics')], max_length=40), blank=True, default=list, size=None)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name': 'API token',
                'indexes': [],
                'constraints': [],
            },
        ),
        migrations.RunSQL(written('0002_audit_is_append_only').GUARD, written('0002_audit_is_append_only').UNGUARD),
        migrations.RunSQL(written('0004_audit_forgets_people').NARROW, written('0004_audit_forgets_people').WIDE),
    ]
