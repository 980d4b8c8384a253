import uuid

from django.db import migrations, models

# Every function changes one row at most of those that anybody waits for: the counselor's own. What many counselors share
# has a row of its own, for who changes a centre would else hold the rows of all its counselors, and could wait for
# somebody who holds one of them and waits in turn.
FUNCTIONS = """
CREATE FUNCTION sessions_app_hours_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions_app_hoursversion SET version = gen_random_uuid()
     WHERE subject IN (OLD.counselor_id, NEW.counselor_id);
    RETURN NULL;
END $$;

CREATE FUNCTION sessions_app_hours_of_profile_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM sessions_app_hoursversion WHERE subject = OLD.user_id;
    ELSE
        INSERT INTO sessions_app_hoursversion (subject, version) VALUES (NEW.user_id, gen_random_uuid())
            ON CONFLICT (subject) DO UPDATE SET version = excluded.version;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION sessions_app_hours_of_person_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions_app_hoursversion SET version = gen_random_uuid() WHERE subject = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION sessions_app_hours_of_all_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions_app_hoursversion SET version = gen_random_uuid()
     WHERE subject = '00000000-0000-0000-0000-000000000000';
    RETURN NULL;
END $$;
"""
NO_FUNCTIONS = """
DROP FUNCTION sessions_app_hours_changed();
DROP FUNCTION sessions_app_hours_of_profile_changed();
DROP FUNCTION sessions_app_hours_of_person_changed();
DROP FUNCTION sessions_app_hours_of_all_changed();
"""
OF_A_COUNSELOR = "AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION sessions_app_hours_changed()"
TRIGGERS = {
    "sessions_app_availabilityrule": [OF_A_COUNSELOR],
    "sessions_app_availabilityexception": [OF_A_COUNSELOR],
    "sessions_app_bookingrules": [OF_A_COUNSELOR],
    "sessions_app_sessiontype": [OF_A_COUNSELOR],
    "accounts_counselorprofile": [
        "AFTER INSERT OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION sessions_app_hours_of_profile_changed()",
        "AFTER UPDATE ON {table} FOR EACH ROW"
        " WHEN ((OLD.user_id, OLD.is_approved, OLD.is_accepting, OLD.primary_centre_id)"
        " IS DISTINCT FROM (NEW.user_id, NEW.is_approved, NEW.is_accepting, NEW.primary_centre_id))"
        " EXECUTE FUNCTION sessions_app_hours_of_profile_changed()",
    ],
    "accounts_user": [
        "AFTER UPDATE ON {table} FOR EACH ROW"
        " WHEN ((OLD.first_name, OLD.last_name, OLD.is_active, OLD.role)"
        " IS DISTINCT FROM (NEW.first_name, NEW.last_name, NEW.is_active, NEW.role))"
        " EXECUTE FUNCTION sessions_app_hours_of_person_changed()",
    ],
    "accounts_centre": [
        "AFTER UPDATE ON {table} FOR EACH ROW"
        " WHEN ((OLD.name, OLD.is_active) IS DISTINCT FROM (NEW.name, NEW.is_active))"
        " EXECUTE FUNCTION sessions_app_hours_of_all_changed()",
    ],
}
# With the triggers there: whose profile is made meanwhile has a row already.
FILL = """
INSERT INTO sessions_app_hoursversion (subject, version)
SELECT user_id, gen_random_uuid() FROM accounts_counselorprofile
 UNION ALL
SELECT '00000000-0000-0000-0000-000000000000', gen_random_uuid()
    ON CONFLICT (subject) DO NOTHING
"""


def trigger(table, number, when):
    name = f"{table}_changes_hours_{number}"
    return migrations.RunSQL(
        [
            # Who writes to the table waits behind this: better it fails and is tried again.
            "SET lock_timeout = '5s'",
            f"CREATE TRIGGER {name} {when.format(table=table)}",
            "RESET lock_timeout",
        ],
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    # Each trigger by itself: a lock on one table at a time, and for no longer than it takes.
    atomic = False

    dependencies = [("sessions_app", "0018_groups"), ("accounts", "0003_rating_adds_up")]

    operations = [
        migrations.CreateModel(
            name="HoursVersion",
            fields=[
                ("subject", models.UUIDField(primary_key=True, serialize=False)),
                ("version", models.UUIDField(default=uuid.uuid4)),
            ],
        ),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        *[
            trigger(table, number, when)
            for table, triggers in TRIGGERS.items()
            for number, when in enumerate(triggers, start=1)
        ],
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
