
import django.db.models.deletion
import realtime.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0002_clinics_and_who_belongs_to_them'),
        ('voice', '0002_rights_patients_policy'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IncomingRule',
            fields=[
                ('clinic', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='incoming_rule', serialize=False, to='members.clinic')),
                ('route', models.CharField(default='message', max_length=16)),
                ('after_hours', models.CharField(default='message', max_length=16)),
                ('hours', models.JSONField(default=list)),
                ('desk', models.BinaryField(null=True)),
                ('desk_mask', models.CharField(blank=True, max_length=32)),
                ('language', models.CharField(default='en', max_length=16)),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Slip',
            fields=[
                ('id', models.CharField(default=realtime.models.new_id, max_length=22, primary_key=True, serialize=False)),
                ('kind', models.CharField(default='outgoing', max_length=16)),
                ('call', models.CharField(blank=True, max_length=22)),
                ('caller_id', models.CharField(blank=True, max_length=22)),
                ('mode', models.CharField(max_length=16)),
                ('patient', models.CharField(blank=True, db_index=True, max_length=22)),
                ('mask', models.CharField(max_length=32)),
                ('number_index', models.CharField(blank=True, max_length=43)),
                ('cause', models.CharField(blank=True, max_length=16)),
                ('state', models.CharField(default='open', max_length=16)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('called_back_at', models.DateTimeField(null=True)),
                ('claimed_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('how', models.CharField(blank=True, max_length=16)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('claimed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='slips', to='members.clinic')),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ReturnCall',
            fields=[
                ('id', models.CharField(default=realtime.models.new_id, max_length=22, primary_key=True, serialize=False)),
                ('carrier', models.CharField(max_length=16)),
                ('carrier_id', models.CharField(max_length=64)),
                ('caller_id', models.CharField(max_length=22)),
                ('number_index', models.CharField(blank=True, max_length=43)),
                ('mask', models.CharField(max_length=32)),
                ('step', models.PositiveSmallIntegerField(default=0)),
                ('went', models.CharField(blank=True, max_length=16)),
                ('answered', models.BooleanField(default=False)),
                ('came_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='return_calls', to='members.clinic')),
                ('slip', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='return_calls', to='voice.slip')),
            ],
        ),
        migrations.CreateModel(
            name='CallBackOffer',
            fields=[
                ('call', models.CharField(max_length=22, primary_key=True, serialize=False)),
                ('caller_id', models.CharField(max_length=22)),
                ('number_index', models.CharField(max_length=43)),
                ('until', models.DateTimeField()),
                ('made_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.clinic')),
            ],
            options={
                'indexes': [models.Index(fields=['clinic', 'number_index'], name='voice_offer_of_caller')],
            },
        ),
        migrations.CreateModel(
            name='OnCallTurn',
            fields=[
                ('id', models.CharField(default=realtime.models.new_id, max_length=22, primary_key=True, serialize=False)),
                ('number', models.BinaryField()),
                ('mask', models.CharField(max_length=32)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='on_call_turns', to='members.clinic')),
            ],
            options={
                'indexes': [models.Index(fields=['clinic', 'ends_at'], name='voice_on_call_now')],
            },
        ),
        migrations.AddIndex(
            model_name='slip',
            index=models.Index(fields=['clinic', 'state', '-made_at'], name='voice_slip_list'),
        ),
        migrations.AddIndex(
            model_name='slip',
            index=models.Index(fields=['clinic', 'number_index'], name='voice_slip_number'),
        ),
        migrations.AddConstraint(
            model_name='slip',
            constraint=models.UniqueConstraint(condition=models.Q(('call', ''), _negated=True), fields=('call',), name='voice_slip_once'),
        ),
        migrations.AddIndex(
            model_name='returncall',
            index=models.Index(fields=['clinic', '-came_at'], name='voice_return_list'),
        ),
        migrations.AddConstraint(
            model_name='returncall',
            constraint=models.UniqueConstraint(fields=('carrier', 'carrier_id'), name='voice_return_once'),
        ),
    ]
