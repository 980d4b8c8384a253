import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

# Of the two ways in which an overbooked session could go wrong, the worse is a session that leaves out its counselor's
# time and is none. Asked when the transaction ends: a session that moves is written before its new occupancies are.
ADD_TRIGGER = """
CREATE FUNCTION sessions_app_session_keeps_its_counselor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.overbooked = EXISTS (
        SELECT FROM sessions_app_occupancy WHERE entry_id = NEW.entry_id AND resource = NEW.counselor_id
    ) THEN
        RAISE EXCEPTION 'A session takes its counselor''s time unless it is overbooked: % refused.', NEW.id
              USING ERRCODE = 'integrity_constraint_violation',
                    CONSTRAINT = 'session_keeps_its_counselor_unless_overbooked';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER session_keeps_its_counselor_unless_overbooked
    AFTER INSERT OR UPDATE OF overbooked, entry_id, counselor_id ON sessions_app_session
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sessions_app_session_keeps_its_counselor();
"""
REMOVE_TRIGGER = """
DROP TRIGGER session_keeps_its_counselor_unless_overbooked ON sessions_app_session;
DROP FUNCTION sessions_app_session_keeps_its_counselor();
"""
BY_WHOM = models.CheckConstraint(
    condition=models.Q(overbooked=True, overbooked_by__isnull=False)
    | models.Q(overbooked=False, overbooked_by__isnull=True),
    name="session_overbooked_says_by_whom",
)


class Migration(migrations.Migration):
    # Each step by itself: no lock on the sessions is held while their rows are looked through.
    atomic = False

    dependencies = [
        ("sessions_app", "0013_rooms"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "session",
            "overbooked",
            models.BooleanField(
                default=False,
                db_default=False,
                help_text="Booked over what the counselor has or offers: it takes none of the counselor's time.",
            ),
        ),
        migrations.AddField(
            "session",
            "overbooked_by",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        AddConstraintNotValid("session", BY_WHOM),
        ValidateConstraint("session", BY_WHOM.name),
        migrations.RunSQL(ADD_TRIGGER, REMOVE_TRIGGER),
    ]
