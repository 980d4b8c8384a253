"""The statements that read counselors' calendars, put together from the same parts.

One row a counselor, with what belongs to them in parallel arrays: one statement reads a calendar or a thousand, and it
is quicker than four statements in one round trip (docs/performance.md). What lasts (hours) and what changes all the
time (what is taken of them) can be read apart.
"""

from sessions_app.models import EVERY_COUNSELOR
from sessions_app.services.busy import BUSY

_FIRST_MINUTE = "extract(hour FROM start)::int * 60 + extract(minute FROM start)::int"
_END_MINUTE = """CASE WHEN "end" = '00:00' THEN 1440
                             ELSE extract(hour FROM "end")::int * 60 + extract(minute FROM "end")::int END"""

_HOURS_COLUMNS = """
       counselor.user_id, person.first_name || ' ' || person.last_name, counselor.primary_centre_id, centre.name,
       types.ids, types.names, types.kinds, types.durations, types.modes, types.fees, types.currencies, types.policies,
       types.before, types.after, types.capacities,
       rules.weekdays, rules.first_minutes, rules.end_minutes, rules.zones, rules.centre_ids, rules.froms, rules.untils,
       rules.weeks, rules.centre_names,
       away.first_days, away.first_minutes, away.last_days, away.end_minutes, away.zones,
       booking.minimum_notice_minutes, booking.horizon_days::int, booking.most_sessions_a_day::int, booking.timezone"""

_TAKEN_COLUMNS = """
       taken.lowers, taken.uppers, begun.starts, elsewhere.lowers, elsewhere.uppers,
       groups.ids, groups.type_ids, groups.starts, groups.ends, groups.modes, groups.centre_ids, groups.centre_names,
       groups.capacities, groups.left"""
_TAKEN_COLUMNS_SIMPLY = f"""
       taken.lowers, taken.uppers, NULL, elsewhere.lowers, elsewhere.uppers{", NULL" * 9}"""

_PERSON = """
  JOIN accounts_centre centre ON centre.id = counselor.primary_centre_id
  JOIN accounts_user person ON person.id = counselor.user_id"""

# OFFSET 0, for else the plan, which is made once for any number of counselors, reads the whole table for a single one.
_BOOKING = """
  LEFT JOIN LATERAL (
       SELECT * FROM sessions_app_bookingrules WHERE counselor_id = counselor.user_id OFFSET 0) booking ON true"""

# Takes: the first and the last day, twice.
_HOURS = f"""
 CROSS JOIN LATERAL (
       SELECT array_agg(id ORDER BY position, id) AS ids, array_agg(name ORDER BY position, id) AS names,
              array_agg(kind ORDER BY position, id) AS kinds,
              array_agg(duration_minutes::int ORDER BY position, id) AS durations,
              array_agg(array_to_string(modes, ',') ORDER BY position, id) AS modes,
              array_agg(fee_minor ORDER BY position, id) AS fees,
              array_agg(currency ORDER BY position, id) AS currencies,
              array_agg(payment_policy ORDER BY position, id) AS policies,
              array_agg(buffer_before_minutes::int ORDER BY position, id) AS before,
              array_agg(buffer_after_minutes::int ORDER BY position, id) AS after,
              array_agg(capacity::int ORDER BY position, id) AS capacities
         FROM sessions_app_sessiontype
        WHERE counselor_id = counselor.user_id AND is_active) types
 CROSS JOIN LATERAL (
       SELECT array_agg(weekday) AS weekdays, array_agg({_FIRST_MINUTE}) AS first_minutes,
              array_agg({_END_MINUTE}) AS end_minutes, array_agg(rule.timezone) AS zones,
              array_agg(rule.centre_id) AS centre_ids, array_agg(valid_from) AS froms, array_agg(valid_until) AS untils,
              array_agg(every_weeks) AS weeks, array_agg(place.name) AS centre_names
         FROM (SELECT weekday::int, start, "end", timezone, centre_id, valid_from, valid_until, every_weeks::int
                 FROM sessions_app_availabilityrule WHERE counselor_id = counselor.user_id
                UNION ALL
               SELECT extract(isodow FROM first_day)::int - 1, start, "end", timezone, centre_id,
                      first_day, first_day, 1
                 FROM sessions_app_availabilityexception
                WHERE counselor_id = counselor.user_id AND kind = 'extra' AND last_day >= %s AND first_day <= %s) rule
         LEFT JOIN accounts_centre place ON place.id = rule.centre_id
        WHERE place.id IS NULL OR place.is_active) rules
 CROSS JOIN LATERAL (
       SELECT array_agg(first_day) AS first_days, array_agg({_FIRST_MINUTE}) AS first_minutes,
              array_agg(last_day) AS last_days, array_agg({_END_MINUTE}) AS end_minutes, array_agg(timezone) AS zones
         FROM sessions_app_availabilityexception
        WHERE counselor_id = counselor.user_id AND kind = 'unavailable' AND last_day >= %s AND first_day <= %s) away"""  # noqa: S608 - all ours

# Takes: the window's ends, and the patient whose own holds take no time.
_BUSY = f"""
 CROSS JOIN LATERAL (
       SELECT array_agg(lower) AS lowers, array_agg(upper) AS uppers
         FROM ({BUSY.format(resource="counselor.user_id")}) AS spans) taken"""  # noqa: S608 - all ours

