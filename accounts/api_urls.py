from django.urls import path

from accounts.api import auth, centres, patients, people

urlpatterns = [
    path("auth/signup", auth.SignUp.as_view(), name="api_signup"),
    path("auth/signin", auth.SignIn.as_view(), name="api_signin"),
    path("auth/refresh", auth.Refresh.as_view(), name="api_refresh"),
    path("auth/signout", auth.SignOut.as_view(), name="api_signout"),
    path("auth/me", auth.Me.as_view(), name="api_me"),
    path("users/preferences", people.Preferences.as_view(), name="api_preferences"),
    path("users/profile", people.OwnProfile.as_view(), name="api_own_profile"),
    path("users/<uuid:user_id>/profile", people.Profile.as_view(), name="api_profile"),
    path("patients", patients.Patients.as_view(), name="api_patients"),
    path("centres", centres.Centres.as_view(), name="api_centres"),
    path("centres/<uuid:centre_id>", centres.CentreDetail.as_view(), name="api_centre"),
    path("centres/<uuid:centre_id>/toggle-active", centres.CentreToggle.as_view(), name="api_centre_toggle"),
]
