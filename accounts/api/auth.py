"""Signing up, in and out."""

from typing import Any

from django.contrib.auth import logout
from rest_framework.request import Request

from accounts.access import reader_of
from accounts.access_tokens import AccessClaims
from accounts.api.answers import me_answer, signed_in_answer, tokens_answer
from accounts.models import Device, RevokedBecause
from accounts.permissions import Action
from accounts.serializers import (
    MeShape,
    RefreshBody,
    SignedInShape,
    SignedUpShape,
    SignInBody,
    SignUpBody,
    TokensShape,
)
from accounts.services.email_addresses import is_verification_mandatory
from accounts.services.sign_in import sign_in
from accounts.services.sign_up import sign_up_patient, sign_up_unseen
from accounts.services.tokens import Client, open_device, refresh_tokens, revoke_device
from core import request_context
from core.api.answers import Answer, Created, NoContent
from core.api.permissions import PUBLIC
from core.api.throttling import spend_sign_in, spend_sign_up
from core.api.views import Endpoint, operation
from core.errors import NotAuthenticated, PermissionDenied, Throttled


def client_of(request: Request) -> Client:
    return Client.of_this_request(request.META.get("HTTP_USER_AGENT", ""))


class SignUp(Endpoint):
    @operation(PUBLIC, body=SignUpBody, answer=SignedUpShape, status=201, raises=(Throttled,))
    def post(self, request: Request, body: dict[str, Any]) -> Answer:
        """Make a patient's account.

        Where addresses must be confirmed, the answer is `{"verification_required": true}` whether or not there was an
        account with this address already: what is so is told by mail, to its owner only.
        """
        spend_sign_up(address=request_context.ip.get())
        if is_verification_mandatory():
            sign_up_unseen(**body)
            return Created({"verification_required": True})
        return Created(signed_in_answer(open_device(user=sign_up_patient(**body), client=client_of(request))))


class SignIn(Endpoint):
    @operation(
        PUBLIC, body=SignInBody, answer=SignedInShape, raises=(NotAuthenticated, PermissionDenied, Throttled)
    )
    def post(self, request: Request, body: dict[str, Any]) -> Answer:
        """Sign in with e-mail, phone or username, and the password.

        An unknown name, a wrong password and a closed account get the same answer. 403 with
        `details.verification_required` means that the address must be confirmed first.
        """
        spend_sign_in(account=body["name"].value, address=request_context.ip.get())
        return Answer(signed_in_answer(sign_in(**body, client=client_of(request))))


class Refresh(Endpoint):
    @operation(PUBLIC, body=RefreshBody, answer=TokensShape, raises=(NotAuthenticated,))
    def post(self, request: Request, body: dict[str, Any]) -> Answer:
        """Exchange a refresh token for the next pair.

        Each refresh token works once; the same client repeating itself within 10 seconds gets the same answer again.
        One that comes back later ends the whole sign-in, because somebody else may hold it.
        """
        return Answer(tokens_answer(refresh_tokens(**body, client=client_of(request))))


class SignOut(Endpoint):
    @operation(Action.ACCOUNT_OWN, status=204)
    def post(self, request: Request) -> Answer:
        """End this sign-in: its refresh tokens and its access tokens stop working at once."""
        if isinstance(request.auth, AccessClaims):
            device = Device.objects.get(pk=request.auth.device_id)
            revoke_device(device=device, because=RevokedBecause.SIGNED_OUT, actor=reader_of(request))
        else:
            logout(request._request)
        return NoContent()


class Me(Endpoint):
    @operation(Action.ACCOUNT_OWN, answer=MeShape)
    def get(self, request: Request) -> Answer:
        """Who is signed in."""
        return Answer(me_answer(reader_of(request)))
