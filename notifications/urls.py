from django.urls import path

from notifications import views

urlpatterns = [
    path("dev/mail", views.dev_mail, name="dev_mail"),
    path("dev/mail/<str:name>", views.dev_mail_message, name="dev_mail_message"),
    path("dev/mail/<str:name>/html", views.dev_mail_html, name="dev_mail_html"),
    path(
        "dev/mail/<str:name>/attachments/<int:number>", views.dev_mail_attachment, name="dev_mail_attachment"
    ),
]
