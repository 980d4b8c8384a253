"""The register of patients, as far as booking at the desk needs it: search, and whoever comes for the first time."""

from typing import Any

from rest_framework.request import Request

from accounts.access import access_centre, reader_of
from accounts.api.answers import patient_answer
from accounts.models import PatientProfile
from accounts.permissions import Action
from accounts.serializers import NewPatientBody, PatientShape, PatientsQuery
from accounts.services.people import NewAccount
from accounts.services.register import take_on_patient
from core.api.answers import Answer, Created, PageAnswer
from core.api.paging import paginate
from core.api.views import Endpoint, operation
from core.errors import Conflict, NotFound, PermissionDenied, ValidationFailed


class Patients(Endpoint):
    @operation(Action.PATIENT_REGISTER, query=PatientsQuery, answer=PatientShape, paged=True)
    def get(self, request: Request, query: dict[str, Any]) -> Answer:
        """The patients whom the reader may see: of their centres, in their care, or themselves."""
        reader = reader_of(request)
        patients = PatientProfile.objects.visible_to(reader).select_related("user")
        if "q" in query:
            patients = patients.matching(query["q"], viewer=reader)
        if "centre" in query:
            patients = patients.filter(patient_centres__centre=query["centre"])
        page = paginate(patients, query["page"])
        return PageAnswer(page, [patient_answer(patient, reader=reader) for patient in page.rows])

    @operation(
        Action.PATIENT_CREATE,
        body=NewPatientBody,
        answer=PatientShape,
        status=201,
        raises=(ValidationFailed, PermissionDenied, NotFound, Conflict),
        idempotent=True,
    )
    def post(self, request: Request, body: dict[str, Any]) -> Answer:
        """Take somebody on at the desk. CONFLICT names who could be the same person, instead of a second account."""
        reader = reader_of(request)
        centre = access_centre(reader, body["centre"])
        account = NewAccount(
            first_name=body["first_name"],
            last_name=body["last_name"],
            email=body.get("email"),
            phone=body.get("phone"),
            timezone=body.get("timezone", centre.timezone),
        )
        patient = take_on_patient(
            account=account,
            centre=centre,
            lead_source=body.get("lead_source", ""),
            is_someone_else=body.get("is_someone_else", False),
            actor=reader,
        )
        return Created(patient_answer(patient, reader=reader))
