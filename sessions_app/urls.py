from django.urls import path

from sessions_app.views import booking, calendars, counselor, desk, directory, hours, session_types, sessions

urlpatterns = [
    path("counselors", directory.counselor_directory, name="counselor_directory"),
    path("counselors/<uuid:counselor_id>", directory.counselor_profile, name="counselor_profile"),
    path("counselors/<uuid:counselor_id>/hold", booking.hold_slot, name="hold_slot"),
    path("book/<uuid:hold_id>", booking.book_details, name="book_details"),
    path("book/<uuid:hold_id>/confirm", booking.book_confirm, name="book_confirm"),
    path("book/<uuid:hold_id>/renew", booking.hold_renew, name="hold_renew"),
    path("book/<uuid:hold_id>/release", booking.hold_release, name="hold_release"),
    path("sessions", sessions.my_sessions, name="my_sessions"),
    path("sessions/<uuid:session_id>", sessions.session_detail, name="session_detail"),
    path("sessions/<uuid:session_id>/booked", sessions.session_booked, name="session_booked"),
    path("sessions/<uuid:session_id>/cancel", sessions.session_cancel, name="session_cancel"),
    path("sessions/<uuid:session_id>/complete", sessions.session_complete, name="session_complete"),
    path("sessions/<uuid:session_id>/no-show", sessions.session_no_show, name="session_no_show"),
    path(
        "sessions/<uuid:session_id>/calendar.ics",
        sessions.session_calendar_file,
        name="session_calendar_file",
    ),
    path("settings/calendar", calendars.calendar_settings, name="calendar_settings"),
    path("settings/calendar/make", calendars.feed_make, name="feed_make"),
    path("settings/calendar/titles", calendars.feed_titles, name="feed_titles"),
    path("settings/calendar/end", calendars.feed_end, name="feed_end"),
    path("today", counselor.counselor_today, name="counselor_today"),
    path("availability", hours.counselor_availability, name="counselor_availability"),
    path("availability/types/new", session_types.session_type_edit, name="session_type_new"),
    path("availability/types/<uuid:type_id>", session_types.session_type_edit, name="session_type_edit"),
    path("desk", desk.front_desk_day, name="front_desk_day"),
]
