"""HTTP of passwords."""

from flask import request

from muster_auth.accounts.schemas import Nothing
from muster_auth.core import Core
from muster_auth.passwords import use_cases
from muster_auth.passwords.schemas import ChangePasswordBody, ForgotBody, ResetBody
from muster_shared.auth import Principal
from muster_shared.auth.guards import public, signed_in
from muster_shared.web import Answer, Routes
from muster_shared.web.app import part
from muster_shared.web.rate_limit import Limit, address_prefix, take

routes = Routes("passwords", prefix="/api/auth/password", tag="account")
_FORGOTTEN = Limit("forgot", calls=60, seconds=600)


@routes.post(
    "/forgot", guard=public(), body=ForgotBody, answers={202: Nothing}, summary="Have a link to set a new password sent"
)
def forgot(*, body: ForgotBody) -> Answer:
    core = part(Core)
    take(core.database, _FORGOTTEN, address_prefix(request.remote_addr))
    use_cases.forget(core, body.email)
    return Answer(Nothing(), status=202)


@routes.post(
    "/reset",
    guard=public(),
    body=ResetBody,
    answers={204: None},
    summary="Set a new password by the token mailed; every session ends",
)
def reset(*, body: ResetBody) -> Answer:
    use_cases.reset(part(Core), token=body.token, password=body.password)
    return Answer(status=204)


@routes.post(
    "/change",
    guard=signed_in(),
    body=ChangePasswordBody,
    answers={204: None},
    summary="Change your password; your other sessions end",
)
def change(*, body: ChangePasswordBody, principal: Principal) -> Answer:
    command = use_cases.ChangePassword(
        current=body.current_password, new=body.new_password, address=request.remote_addr
    )
    use_cases.change(part(Core), principal, command)
    return Answer(status=204)
