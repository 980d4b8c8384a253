"""How dates and times are written where no template says it: in the console. Elsewhere templatetags/times.py does."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"
