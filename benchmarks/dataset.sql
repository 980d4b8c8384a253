-- 50 counselors, 1,000 patients (and 1,000 without a session), 100,000 sessions around today, the same hours and the same sessions as the
-- baseline's: 09:00–12:00 and 13:00–18:00 UTC every day, 60 minutes, four of eight taken on each of 500 days.
SET client_min_messages = warning;
CREATE TEMP TABLE counselors AS
  SELECT g AS n, md5('counselor' || g)::uuid AS id FROM generate_series(1, 50) g;
-- Twelve more, whose calendars are empty, for many who want times of one.
CREATE TEMP TABLE wanted AS
  SELECT g AS n, md5('counselor' || g)::uuid AS id FROM generate_series(51, 62) g;
CREATE TEMP TABLE patients AS
  SELECT g AS n, md5('patient' || g)::uuid AS id FROM generate_series(1, 2000) g;

INSERT INTO accounts_centre (id, name, address, city, phone, email, timezone, is_active)
VALUES (md5('centre')::uuid, 'Bench centre', '', 'London', '', '', 'UTC', true);

INSERT INTO accounts_user (id, password, email, first_name, last_name, role, is_active, security_version, language, timezone, theme, font_size)
SELECT id, '!', 'counselor' || n || '@example.test', 'Counselor', n::text, 'counselor', true, 1, 'en', 'UTC', 'system', 'medium' FROM (TABLE counselors UNION ALL TABLE wanted) c
UNION ALL
SELECT id, '!', 'patient' || n || '@example.test', 'Patient', n::text, 'patient', true, 1, 'en', 'UTC', 'system', 'medium' FROM patients;

INSERT INTO accounts_counselorprofile (user_id, license_number, title, specializations, qualifications, languages, years_of_experience, bio, primary_centre_id, presence, rating_count, sessions_completed, is_approved, is_accepting)
SELECT id, '', 'Counselor', ARRAY[(ARRAY['CBT','EMDR','DBT','ACT'])[1 + n % 4]], '{}', '{en}', 5, '', md5('centre')::uuid, 'offline', 0, 0, true, true FROM (TABLE counselors UNION ALL TABLE wanted) c;
INSERT INTO accounts_patientprofile (user_id, gender, blood_group, emergency_contact_name, emergency_contact_phone, is_premium, is_anonymous, alias, lead_source)
SELECT id, '', '', '', '', false, false, '', '' FROM patients;
INSERT INTO accounts_patientcentre (id, patient_id, centre_id) SELECT gen_random_uuid(), id, md5('centre')::uuid FROM patients;

INSERT INTO sessions_app_sessiontype (id, counselor_id, name, kind, duration_minutes, modes, fee_minor, currency, payment_policy, buffer_before_minutes, buffer_after_minutes, position, is_active)
SELECT md5('type' || n)::uuid, id, 'Session', 'follow_up', 60, '{video}', 0, 'USD', 'free', 0, 0, 0, true FROM (TABLE counselors UNION ALL TABLE wanted) c;
INSERT INTO sessions_app_availabilityrule (id, counselor_id, weekday, start, "end", timezone)
SELECT gen_random_uuid(), c.id, w, s, e, 'UTC'
  FROM (TABLE counselors UNION ALL TABLE wanted) c, generate_series(0, 6) w, (VALUES ('09:00'::time, '12:00'::time), ('13:00', '18:00')) v(s, e);

CREATE TEMP TABLE booked AS
SELECT gen_random_uuid() AS entry, gen_random_uuid() AS session, c.id AS counselor, c.n AS counselor_n, p.id AS patient,
       date_trunc('day', now(), 'UTC') + (d - 250) * interval '1 day' + h * interval '1 hour' AS start
  FROM (SELECT c.id, c.n, d, h, row_number() OVER (ORDER BY d, h, c.n) AS rn
          FROM counselors c, generate_series(0, 499) d, unnest(ARRAY[9, 11, 14, 16]) h) c
  JOIN patients p ON p.n = 1 + c.rn % 1000;
INSERT INTO sessions_app_calendarentry (id, kind, start, "end", is_active, created_at)
SELECT entry, 'session', start, start + interval '1 hour', true, now() FROM booked;
INSERT INTO sessions_app_occupancy (id, entry_id, resource, busy, is_active)
SELECT gen_random_uuid(), entry, resource, tstzrange(start, start + interval '1 hour'), true
  FROM booked, LATERAL (VALUES (counselor), (patient)) r(resource);
INSERT INTO sessions_app_session (id, entry_id, session_type_id, counselor_id, centre_id, mode, kind, status, start, "end", fee_minor, currency, payment_policy, sequence, created_at)
SELECT session, entry, md5('type' || counselor_n)::uuid, counselor, md5('centre')::uuid, 'video', 'follow_up', 'confirmed', start, start + interval '1 hour', 0, 'USD', 'free', 0, now() FROM booked;
INSERT INTO sessions_app_sessionparticipant (id, session_id, patient_id, start) SELECT gen_random_uuid(), session, patient, start FROM booked;
INSERT INTO accounts_carerelationship (id, patient_id, counselor_id, since, why)
SELECT gen_random_uuid(), patient, counselor, min(start), 'session' FROM booked GROUP BY patient, counselor;
-- What a system in use has of the last day or so: answers kept for repetitions, audit rows, events that were delivered.
INSERT INTO core_idempotencykey (id, user_id, route, key, fingerprint, response_status, response_body)
SELECT gen_random_uuid(), patient, 'POST /api/sessions', gen_random_uuid()::text, sha256(session::text::bytea), 201, convert_to(repeat('x', 900), 'UTF8')
  FROM booked LIMIT 10000;
INSERT INTO accounts_auditevent (id, actor_id, action, object_type, object_id, patient_id, centre_id, request_id, why)
SELECT gen_random_uuid(), patient, 'session.booked', 'sessions_app.session', session, patient, md5('centre')::uuid, '', '' FROM booked;
INSERT INTO core_outboxentry (id, event, payload, attempts, pending, done_at, last_error)
SELECT gen_random_uuid(), 'session.confirmed', jsonb_build_object('session', session), 1, '{}', now(), '' FROM booked LIMIT 20000;
