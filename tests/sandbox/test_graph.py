"""The Outlook stand-in, driven by the vendor's own client library: it speaks the protocol if this one believes it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.sandbox.graph_client import Story, tell_at

# Microsoft's generated classes warn about their own base classes when they are first imported.
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated.*:DeprecationWarning")
STAMP = "String {6b1f0c52-7d3e-4a0f-9a53-2f3f8f1b6c10} Name syncline"


@pytest.fixture
def tell() -> Callable[[Story], None]:
    """Runs a story with a signed-in GraphServiceClient."""
    return partial(tell_at, "outlook_calendar")


def meeting(**more: Any) -> Any:
    from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
    from msgraph.generated.models.event import Event

    def wall(hour: int) -> Any:
        return DateTimeTimeZone(date_time=f"2026-11-02T{hour:02}:00:00", time_zone="Europe/Berlin")

    return Event(**{"subject": "Standup", "start": wall(9), "end": wall(10), **more})


def weekly() -> Any:
    from datetime import date

    from msgraph.generated.models.day_of_week import DayOfWeek
    from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
    from msgraph.generated.models.recurrence_pattern import RecurrencePattern
    from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
    from msgraph.generated.models.recurrence_range import RecurrenceRange
    from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType

    pattern = RecurrencePattern(type=RecurrencePatternType.Weekly, interval=1, days_of_week=[DayOfWeek.Monday])
    ranged = RecurrenceRange(type=RecurrenceRangeType.NoEnd, start_date=date(2026, 11, 2))
    return PatternedRecurrence(pattern=pattern, range=ranged)


def test_the_account_and_its_calendars(tell: Callable[[Story], None]) -> None:
    async def story(client: Any) -> None:
        assert (await client.me.get()).display_name == "Robin Keller"
        (only,) = (await client.me.calendars.get()).value
        assert (only.name, only.is_default_calendar) == ("Calendar", True)
        assert (await client.me.calendar.get()).id == only.id
        assert (await client.me.calendars.by_calendar_id(only.id).get()).id == only.id

    tell(story)


def test_an_event_is_made_read_changed_and_deleted(tell: Callable[[Story], None]) -> None:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.models.body_type import BodyType
    from msgraph.generated.models.event import Event
    from msgraph.generated.models.event_type import EventType
    from msgraph.generated.models.item_body import ItemBody
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
    from msgraph.generated.users.item.events.item.event_item_request_builder import EventItemRequestBuilder

    async def story(client: Any) -> None:
        body = ItemBody(content_type=BodyType.Text, content="Agenda")
        stamp = SingleValueLegacyExtendedProperty(id=STAMP, value="k1")
        made = await client.me.events.post(meeting(body=body, single_value_extended_properties=[stamp]))
        assert (made.type, made.body.content_type) == (EventType.SingleInstance, BodyType.Html)
        one = client.me.events.by_event_id(made.id)
        query = EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(
            select=["subject"], expand=[f"singleValueExtendedProperties($filter=id eq '{STAMP}')"]
        )
        asked = RequestConfiguration(query_parameters=query)
        asked.headers.add("Prefer", 'outlook.timezone="Europe/Berlin"')
        seen = await one.get(request_configuration=asked)
        assert (seen.subject, seen.start, seen.single_value_extended_properties[0].value) == ("Standup", None, "k1")
        assert (await one.patch(Event(subject="New"))).subject == "New"
        await one.delete()
        with pytest.raises(ODataError) as caught:
            await one.get()
        assert (caught.value.response_status_code, caught.value.error.code) == (404, "ErrorItemNotFound")

    tell(story)


def test_a_series_is_expanded_and_one_occurrence_changed(tell: Callable[[Story], None]) -> None:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.models.event import Event
    from msgraph.generated.models.event_type import EventType
    from msgraph.generated.users.item.events.item.instances.instances_request_builder import InstancesRequestBuilder

    async def story(client: Any) -> None:
        made = await client.me.events.post(meeting(recurrence=weekly()))
        assert made.type == EventType.SeriesMaster
        query = InstancesRequestBuilder.InstancesRequestBuilderGetQueryParameters(
            start_date_time="2026-11-01", end_date_time="2026-11-20"
        )
        asked = RequestConfiguration(query_parameters=query)
        instances = client.me.events.by_event_id(made.id).instances
        second = (await instances.get(request_configuration=asked)).value[1]
        await client.me.events.by_event_id(second.id).patch(Event(subject="Special"))
        seen = (await instances.get(request_configuration=asked)).value
        assert [(each.type, each.subject) for each in seen] == [
            (EventType.Occurrence, "Standup"),
            (EventType.Exception, "Special"),
            (EventType.Occurrence, "Standup"),
        ]
        assert f"{seen[1].original_start:%Y-%m-%dT%H:%M}" == "2026-11-09T08:00"

    tell(story)


def test_delta_rounds_with_the_clients_own_spelling(tell: Callable[[Story], None]) -> None:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder

    async def story(client: Any) -> None:
        for number in range(3):
            await client.me.events.post(meeting(subject=f"Meeting {number}"))
        delta = client.me.calendar_view.delta
        query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
            start_date_time="2026-11-01T00:00:00Z", end_date_time="2026-12-01T00:00:00Z"
        )
        asked = RequestConfiguration(query_parameters=query)
        asked.headers.add("Prefer", "odata.maxpagesize=2")
        first = await delta.get(request_configuration=asked)
        assert (len(first.value), first.odata_delta_link) == (2, None)
        last = await delta.with_url(first.odata_next_link).get()
        await client.me.events.by_event_id(first.value[0].id).delete()
        later = await delta.with_url(last.odata_delta_link).get()
        assert [each.id for each in later.value] == [first.value[0].id]
        assert later.value[0].additional_data["@removed"] == {"reason": "deleted"}

    tell(story)


def test_a_batch_of_the_clients_own_making(tell: Callable[[Story], None]) -> None:
    from msgraph.generated.models.event import Event
    from msgraph_core.requests.batch_request_content import BatchRequestContent
    from msgraph_core.requests.batch_request_item import BatchRequestItem

    async def story(client: Any) -> None:
        made = await client.me.events.post(meeting())
        one = client.me.events.by_event_id(made.id)
        content = BatchRequestContent()
        for name, asked in (
            ("read", one.to_get_request_information()),
            ("change", one.to_patch_request_information(Event(subject="New"))),
        ):
            content.add_request(name, BatchRequestItem(asked, id=name))
        answers = await client.batch.post(content)
        assert {name: answer.status for name, answer in answers.responses.items()} == {"read": 200, "change": 200}
        assert (await one.get()).subject == "New"

    tell(story)
