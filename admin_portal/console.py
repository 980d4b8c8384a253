"""How the console looks: the setting UNFOLD. Read with the settings, so it imports nothing of Django."""

from typing import Any

# The grounds and the teal of static/css/tokens.css, drawn out into the eleven steps that Unfold asks for.
GROUND = {
    "50": "#f8f6f1",
    "100": "#f0ece3",
    "200": "#e2dccf",
    "300": "#cbc5b8",
    "400": "#aab6b1",
    "500": "#5f6c68",
    "600": "#4f5d59",
    "700": "#3a4745",
    "800": "#303b39",
    "900": "#1c2423",
    "950": "#141a19",
}
TEAL = {
    "50": "#eff6f3",
    "100": "#e2ede9",
    "200": "#c9ddd7",
    "300": "#a9c9c0",
    "400": "#8ac7b9",
    "500": "#5fa596",
    "600": "#2a665d",
    "700": "#235850",
    "800": "#1c4e47",
    "900": "#203833",
    "950": "#0d211d",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "MentalSpace",
    "SITE_HEADER": "MentalSpace",
    "SITE_SUBHEADER": "Console",
    "SITE_URL": "/",
    "SITE_ICON": "admin_portal.navigation.icon",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "admin_portal.navigation.icon"},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "THEME": "admin_portal.navigation.theme",
    "BORDER_RADIUS": "10px",
    "COLORS": {"base": GROUND, "primary": TEAL},
    "STYLES": ["admin_portal.navigation.stylesheet"],
    "DASHBOARD_CALLBACK": "admin_portal.dashboard.show_figures",
    "SIDEBAR": {"show_search": True, "navigation": "admin_portal.navigation.side_bar"},
}
