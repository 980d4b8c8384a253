"""The counselors of the demo clinic, as a table: who they are, when they are there, what they offer."""

from dataclasses import dataclass

LONDON = "london"
KOLKATA = "kolkata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """On these days from `start` to `end` on the wall; without a centre they are online, in the counselor's zone.

    `from_week` and `until_week` limit them, both included: 0 is this week, 1 the next one.
    """

    days: str
    start: str
    end: str
    centre: str | None = None
    from_week: int | None = None
    until_week: int | None = None
    every_weeks: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """How they let themselves be booked."""

    notice_hours: int = 0
    most_a_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a session of 50 minutes costs, in minor units; 0 is free. `couples` adds 80 minutes for two."""

    fee_minor: int
    currency: str
    couples: bool = False
    is_online_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCounselor:
    first_name: str
    last_name: str
    title: str
    license_number: str
    centres: tuple[str, ...]
    timezone: str
    languages: tuple[str, ...]
    years: int
    specializations: tuple[str, ...]
    qualifications: tuple[str, ...]
    bio: str
    hours: tuple[Hours, ...]
    offer: Offer
    booking: Booking | None = None
    leave_in_week: int | None = None
    """A week's leave, and extra hours on the Saturday before it; 0 is this week."""


COUNSELORS = (
    DemoCounselor(
        first_name="Grace",
        last_name="Adeyemi",
        title="Clinical psychologist",
        license_number="PYL-DEMO-1041",
        centres=(LONDON,),
        timezone="Europe/London",
        languages=("en", "yo"),
        years=14,
        specializations=("Anxiety", "Depression", "Stress at work"),
        qualifications=("Doctorate in clinical psychology", "Accredited in cognitive behavioural therapy"),
        bio=(
            "Most people come to me because worry or low mood has begun to take up too much room. We look at what "
            "keeps it going, and try small changes between our sessions to see what helps.\n\n"
            "I worked in a hospital for nine years before I joined the centre. I explain what I do and why, and you "
            "can always say that something is not for you."
        ),
        hours=(
            Hours(days="mon tue wed thu fri", start="09:00", end="12:30", centre=LONDON),
            Hours(days="mon tue wed thu fri", start="13:30", end="17:00", centre=LONDON),
            Hours(days="mon tue wed thu fri", start="18:00", end="21:00"),
        ),
        offer=Offer(fee_minor=7500, currency="GBP"),
    ),
    DemoCounselor(
        first_name="Arjun",
        last_name="Mukherjee",
        title="Counselling psychologist",
        license_number="RCI-DEMO-2207",
        centres=(KOLKATA,),
        timezone="Asia/Kolkata",
        languages=("bn", "en", "hi"),
        years=9,
        specializations=("Anxiety", "Family", "Study and exams"),
        qualifications=("MPhil in clinical psychology",),
        bio=(
            "I see many students and young professionals, often at a time when expectations from outside and from "
            "within do not fit together any more. We sort out which of them are yours.\n\n"
            "Sessions are in Bengali, Hindi or English, or a mix of them. If you like, parents or a partner can join "
            "for a session."
        ),
        hours=(
            Hours(days="mon tue wed thu fri", start="10:00", end="13:30", centre=KOLKATA),
            Hours(days="mon wed fri", start="15:00", end="18:30", centre=KOLKATA),
        ),
        offer=Offer(fee_minor=180_000, currency="INR"),
        booking=Booking(notice_hours=24, most_a_day=5),
    ),
    DemoCounselor(
        first_name="Eleanor",
        last_name="Price",
        title="Psychotherapist",
        license_number="UKC-DEMO-3310",
        centres=(LONDON,),
        timezone="Europe/London",
        languages=("en", "cy"),
        years=21,
        specializations=("Grief", "Life changes", "Depression"),
        qualifications=("MA in integrative psychotherapy", "Certificate in bereavement counselling"),
        bio=(
            "I work in the evenings, so that you need not ask for time off. Many of the people I see have lost "
            "somebody, or something that held their days together.\n\n"
            "There is no right way to grieve and no schedule for it. We go at your pace, and silence is fine."
        ),
        hours=(
            Hours(days="mon tue wed thu", start="17:00", end="21:00", centre=LONDON),
            Hours(days="fri", start="17:00", end="20:00"),
        ),
        offer=Offer(fee_minor=8000, currency="GBP"),
    ),
    DemoCounselor(
        first_name="Shreya",
        last_name="Banerjee",
        title="Couple and family therapist",
        license_number="RCI-DEMO-2288",
        centres=(KOLKATA,),
        timezone="Asia/Kolkata",
        languages=("bn", "en"),
        years=12,
        specializations=("Couples", "Family", "Life changes"),
        qualifications=("MSc in family therapy", "Trained in emotionally focused therapy"),
        bio=(
            "Couples often reach me when every talk ends in the same quarrel, or in no talk at all. I help both of "
            "you to slow it down and to hear what is underneath.\n\n"
            "I am here from Thursday to Sunday, as weekends are when two people can come together. You are welcome "
            "on your own too."
        ),
        hours=(
            Hours(days="thu fri", start="14:00", end="19:00", centre=KOLKATA),
            Hours(days="sat sun", start="09:30", end="17:30", centre=KOLKATA),
        ),
        offer=Offer(fee_minor=220_000, currency="INR", couples=True),
    ),
    DemoCounselor(
        first_name="Samuel",
        last_name="Park",
        title="Clinical social worker",
        license_number="NYS-DEMO-0754",
        centres=(LONDON,),
        timezone="America/New_York",
        languages=("en", "ko"),
        years=17,
        specializations=("Trauma", "Anxiety", "Sleep"),
        qualifications=("Master of social work", "Trained in EMDR"),
        bio=(
            "I live in New York and meet people by video or phone. My mornings are the London afternoon, which suits "
            "many who work from home.\n\n"
            "After something frightening, the body can stay on guard for a long time. I begin with sleep and with "
            "feeling safe in the room you are in, before we touch on what happened. The centre's fund pays for my "
            "sessions, so they are free."
        ),
        hours=(
            Hours(days="mon tue wed thu", start="08:00", end="12:00"),
            Hours(days="tue thu", start="13:00", end="16:00"),
        ),
        offer=Offer(fee_minor=0, currency="GBP", is_online_only=True),
    ),
    DemoCounselor(
        first_name="Farah",
        last_name="Siddiqui",
        title="Psychotherapist",
        license_number="UKC-DEMO-3427",
        centres=(LONDON, KOLKATA),
        timezone="Europe/London",
        languages=("en", "ur", "hi"),
        years=11,
        specializations=("Identity and belonging", "Family", "Anxiety"),
        qualifications=("MSc in psychotherapy", "Diploma in intercultural therapy"),
        bio=(
            "I grew up between two countries, and still work in both: most of the year at the London centre, some "
            "weeks at the one in Kolkata. Whoever I see in one place can go on by video while I am in the other.\n\n"
            "Many people I work with live between languages, families or faiths. You will not have to explain "
            "everything from the beginning."
        ),
        hours=(
            Hours(days="mon tue wed thu", start="10:00", end="16:00", centre=LONDON, until_week=2),
            Hours(
                days="mon tue wed thu fri",
                start="11:00",
                end="17:00",
                centre=KOLKATA,
                from_week=3,
                until_week=6,
            ),
            Hours(days="mon tue wed thu", start="10:00", end="16:00", centre=LONDON, from_week=7),
        ),
        offer=Offer(fee_minor=7000, currency="GBP"),
    ),
    DemoCounselor(
        first_name="Nathaniel",
        last_name="Ward",
        title="Counselor",
        license_number="BAC-DEMO-5120",
        centres=(LONDON,),
        timezone="Europe/London",
        languages=("en",),
        years=8,
        specializations=("Alcohol and other habits", "Anger", "Relationships"),
        qualifications=("Diploma in person-centred counselling", "Certificate in motivational interviewing"),
        bio=(
            "I came to this work late, after fifteen years as a cook. I know how hard it is to make the first "
            "appointment, and we begin wherever you like.\n\n"
            "I will not tell you to stop drinking, or to calm down. We find out what it does for you, what it costs, "
            "and what you want instead."
        ),
        hours=(
            Hours(days="mon wed", start="12:00", end="20:00", centre=LONDON),
            Hours(days="fri", start="08:00", end="14:00", centre=LONDON),
        ),
        offer=Offer(fee_minor=6000, currency="GBP"),
    ),
    DemoCounselor(
        first_name="Ritu",
        last_name="Agarwal",
        title="Child and adolescent psychologist",
        license_number="RCI-DEMO-2319",
        centres=(KOLKATA,),
        timezone="Asia/Kolkata",
        languages=("hi", "en", "bn"),
        years=15,
        specializations=("Young people", "Study and exams", "Family"),
        qualifications=("PhD in developmental psychology",),
        bio=(
            "I see young people from about sixteen, and parents who would like to understand what is going on at "
            "home. What is said in the room stays there; we agree at the start on what I must pass on and when.\n\n"
            "Some talk easily. With others I draw, walk or play cards until the words come."
        ),
        hours=(
            Hours(days="mon tue wed thu fri", start="08:30", end="12:30", centre=KOLKATA),
            Hours(days="sat", start="09:00", end="13:00", centre=KOLKATA, from_week=0, every_weeks=2),
        ),
        offer=Offer(fee_minor=200_000, currency="INR"),
    ),
    DemoCounselor(
        first_name="Mei-Lin",
        last_name="Chen",
        title="Couple and family therapist",
        license_number="AFT-DEMO-0662",
        centres=(LONDON,),
        timezone="Europe/London",
        languages=("en", "zh"),
        years=18,
        specializations=("Couples", "Relationships", "Parents"),
        qualifications=("MSc in systemic psychotherapy",),
        bio=(
            "I look at what happens between people rather than at what is wrong with one of them. Often a small "
            "change by one person lets the other one change too.\n\n"
            "I work with couples of any kind, with parents, and with people who come alone about somebody they love. "
            "In English or Mandarin."
        ),
        hours=(
            Hours(days="tue thu", start="09:00", end="18:00", centre=LONDON),
            Hours(days="sat", start="09:00", end="14:00", centre=LONDON),
        ),
        offer=Offer(fee_minor=8500, currency="GBP", couples=True),
    ),
    DemoCounselor(
        first_name="Sofia",
        last_name="Marques",
        title="Perinatal psychologist",
        license_number="OPP-DEMO-1873",
        centres=(LONDON,),
        timezone="Europe/Lisbon",
        languages=("en", "pt", "es"),
        years=7,
        specializations=("Pregnancy and birth", "Parents", "Depression"),
        qualifications=("MSc in clinical psychology", "Certificate in perinatal mental health"),
        bio=(
            "Pregnancy, birth, loss and the first years with a child can shake people who were steady all their "
            "lives, mothers and fathers alike. It is common, and it gets better with help.\n\n"
            "We meet by video or phone. A child on your lap is no disturbance, and if you must stop early, you stop "
            "early. The centre's fund pays for my sessions, so they are free."
        ),
        hours=(
            Hours(days="mon tue wed thu fri", start="09:30", end="14:30"),
            Hours(days="wed", start="20:00", end="22:00"),
        ),
        offer=Offer(fee_minor=0, currency="GBP", is_online_only=True),
    ),
    DemoCounselor(
        first_name="Imran",
        last_name="Hossain",
        title="Psychiatric social worker",
        license_number="RCI-DEMO-2354",
        centres=(KOLKATA,),
        timezone="Asia/Kolkata",
        languages=("bn", "en", "ur"),
        years=13,
        specializations=("Alcohol and other habits", "Trauma", "Stress at work"),
        qualifications=("MPhil in psychiatric social work",),
        bio=(
            "For ten years I worked on a ward; now I meet people before things get that far, or after they come home. "
            "We look at the whole of it: work, money, family, sleep, and what you drink or take to get through.\n\n"
            "I keep some places each week for people who pay what they can. Please ask at the desk."
        ),
        hours=(
            Hours(days="mon tue thu fri", start="16:00", end="20:00", centre=KOLKATA),
            Hours(days="wed", start="09:00", end="13:00"),
        ),
        offer=Offer(fee_minor=150_000, currency="INR"),
    ),
    DemoCounselor(
        first_name="Joan",
        last_name="Fitzgerald",
        title="Counselling psychologist",
        license_number="PYL-DEMO-0988",
        centres=(LONDON,),
        timezone="Europe/London",
        languages=("en", "ga", "fr"),
        years=31,
        specializations=("Long illness and pain", "Sleep", "Later life"),
        qualifications=(
            "Doctorate in counselling psychology",
            "Trained in acceptance and commitment therapy",
        ),
        bio=(
            "I work two days a week, mostly with people who live with pain, with a long illness, or with growing "
            "older. We cannot always change the illness. We can make the life around it larger.\n\n"
            "If the stairs or the journey are too much on a bad day, we meet by phone instead, at the same time."
        ),
        hours=(
            Hours(days="tue", start="10:00", end="16:00", centre=LONDON),
            Hours(days="fri", start="10:00", end="15:00", centre=LONDON),
        ),
        offer=Offer(fee_minor=7000, currency="GBP"),
        leave_in_week=2,
    ),
)
