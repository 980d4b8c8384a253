"""Makes our site Django's admin site. In a module of its own, so that admin_portal.apps holds one configuration."""

from django.contrib.admin.apps import AdminConfig


class ConsoleAdminConfig(AdminConfig):
    default = False
    default_site = "admin_portal.site.ConsoleSite"
