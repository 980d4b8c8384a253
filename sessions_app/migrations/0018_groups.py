import django.contrib.postgres.operations as postgres
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import core.ids

# Beside the release before this one, which knows one participant a session: it books them on seat 1, which needs no
# capacity, and its charges have no participant. Nothing here waits for a long table under a lock that anybody needs.
SEAT_KEY = """
ALTER TABLE sessions_app_sessionparticipant ADD CONSTRAINT participant_has_the_capacity_of_the_session
  FOREIGN KEY (session_id, capacity) REFERENCES sessions_app_session (id, capacity)
  ON UPDATE CASCADE ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED NOT VALID
"""
SEATED = Q(seat=1) | Q(seat__gt=1, capacity__isnull=False, seat__lte=F("capacity"))
HAS_A_SEAT = models.CheckConstraint(
    name="participant_has_a_seat_of_the_session",
    condition=Q(status="cancelled", seat=None, cancelled_at__isnull=False)
    | Q(SEATED, status__in=["confirmed", "no_show"], seat__isnull=False, cancelled_at=None),
)
# A charge was its session's only one; now it has a key of its own, which that release leaves to the database.
CHARGES = """
ALTER TABLE sessions_app_cancellationcharge ADD COLUMN id uuid;
ALTER TABLE sessions_app_cancellationcharge ALTER COLUMN id SET DEFAULT gen_random_uuid();
ALTER TABLE sessions_app_cancellationcharge ADD COLUMN participant_id uuid
  CONSTRAINT cancellation_charge_of_a_participant REFERENCES sessions_app_sessionparticipant (id)
  DEFERRABLE INITIALLY DEFERRED
"""
FILL_CHARGES = """
UPDATE sessions_app_cancellationcharge charge SET id = gen_random_uuid(), participant_id = participant.id
  FROM sessions_app_sessionparticipant participant WHERE participant.session_id = charge.session_id
"""
KEY_OF_CHARGES = """
ALTER TABLE sessions_app_cancellationcharge DROP CONSTRAINT sessions_app_cancellationcharge_pkey;
ALTER TABLE sessions_app_cancellationcharge ADD PRIMARY KEY (id)
"""
COUPLES = "UPDATE sessions_app_sessiontype SET capacity = 2 WHERE kind = 'couple'"
NOT_ANY_MORE = migrations.RunSQL.noop


