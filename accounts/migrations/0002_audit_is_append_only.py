"""The database itself refuses to change or remove a row of the audit trail, whoever asks."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_auditevent_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % refused.', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER accounts_auditevent_is_append_only BEFORE UPDATE OR DELETE ON accounts_auditevent
    FOR EACH ROW EXECUTE FUNCTION accounts_auditevent_refuse();

CREATE TRIGGER accounts_auditevent_is_never_emptied BEFORE TRUNCATE ON accounts_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_auditevent_refuse();
"""

REVERSE = """
DROP TRIGGER accounts_auditevent_is_never_emptied ON accounts_auditevent;
DROP TRIGGER accounts_auditevent_is_append_only ON accounts_auditevent;
DROP FUNCTION accounts_auditevent_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_people")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
