"""What the API takes and shows of the help lines. A text that is not known is "", a thing that is not there null."""

from rest_framework import serializers

from core.api.serializers import Query, Shape


class HotlinesQuery(Query):
    country = serializers.RegexField(
        r"^[A-Za-z]{2}$",
        default="",
        help_text="ISO 3166 code, such as NZ. Without it the country is guessed from Accept-Language.",
        error_messages={"invalid": "Write the country as two letters, such as NZ."},
    )


class PhoneShape(Shape):
    number = serializers.CharField(help_text="As dialled inside the country.")
    purpose = serializers.CharField(help_text="Such as police, or a language.")
    href = serializers.CharField(help_text="tel: for a telephone's dialler.")


class TextShape(Shape):
    number = serializers.CharField()
    keyword = serializers.CharField(help_text="What the message has to begin with.")
    href = serializers.CharField(help_text="sms: with the keyword as its body.")


class WhatsAppShape(Shape):
    number = serializers.CharField()
    href = serializers.URLField()


class SourceShape(Shape):
    text = serializers.CharField()
    url = serializers.CharField()


class HelpLineShape(Shape):
    name = serializers.CharField()
    phones = PhoneShape(many=True)
    dial_note = serializers.CharField(help_text="What to do after dialling the first number.")
    text = TextShape(allow_null=True)
    whatsapp = WhatsAppShape(allow_null=True)
    chat_url = serializers.CharField()
    website = serializers.CharField()
    hours = serializers.CharField(help_text="In the country's own time.")
    is_always_open = serializers.BooleanField()
    languages = serializers.ListField(child=serializers.CharField())
    audience = serializers.CharField(help_text="Empty: everybody.")
    note = serializers.CharField()
    source = SourceShape()  # type: ignore[assignment]  # REST framework takes declared fields off the class
    confirmed_by = serializers.IntegerField(help_text="How many independent sources agree.")


class CountryNameShape(Shape):
    code = serializers.CharField()
    name = serializers.CharField()


class HotlinesCountryShape(CountryNameShape):
    emergency = PhoneShape()
    other_emergency = PhoneShape(many=True)
    note = serializers.CharField()
    lines = HelpLineShape(many=True)


class InternationalHelpShape(Shape):
    name = serializers.CharField()
    url = serializers.URLField()
    what = serializers.CharField()


class HotlinesShape(Shape):
    compiled_on = serializers.DateField(help_text="Numbers change: show this date beside them.")
    is_guess = serializers.BooleanField(
        help_text="The country comes from Accept-Language: let the person change it."
    )
    country = HotlinesCountryShape(
        allow_null=True, help_text="Null when nothing was asked for, or when we have no data for it."
    )
    international = InternationalHelpShape(many=True)
    countries = CountryNameShape(many=True, help_text="All that we have data for.")