def in_database(*statements: str) -> list[migrations.RunSQL]:
    return [migrations.RunSQL(statement, NOT_ANY_MORE) for statement in statements]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("sessions_app", "0017_series_numbers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "sessiontype",
            "capacity",
            models.PositiveSmallIntegerField(
                db_default=1,
                default=1,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(50),
                ],
            ),
        ),
        migrations.RunSQL(COUPLES, NOT_ANY_MORE),
        migrations.AddConstraint(
            "sessiontype",
            models.CheckConstraint(
                condition=Q(capacity__gte=1, capacity__lte=50),
                name="session_type_capacity_is_sane",
                violation_error_message="From 1 to 50 people take part in a session.",
            ),
        ),
        migrations.AddConstraint(
            "sessiontype",
            models.CheckConstraint(
                condition=Q(capacity=1) | Q(kind="group") | Q(kind="couple", capacity=2),
                name="session_type_capacity_fits_kind",
                violation_error_message="A group has as many places as you like, a couple two, all others one.",
            ),
        ),
        migrations.AddField(
            "session", "capacity", models.PositiveSmallIntegerField(db_default=1, default=1)
        ),
        migrations.SeparateDatabaseAndState(
            in_database(
                "CREATE UNIQUE INDEX CONCURRENTLY session_and_its_capacity ON sessions_app_session (id, capacity)",
                "ALTER TABLE sessions_app_session ADD CONSTRAINT session_and_its_capacity UNIQUE"
                " USING INDEX session_and_its_capacity",
            ),
            [
                migrations.AddConstraint(
                    "session",
                    models.UniqueConstraint(fields=["id", "capacity"], name="session_and_its_capacity"),
                )
            ],
        ),
        migrations.AddField(
            "sessionparticipant",
            "status",
            models.CharField(
                choices=[("confirmed", "Takes part"), ("cancelled", "Cancelled"), ("no_show", "Missed")],
                db_default="confirmed",
                default="confirmed",
                max_length=10,
            ),
        ),
        migrations.AddField(
            "sessionparticipant",
            "seat",
            models.PositiveSmallIntegerField(db_default=1, default=1, null=True),
        ),
        migrations.AddField(
            "sessionparticipant", "capacity", models.PositiveSmallIntegerField(editable=False, null=True)
        ),
        migrations.AddField("sessionparticipant", "joined_at", models.DateTimeField(null=True)),
        migrations.AddField("sessionparticipant", "cancelled_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "sessionparticipant",
            "cancelled_by",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.SeparateDatabaseAndState(
            in_database(
                "CREATE UNIQUE INDEX CONCURRENTLY seat_once_per_session"
                " ON sessions_app_sessionparticipant (session_id, seat)",
                "ALTER TABLE sessions_app_sessionparticipant ADD CONSTRAINT seat_once_per_session UNIQUE"
                " USING INDEX seat_once_per_session",
            ),
            [
                migrations.AddConstraint(
                    "sessionparticipant",
                    models.UniqueConstraint(fields=["session", "seat"], name="seat_once_per_session"),
                )
            ],
        ),
        postgres.AddConstraintNotValid("sessionparticipant", HAS_A_SEAT),
        postgres.ValidateConstraint("sessionparticipant", "participant_has_a_seat_of_the_session"),
        *in_database(
            SEAT_KEY,
            "ALTER TABLE sessions_app_sessionparticipant"
            " VALIDATE CONSTRAINT participant_has_the_capacity_of_the_session",
        ),
        migrations.SeparateDatabaseAndState(
            in_database(
                CHARGES,
                FILL_CHARGES,
                "ALTER TABLE sessions_app_cancellationcharge ALTER COLUMN id SET NOT NULL",
                KEY_OF_CHARGES,
                "CREATE UNIQUE INDEX CONCURRENTLY charged_once_a_participant"
                " ON sessions_app_cancellationcharge (session_id, participant_id) NULLS NOT DISTINCT",
                "ALTER TABLE sessions_app_cancellationcharge ADD CONSTRAINT charged_once_a_participant UNIQUE"
                " USING INDEX charged_once_a_participant",
            ),
            [
                migrations.AlterField(
                    "cancellationcharge",
                    "session",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="sessions_app.session",
                    ),
                ),
                migrations.AddField(
                    "cancellationcharge",
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                migrations.AddField(
                    "cancellationcharge",
                    "participant",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="sessions_app.sessionparticipant",
                    ),
                ),
                migrations.AddConstraint(
                    "cancellationcharge",
                    models.UniqueConstraint(
                        fields=["session", "participant"],
                        name="charged_once_a_participant",
                        nulls_distinct=False,
                    ),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            in_database(
                "ALTER TABLE sessions_app_slothold ADD COLUMN joins_id uuid CONSTRAINT hold_joins_a_session"
                " REFERENCES sessions_app_session (id) DEFERRABLE INITIALLY DEFERRED",
                "ALTER TABLE sessions_app_slothold DROP CONSTRAINT sessions_app_slothold_session_id_key",
            ),
            [
                migrations.AddField(
                    "slothold",
                    "joins",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="holds",
                        to="sessions_app.session",
                    ),
                ),
                migrations.AlterField(
                    "slothold",
                    "session",
                    models.ForeignKey(
                        db_index=False,
                        help_text="What the hold became.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="sessions_app.session",
                    ),
                ),
            ],
        ),
        postgres.AddIndexConcurrently(
            "session",
            models.Index(
                fields=["counselor", "start"],
                name="group_of_counselor",
                condition=Q(kind="group", status="confirmed"),
            ),
        ),
        postgres.AddIndexConcurrently(
            "slothold",
            models.Index(fields=["session"], name="hold_of_session", condition=Q(session__isnull=False)),
        ),
        postgres.AddIndexConcurrently(
            "slothold",
            models.Index(
                fields=["joins"], name="hold_of_a_place", condition=Q(joins__isnull=False, is_live=True)
            ),
        ),
    ]
