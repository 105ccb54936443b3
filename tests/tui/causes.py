"""Diagnoses as the evidence makes them, by hand: of a crash whose value came from a function that
has returned, and of the same crash when little is known."""

from __future__ import annotations

from dataclasses import replace

from iqdebug.core.evidence import AnomalyKind, Confidence, HopKind
from iqdebug.core.messages import Message, message
from iqdebug.core.state import Anomaly, Diagnosis, ExceptionInfo, Frame, Snapshot, Step, Suspect, Variable
from tests.tui import scenario
from tests.tui.scenario import SERVICE, line

ORDER = Variable("order", "{'id': 12, 'count': 3, 'SKU': 'tea'}", "dict", size=3)
SKU = Variable("sku", "None", "NoneType")
PRICES = "/srv/shop/prices.py"


def crashed(epoch: int = 3) -> Snapshot:
    """``accept`` failed with a KeyError that came of a TimeoutError in ``fetch``, which is no longer
    on the stack."""
    inner = (Frame("fetch", PRICES, 41, locals=(Variable("url", "'/prices'", "str"),)),)
    cause = ExceptionInfo("TimeoutError", "after 3 s", link="cause", frames=inner)
    return replace(scenario.crashed(epoch), exception=ExceptionInfo("KeyError", "'sku'", chain=(cause,)))


def headline(exception: str, line_number: int, reason: str) -> Message:
    """As the rules word it, of ``accept`` in the service."""
    place = message("live.place", file="orders_service.py", line=line_number, function="accept")
    failed = message("headline.exception", exception=exception, place=place)
    return message("headline.explained", headline=failed, reason=reason)


def traced(snapshot: Snapshot, earlier: Snapshot | None = None) -> Diagnosis:
    failing, taken = line("key-error"), line("intake-get")
    elsewhere = Step(
        "read_order(…)",
        HopKind.RETURNED,
        SERVICE,
        20,
        "read_order",
        detail="return dict(row)",
        before=(Step("row", HopKind.LOOP_ELEMENT, SERVICE, 18, "read_order"),),
    )
    passed = Step(
        "order", HopKind.PASSED, SERVICE, taken, "intake", ORDER, 1, before=(elsewhere,), detail="order"
    )
    other = Step("SKU", HopKind.SET, SERVICE, 25, "OrderService.__init__", detail="self.sku = None")
    root = Step(
        "order",
        HopKind.FAILED,
        SERVICE,
        failing,
        "OrderService.accept",
        ORDER,
        frame_index=0,
        before=(passed, replace(other, before=(replace(other, line=26),))),
    )
    return Diagnosis(
        headline_message=headline("KeyError: 'sku'", failing, "`order` has no key 'sku'"),
        confidence=Confidence.LIKELY,
        suspects=(
            Suspect(
                SERVICE,
                failing,
                "OrderService.accept",
                0.92,
                reason_messages=(
                    "`order` has no key 'sku'",
                    "the key 'SKU' is there, in other letters",
                    "`order` is not checked before it is used",
                ),
                proof=(ORDER, SKU),
                thread_id=3,
                frame_index=0,
            ),
            Suspect(
                SERVICE,
                taken,
                "intake",
                0.6,
                reason_messages=("`order` is passed on here",),
                thread_id=3,
                frame_index=1,
            ),
            Suspect(
                SERVICE,
                20,
                "read_order",
                0.5,
                reason_messages=("`read_order(…)` gave the value",),
                thread_id=3,
            ),
            Suspect(PRICES, 41, "fetch", 0.3, reason_messages=("TimeoutError arises here",), thread_id=3),
        ),
        note_messages=("the service logs and drops other errors",),
        provenance=(root,),
        anomalies=(
            Anomaly(
                AnomalyKind.NEAR_KEY,
                "`order` has the key 'SKU', which differs from 'sku' in capitals alone",
                SERVICE,
                failing,
                "accept",
                0.9,
                ORDER,
                0,
            ),
            Anomaly(
                AnomalyKind.GROWN_DEFAULT,
                "`history` is a default that grew to 1,000,000",
                SERVICE,
                25,
                "accept",
                0.4,
            ),
        ),
        meaning_message=(
            "KeyError: a dictionary was asked for a key that it does not have. "
            "Look at the keys that it has, and at what should have put the missing one there."
        ),
    )


def untraced(snapshot: Snapshot, earlier: Snapshot | None = None) -> Diagnosis:
    """An exception about which nothing is known but its meaning."""
    return Diagnosis(
        "SystemError: error return without exception set",
        Confidence.NO_CLEAR_SUSPECT,
        meaning_message="SystemError: the interpreter, or an extension module, is at fault.",
    )
