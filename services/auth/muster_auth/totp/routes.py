"""HTTP of the second factor."""

import io

import segno
from flask import request
from sqlalchemy.orm import Session

from muster_auth.core import Core
from muster_auth.organizations.queries import organizations_of
from muster_auth.passwords.use_cases import lock_user
from muster_auth.totp import use_cases
from muster_auth.totp.schemas import (
    CodeBody,
    EnrolBody,
    EnrolmentView,
    ProofBody,
    RecoveryCodesView,
    TotpView,
)
from muster_shared.auth import Principal
from muster_shared.auth.guards import signed_in
from muster_shared.web import Answer, Routes
from muster_shared.web.app import part

routes = Routes("totp", prefix="/api/auth/totp", tag="second factor")


@routes.get("", guard=signed_in(), answers={200: TotpView}, summary="Your second factor")
def show(*, session: Session, principal: Principal) -> TotpView:
    user = lock_user(session, principal.user_id)
    belongs = bool(organizations_of(session, user.id, after=None, limit=1))
    return TotpView(
        enabled=user.wants_otp,
        recovery_codes_left=use_cases.codes_left(session, user.id),
        recommended=belongs and not user.wants_otp,
    )


@routes.post(
    "",
    guard=signed_in(),
    body=EnrolBody,
    answers={200: EnrolmentView},
    summary="A new secret for your authenticator; it counts once a code of it was given",
)
def enrol(*, body: EnrolBody, principal: Principal) -> EnrolmentView:
    core = part(Core)
    found = use_cases.enrol(core, principal, password=body.password, address=request.remote_addr)
    drawing = io.BytesIO()
    segno.make_qr(found.uri).save(drawing, kind="svg", scale=4, xmldecl=False, svgns=True)
    return EnrolmentView(secret=found.secret, uri=found.uri, qr_svg=drawing.getvalue().decode())


@routes.post(
    "/confirm", guard=signed_in(), body=CodeBody, answers={200: RecoveryCodesView}, summary="Turn the second factor on"
)
def confirm(*, body: CodeBody, session: Session, principal: Principal) -> RecoveryCodesView:
    user = lock_user(session, principal.user_id)
    codes = use_cases.confirm(session, part(Core), user, code=body.otp, actor=principal)
    return RecoveryCodesView(recovery_codes=codes)


@routes.post(
    "/recovery-codes",
    guard=signed_in(),
    body=ProofBody,
    answers={200: RecoveryCodesView},
    summary="New recovery codes; the old ones hold no longer",
)
def renew(*, body: ProofBody, principal: Principal) -> RecoveryCodesView:
    proof = use_cases.Proof(password=body.password, code=body.otp, address=request.remote_addr)
    return RecoveryCodesView(recovery_codes=use_cases.renew_codes(part(Core), principal, proof))


@routes.post("/disable", guard=signed_in(), body=ProofBody, answers={204: None}, summary="Turn the second factor off")
def disable(*, body: ProofBody, principal: Principal) -> Answer:
    proof = use_cases.Proof(password=body.password, code=body.otp, address=request.remote_addr)
    use_cases.turn_off(part(Core), principal, proof)
    return Answer(status=204)
