from django.apps import AppConfig


class MentalSpaceConfig(AppConfig):
    name = "mentalspace"
    verbose_name = "MentalSpace"
