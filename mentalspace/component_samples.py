"""Made-up content for /dev/components, where each component is shown without data. Development and tests only."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.html import format_html


class SampleForm(forms.Form):
    """One field of each kind that the pages use."""

    name = forms.CharField(label="What may we call you?", help_text="Your counselor sees this name.")
    email = forms.EmailField(label="E-mail")
    about = forms.CharField(
        label="What would you like to talk about?",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A few words are enough. Only your counselor reads this.",
    )
    language = forms.ChoiceField(
        label="Language", choices=[("en", "English"), ("hi", "Hindi"), ("pa", "Punjabi")]
    )
    mode = forms.ChoiceField(
        label="How would you like to meet?",
        choices=[
            ("video", "By video"),
            ("phone", "By phone"),
            ("in_person", "In person, at Riverside Centre"),
        ],
        widget=forms.RadioSelect,
        initial="video",
    )
    agrees = forms.BooleanField(label="I have read how my data is used")


def component_samples() -> dict[str, Any]:
    return {
        "form": SampleForm(),
        "refused_form": SampleForm({"name": "Asha", "email": "asha@"}, auto_id="refused_%s"),
        "page": Paginator(range(214), 20).page(3),
        "counselors": _counselors(),
        "picker": _picker(),
        "hold": _hold(),
        "sessions": _sessions(),
        "day_entries": _day_entries(),
        "management_form": format_html('<input type="hidden" name="rules-TOTAL_FORMS" value="{}">', 3),
        "week": _week(),
        "new_row": {"prefix": "rules-__prefix__"},
        "places": [("", "Online"), ("riverside", "Riverside Centre")],
    }


def _counselors() -> list[dict[str, Any]]:
    shared = {
        "url": "#counselor",
        "next_free_url": "#times",
        "centre": "Riverside Centre",
        "modes": ["video", "in person"],
        "least": {"fee_minor": 0, "currency": "INR"},
        "most": {"fee_minor": 0, "currency": "INR"},
    }
    soon = timezone.now().replace(minute=30, second=0, microsecond=0) + timedelta(hours=3)
    return [
        shared
        | {
            "name": "Asha Mehta",
            "title": "Clinical psychologist",
            "specializations": ["Anxiety", "Low mood", "Sleep", "Work stress"],
            "languages": ["English", "Hindi"],
            "most": {"fee_minor": 150_000, "currency": "INR"},
            "next_free": soon,
            "rating": 4.83,
            "rating_count": 41,
        },
        shared
        | {
            "name": "Tomás Ó Briain",
            "title": "Couple and family therapist",
            "specializations": ["Relationships", "Grief"],
            "languages": ["English", "Irish", "Spanish"],
            "next_free": soon + timedelta(days=1, hours=2),
        },
        shared
        | {
            "name": "Ngozi Adeyemi-Brightwater",
            "title": "Counselor for young people",
            "specializations": ["Young people", "Self-esteem", "Family conflict and separation"],
            "languages": ["English", "Yoruba"],
            "most": {"fee_minor": 80_000, "currency": "INR"},
            "next_free": None,
        },
    ]


def _picker() -> dict[str, Any]:
    first = timezone.localtime().replace(hour=9, minute=0, second=0, microsecond=0)
    counts = (2, 8, 0, 2, 9, 0, 1)
    morning = [{"start": first + timedelta(minutes=60 * number)} for number in range(3)]
    afternoon = [{"start": first + timedelta(hours=5, minutes=15 * number)} for number in range(5)]
    return {
        "days": [
            {
                "date": first.date() + timedelta(days=day),
                "count": count,
                "is_today": day == 0,
                "is_chosen": day == 1,
                "url": "#day",
            }
            for day, count in enumerate(counts)
        ],
        "chosen_day": first.date() + timedelta(days=1),
        "count": 8,
        "parts": [("Morning", morning), ("Afternoon", afternoon)],
        "earlier_url": "#earlier",
        "later_url": "#later",
    }


def _hold() -> dict[str, Any]:
    return {
        "expires_at": timezone.now() + timedelta(seconds=287),
        "seconds_left": 287,
        "can_renew": True,
        "renew_url": "#renew",
        "release_url": "#release",
    }


def _sessions() -> list[dict[str, Any]]:
    start = timezone.now().replace(minute=0, second=0, microsecond=0)
    next_one = {
        "url": "#session",
        "with_name": "Asha Mehta",
        "type_name": "First talk",
        "start": start + timedelta(hours=26),
        "end": start + timedelta(hours=26, minutes=50),
        "mode": "video",
        "status": "confirmed",
        "is_next": True,
        "other_zone": "Asia/Kolkata",
    }
    return [
        next_one,
        next_one
        | {
            "with_name": "Tomás Ó Briain",
            "type_name": "Couple session",
            "start": start + timedelta(days=9),
            "end": start + timedelta(days=9, minutes=80),
            "mode": "in_person",
            "place": "Riverside Centre, Room 2",
            "is_next": False,
            "other_zone": "",
        },
        next_one
        | {
            "start": start - timedelta(days=6),
            "end": start - timedelta(days=6) + timedelta(minutes=50),
            "status": "completed",
            "is_next": False,
            "is_past": True,
        },
    ]


def _day_entries() -> list[dict[str, Any]]:
    morning = timezone.localtime().replace(hour=9, minute=0, second=0, microsecond=0)

    def session(hour: float, name: str, **more: Any) -> dict[str, Any]:
        start = morning + timedelta(hours=hour)
        return {
            "kind": "session",
            "url": "#session",
            "with_name": name,
            "type_name": "Follow-up",
            "start": start,
            "end": start + timedelta(minutes=50),
            "mode": "video",
            "status": "confirmed",
        } | more

    return [
        session(0, "River", status="completed", is_past=True),
        session(1, "Meera Nair", status="in_progress", is_now=True, mode="in_person", place="Room 2"),
        {"kind": "gap", "start": morning + timedelta(hours=1.9), "end": morning + timedelta(hours=4)},
        {
            "kind": "block",
            "start": morning + timedelta(hours=4),
            "end": morning + timedelta(hours=5),
            "url": "#",
        },
        session(4, "Daniel Osei", status="cancelled"),
        {"kind": "elsewhere", "start": morning + timedelta(hours=5), "end": morning + timedelta(hours=6)},
        session(5, "Blue Heron", type_name="First talk", mode="phone"),
    ]


def _week() -> list[dict[str, Any]]:
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    spans = {0: [("09:00", "12:30", "riverside"), ("14:00", "17:00", "")], 2: [("10:00", "18:00", "")]}
    return [
        {
            "weekday": day,
            "name": name,
            "rows": [
                {"prefix": f"rules-{day * 10 + number}", "pk": "", "start": start, "end": end, "place": place}
                for number, (start, end, place) in enumerate(spans.get(day, []))
            ],
        }
        for day, name in enumerate(names)
    ]
