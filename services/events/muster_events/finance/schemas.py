"""Wire shapes of finance. Amounts are whole minor units of `currency`."""

from typing import Annotated

from pydantic import Field

from muster_events.events.commands import Fee, FinanceFigures
from muster_shared.web import Body, Line, Text, UtcTime, View

# Far beyond any event, far below what a JSON number keeps exactly.
_MAXIMUM = 1_000_000_000_000
Amount = Annotated[int, Field(ge=0, le=_MAXIMUM)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class FeeBody(Body):
    """A named cost."""

    name: Annotated[Line, Field(min_length=1, max_length=100)]
    amount: Amount


class FinanceBody(Body):
    """An event's money; `net` is not given, it follows."""

    currency: Currency
    revenue: Amount = 0
    fees: Annotated[list[FeeBody], Field(max_length=50)] = []
    captain_fee: Amount = 0
    internal_memo: Annotated[Text, Field(max_length=5000)] = ""

    def to_figures(self) -> FinanceFigures:
        """The figures as use cases take them."""
        return FinanceFigures(
            currency=self.currency,
            revenue=self.revenue,
            fees=tuple(Fee(fee.name, fee.amount) for fee in self.fees),
            captain_fee=self.captain_fee,
            internal_memo=self.internal_memo,
        )


class FeeView(View):
    """A named cost."""

    name: str
    amount: int


class FinanceView(View):
    """An event's money. `net` = revenue - fees - captain's fee; below zero is a loss."""

    currency: str
    revenue: int
    fees: list[FeeView]
    captain_fee: int
    net: int
    internal_memo: str
    updated_at: UtcTime
