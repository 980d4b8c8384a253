from django.urls import path

from sessions_app.api import availability, counselors, feeds, holds, session_types, sessions, slots, waitlist

urlpatterns = [
    path("counselors", counselors.CounselorCollection.as_view()),
    path("counselors/<uuid:counselor_id>", counselors.CounselorDetail.as_view()),
    path("counselors/<uuid:counselor_id>/availability", availability.Availability.as_view()),
    path("counselors/<uuid:counselor_id>/slots", slots.CounselorSlots.as_view()),
    path("counselors/<uuid:counselor_id>/session-types", session_types.SessionTypeCollection.as_view()),
    path(
        "counselors/<uuid:counselor_id>/session-types/<uuid:type_id>",
        session_types.SessionTypeDetail.as_view(),
    ),
    path("slots", slots.EarliestSlots.as_view()),
    path("sessions", sessions.SessionCollection.as_view()),
    path("sessions/holds", holds.HoldCollection.as_view()),
    path("sessions/holds/<uuid:hold_id>", holds.Hold.as_view()),
    path("sessions/holds/<uuid:hold_id>/renew", holds.HoldRenewal.as_view()),
    path("sessions/feed", feeds.OwnFeed.as_view()),
    path("sessions/feed/<str:token>.ics", feeds.Feed.as_view(), name="api_calendar_feed"),
    path("sessions/waitlist", waitlist.WaitlistCollection.as_view()),
    path("sessions/waitlist/<uuid:entry_id>", waitlist.Waiting.as_view()),
    path("sessions/<uuid:session_id>", sessions.SessionDetail.as_view()),
    path("sessions/<uuid:session_id>/cancel", sessions.SessionCancellation.as_view()),
    path("sessions/<uuid:session_id>/complete", sessions.SessionCompletion.as_view()),
    path("sessions/<uuid:session_id>/no-show", sessions.SessionNoShow.as_view()),
    path("sessions/<uuid:session_id>/calendar.ics", sessions.SessionCalendarFile.as_view()),
]