# Takes: whether to read it in any case, the ends of the days around the window, and the patient as above.
_BEGUN = """
 CROSS JOIN LATERAL (
       SELECT array_agg(extract(epoch FROM entry.start)::bigint) AS starts
         FROM sessions_app_occupancy occupancy JOIN sessions_app_calendarentry entry ON entry.id = occupancy.entry_id
        WHERE (booking.most_sessions_a_day IS NOT NULL OR %s) AND occupancy.resource = counselor.user_id
          AND occupancy.is_active AND upper(busy) > to_timestamp(%s) AND lower(busy) < to_timestamp(%s)
          AND (occupancy.expires_at IS NULL OR occupancy.expires_at > statement_timestamp())
          AND entry.kind = ANY('{hold,session,offer}')
          AND entry.id NOT IN (SELECT entry_id FROM sessions_app_slothold WHERE patient_id = %s AND is_live)) begun"""

# Takes: the window's ends.
_ELSEWHERE = """
 CROSS JOIN LATERAL (
       SELECT array_agg(extract(epoch FROM start)::bigint) AS lowers,
              array_agg(extract(epoch FROM "end")::bigint) AS uppers
         FROM sessions_app_outsidebusy
        WHERE counselor_id = counselor.user_id AND "end" > to_timestamp(%s) AND start < to_timestamp(%s)) elsewhere"""

# Takes: the patient as above, and the window's ends.
_GROUPS = """
 CROSS JOIN LATERAL (
       SELECT array_agg(session.id ORDER BY session.start) AS ids,
              array_agg(session.session_type_id ORDER BY session.start) AS type_ids,
              array_agg(extract(epoch FROM session.start)::bigint ORDER BY session.start) AS starts,
              array_agg(extract(epoch FROM session."end")::bigint ORDER BY session.start) AS ends,
              array_agg(session.mode ORDER BY session.start) AS modes,
              array_agg(session.centre_id ORDER BY session.start) AS centre_ids,
              array_agg(place.name ORDER BY session.start) AS centre_names,
              array_agg(session.capacity::int ORDER BY session.start) AS capacities,
              array_agg((session.capacity - (
                SELECT count(seat) FROM sessions_app_sessionparticipant WHERE session_id = session.id) - (
                SELECT count(*) FROM sessions_app_slothold hold
                  JOIN sessions_app_calendarentry kept ON kept.id = hold.entry_id
                 WHERE hold.joins_id = session.id AND hold.is_live AND kept.expires_at > statement_timestamp()
                   AND hold.patient_id IS DISTINCT FROM %s))::int ORDER BY session.start) AS left
         FROM sessions_app_session session JOIN accounts_centre place ON place.id = session.centre_id
        WHERE EXISTS (SELECT FROM sessions_app_sessiontype WHERE counselor_id = counselor.user_id AND is_active
                         AND kind = 'group' AND capacity > 1)
          AND session.counselor_id = counselor.user_id AND session.kind = 'group' AND session.status = 'confirmed'
          AND session.start >= to_timestamp(%s) AND session.start < to_timestamp(%s)) groups"""
_TAKEN = f"{_BUSY}{_BEGUN}{_ELSEWHERE}{_GROUPS}"

_FROM = "  FROM accounts_counselorprofile counselor"
_VERSION_COLUMNS = f"""
       version.version, (SELECT version FROM sessions_app_hoursversion WHERE subject = '{EVERY_COUNSELOR}')"""  # noqa: S608
_VERSION = """
  LEFT JOIN LATERAL (
       SELECT version FROM sessions_app_hoursversion WHERE subject = counselor.user_id OFFSET 0) version ON true"""
# Takes: whose they are.
_THESE = """
 WHERE counselor.user_id = ANY(%s::uuid[])"""
# Takes: whether also of those who are not listed.
_LISTED = """
   AND (%s OR counselor.is_approved AND counselor.is_accepting AND person.is_active AND person.role = 'counselor')"""

_OF_HOURS = f"{_PERSON}{_BOOKING}{_HOURS}"

READ_CALENDARS = f"SELECT {_HOURS_COLUMNS}, {_TAKEN_COLUMNS} {_FROM} {_OF_HOURS} {_TAKEN} {_THESE} {_LISTED}"
READ_HOURS = f"SELECT {_VERSION_COLUMNS}, {_HOURS_COLUMNS} {_FROM} {_VERSION} {_OF_HOURS} {_THESE} {_LISTED}"
_BY_ID = "  FROM unnest(%s::uuid[]) AS counselor (user_id)"
_VERSIONED = f"SELECT counselor.user_id, {_VERSION_COLUMNS}"

# These take their counselors first.
READ_TAKEN = f"{_VERSIONED}, {_TAKEN_COLUMNS} {_BY_ID} {_VERSION} {_BOOKING} {_TAKEN}"
# Of counselors who keep to no number a day and lead no groups: a third less for PostgreSQL to set up, each time.
READ_TAKEN_SIMPLY = f"{_VERSIONED}, {_TAKEN_COLUMNS_SIMPLY} {_BY_ID} {_VERSION} {_BUSY} {_ELSEWHERE}"
READ_VERSIONS = f"{_VERSIONED} {_BY_ID} {_VERSION}"
READ_BUSY = BUSY.format(resource="%s")
READ_BUSY_OF_ALL = BUSY.format(resource="ANY(%s::uuid[])")
