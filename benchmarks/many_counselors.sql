-- Counselors up to 1,000, with hours like the others', three sessions on each of the coming 60 days, and for every other
-- one a week's leave, extra hours, and booking rules. Their patients are as many again.
SET client_min_messages = warning;
CREATE TEMP TABLE more AS SELECT g AS n, md5('more' || g)::uuid AS id FROM generate_series(1, 938) g;
INSERT INTO accounts_user (id, password, email, first_name, last_name, role, is_active, security_version, language, timezone, theme, font_size)
SELECT id, '!', 'more' || n || '@example.test', 'More', n::text, 'counselor', true, 1, 'en', 'UTC', 'system', 'medium' FROM more;
INSERT INTO accounts_counselorprofile (user_id, license_number, title, specializations, qualifications, languages, years_of_experience, bio, primary_centre_id, presence, rating_count, sessions_completed, is_approved, is_accepting)
SELECT id, '', 'Counselor', '{CBT}', '{}', '{en}', 5, '', md5('centre')::uuid, 'offline', 0, 0, true, true FROM more;
INSERT INTO sessions_app_sessiontype (id, counselor_id, name, kind, duration_minutes, modes, fee_minor, currency, payment_policy, buffer_before_minutes, buffer_after_minutes, position, is_active)
SELECT md5('more type' || n)::uuid, id, 'Session', 'follow_up', 60, '{video}', 0, 'USD', 'free', 0, 10, 0, true FROM more;
INSERT INTO sessions_app_availabilityrule (id, counselor_id, weekday, start, "end", timezone)
SELECT gen_random_uuid(), id, w, s, e, (ARRAY['UTC','Europe/London','Asia/Kolkata','America/New_York'])[1 + n % 4]
  FROM more, generate_series(0, 6) w, (VALUES ('09:00'::time, '12:00'::time), ('13:00', '18:00')) v(s, e);
INSERT INTO sessions_app_availabilityexception (id, counselor_id, kind, first_day, last_day, start, "end", timezone)
SELECT gen_random_uuid(), id, 'unavailable', current_date + n % 20, current_date + n % 20 + 6, time '00:00', time '00:00', 'UTC' FROM more WHERE n % 2 = 0
UNION ALL
SELECT gen_random_uuid(), id, 'extra', current_date + n % 30, current_date + n % 30, time '19:00', time '21:00', 'UTC' FROM more WHERE n % 2 = 0;
INSERT INTO sessions_app_bookingrules (counselor_id, minimum_notice_minutes, horizon_days, most_sessions_a_day, timezone)
SELECT id, 240, 90, 5, 'UTC' FROM more WHERE n % 2 = 0;
CREATE TEMP TABLE taken AS
SELECT gen_random_uuid() AS entry, id AS counselor,
       date_trunc('day', now(), 'UTC') + d * interval '1 day' + h * interval '1 hour' AS start
  FROM more, generate_series(0, 59) d, unnest(ARRAY[10, 14, 16]) h;
INSERT INTO sessions_app_calendarentry (id, kind, start, "end", is_active, created_at)
SELECT entry, 'session', start, start + interval '1 hour', true, now() FROM taken;
INSERT INTO sessions_app_occupancy (id, entry_id, resource, busy, is_active)
SELECT gen_random_uuid(), entry, counselor, tstzrange(start, start + interval '70 minutes'), true FROM taken;
