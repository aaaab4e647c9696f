"""What the call sheet says, in the languages there are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """Every text of the call sheet in one language; `{…}` is filled in."""

    skip: str
    lead_invited: str
    lead_standby: str
    lead_waiting: str
    lead_confirmed: str
    lead_declined: str
    lead_no_show: str
    your_answer: str
    state_invited: str
    state_confirmed: str
    state_declined: str
    state_standby: str
    state_no_show: str
    confirm: str
    confirm_standby: str
    confirm_after_all: str
    cannot: str
    cannot_after_all: str
    why: str
    tell_them: str
    thanks_confirmed: str
    noted_declined: str
    taken: str
    too_late: str
    no_show_note: str
    call_sheet: str
    when: str
    until: str
    where: str
    map: str
    join: str
    online: str
    your_role: str
    notes: str
    also_coming: str
    nobody_else: str
    on_the_day: str
    on_my_way: str
    arrived: str
    done: str
    reported: str
    photos: str
    before: str
    after: str
    photos_there: str
    photos_need_script: str
    dead_title: str
    dead_replaced: str
    dead_cancelled: str
    dead_over: str
    unknown_title: str
    unknown: str
    changed: str
    refused: str
    too_many: str
    not_the_day: str
    not_confirmed: str
    cross_site: str
    unavailable_title: str
    unavailable: str
    foot: str
