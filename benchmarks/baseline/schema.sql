-- The baseline's tables and data: 50 clinicians, 1,000 patients, 100,000 bookings around today.
SET client_min_messages=warning;
DROP TABLE IF EXISTS bookings, availability_rules, clinicians, users CASCADE;
DROP TYPE IF EXISTS uuidrange CASCADE;
CREATE TYPE uuidrange AS RANGE (subtype = uuid);
CREATE TABLE users(id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n int UNIQUE, email text UNIQUE NOT NULL, full_name text NOT NULL, role text NOT NULL DEFAULT 'patient', is_active bool NOT NULL DEFAULT true, password text NOT NULL DEFAULT '');
CREATE TABLE clinicians(id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n int UNIQUE, full_name text NOT NULL, speciality text NOT NULL, session_minutes int NOT NULL DEFAULT 60);
CREATE TABLE availability_rules(id bigserial PRIMARY KEY, clinician_id uuid NOT NULL REFERENCES clinicians, weekday smallint NOT NULL, start_time time NOT NULL, end_time time NOT NULL);
CREATE INDEX ON availability_rules(clinician_id, weekday);
CREATE TABLE bookings(id uuid PRIMARY KEY DEFAULT gen_random_uuid(), clinician_id uuid NOT NULL REFERENCES clinicians, patient_id uuid NOT NULL REFERENCES users, during tstzrange NOT NULL, status text NOT NULL DEFAULT 'confirmed', notes text NOT NULL DEFAULT '', created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT bookings_no_overlap EXCLUDE USING gist (uuidrange(clinician_id, clinician_id,'[]') WITH &&, during WITH &&) WHERE (status <> 'cancelled'));
INSERT INTO clinicians(n,full_name,speciality) SELECT g,'Dr Clinician '||g,(ARRAY['CBT','EMDR','DBT','ACT'])[1+g%4] FROM generate_series(1,50) g;
INSERT INTO users(n,email,full_name) SELECT g,'patient'||g||'@example.test','Patient Number '||g FROM generate_series(1,1000) g;
INSERT INTO availability_rules(clinician_id,weekday,start_time,end_time) SELECT c.id,w,s,e FROM clinicians c, generate_series(0,6) w, (VALUES('09:00'::time,'12:00'::time),('13:00','18:00')) v(s,e);
-- 50 clinicians x 500 days x 4 of 8 slots = 100k
INSERT INTO bookings(clinician_id,patient_id,during,status,notes)
SELECT c.id,u.id,tstzrange(st, st+interval '1 hour'),'confirmed','session'
FROM (SELECT c.id, c.n, d, h, date_trunc('day', now(), 'UTC') + (d-250)*interval '1 day' + h*interval '1 hour' st, row_number() over (order by d,h,c.n) rn
      FROM clinicians c, generate_series(0,499) d, unnest(ARRAY[9,11,14,16]) h) c
JOIN users u ON u.n = 1 + c.rn % 1000;
CREATE INDEX bookings_patient_start ON bookings(patient_id, lower(during) DESC);
CREATE INDEX bookings_clin_start ON bookings(clinician_id, lower(during));
