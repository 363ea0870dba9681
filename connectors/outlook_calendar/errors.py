"""What Graph says about events in particular."""

from __future__ import annotations

from connectors.graph_errors import Dialect

DUPLICATE = "ErrorDuplicateTransactionId"
CROSSING = "ErrorOccurrenceCrossingBoundary"

_CODES = {
    CROSSING: "occurrences",
    "ErrorInvalidRecipients": "attendees",
    "TimeZoneNotSupportedException": "start",
    "ErrorInvalidTimeZone": "start",
    "ErrorCalendarEndDateIsEarlierThanStartDate": "end",
    "ErrorCalendarDurationIsTooLong": "end",
    "ErrorRecurrenceHasNoOccurrence": "recurrence",
    "ErrorRecurrenceEndDateTooBig": "recurrence",
}
_PROPERTIES = {
    "subject": "subject",
    "body": "body",
    "location": "location",
    "start": "start",
    "end": "end",
    "isAllDay": "start",
    "showAs": "showAs",
    "sensitivity": "sensitivity",
    "importance": "importance",
    "categories": "categories",
    "reminderMinutesBeforeStart": "reminder",
    "recurrence": "recurrence",
}

classify = Dialect(
    title="Outlook",
    permission="Calendars.ReadWrite",
    codes=_CODES,
    properties=_PROPERTIES,
    words={"recurrence": "recurrence"},
).classify
