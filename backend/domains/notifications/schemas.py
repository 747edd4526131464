"""Messages, preferences and webhooks as they are sent and answered."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from backend.domains.notifications.rules.kinds import CHANNELS
from backend.domains.notifications.rules.preferences import ADDRESS_LENGTH, DAY_MINUTES, LANGUAGES, minute_of
from backend.domains.notifications.rules.webhooks import URL_LENGTH

_MOST_KINDS = 200


def _time_of_day(value: str) -> None:
    try:
        minute = minute_of(value)
    except ValueError as error:
        raise ValidationError("HH:MM") from error
    assert minute < DAY_MINUTES


_clock: Any = {"validate": _time_of_day, "metadata": {"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "description": "HH:MM in the district"}}
_channels = {"description": "in_app: the inbox; email: a mail at once; digest: a line of the daily mail; webhook: a signed POST"}


class ListMessages(Schema):
    """A page of the inbox, the newest first; `unread`: only what is not read."""

    unread = fields.Boolean(load_default=False)
    cursor = fields.String(load_default=None)
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))


class MessageDoc(Schema):
    """A message. `facts` are what its words are made from; before `alert_at` (quiet hours) it is shown without sound."""

    id = fields.UUID()
    kind = fields.String()
    title = fields.String()
    title_zh = fields.String()
    text = fields.String()
    text_zh = fields.String()
    subject_type = fields.String()
    subject = fields.String()
    facts = fields.Dict(keys=fields.String())
    at = fields.AwareDateTime()
    alert_at = fields.AwareDateTime()
    urgent = fields.Boolean()
    read_at = fields.AwareDateTime(allow_none=True)


class MessagesPage(Schema):
    """A page of the inbox; `unread` counts all that is not read."""

    items = fields.List(fields.Nested(MessageDoc()))
    unread = fields.Integer()
    next = fields.String(allow_none=True)


class ReadMessages(Schema):
    """Everything read, or everything up to and with the message `through`: so that none is marked that came meanwhile."""

    through = fields.UUID(load_default=None, allow_none=True)


class MessagesRead(Schema):
    """How many were marked, and how many are not read now."""

    marked = fields.Integer()
    unread = fields.Integer()


class MessageKindDoc(Schema):
    """A kind of message: its title with facts in braces, and how it comes unless chosen otherwise. Urgent: also in quiet hours."""

    name = fields.String()
    title = fields.String()
    title_zh = fields.String()
    urgent = fields.Boolean()
    channels = fields.List(fields.String(), metadata=_channels)


class MessageKindsList(Schema):
    """All kinds."""

    items = fields.List(fields.Nested(MessageKindDoc()))


class QuietHours(Schema):
    """Since when until when nothing is mailed and phones are silent, but for what is urgent; may cross midnight."""

    since = fields.String(required=True, **_clock)
    until = fields.String(required=True, **_clock)


class SetPreferences(Schema):
    """All of one's choices as a whole. `channels` maps a kind, or `*` for those not named, to channels; kinds left out keep their own."""

    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES), metadata={"description": "of mails"})
    channels = fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=80)),
        values=fields.List(fields.String(validate=validate.OneOf(CHANNELS)), validate=validate.Length(max=len(CHANNELS))),
        required=True,
        validate=validate.Length(max=_MOST_KINDS),
        metadata=_channels,
    )
    quiet = fields.Nested(QuietHours(), required=True, allow_none=True)
    digest_at = fields.String(required=True, allow_none=True, **_clock)


class QuietHoursDoc(Schema):
    """Quiet hours."""

    since = fields.String()
    until = fields.String()


class PreferencesDoc(Schema):
    """One's choices, and the e-mail address; nothing but its code is mailed there before `email_confirmed_at`."""

    language = fields.String()
    channels = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), metadata=_channels)
    quiet = fields.Nested(QuietHoursDoc(), allow_none=True)
    digest_at = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    email_confirmed_at = fields.AwareDateTime(allow_none=True)


class SetEmail(Schema):
    """An e-mail address; a mail with a code goes there."""

    email = fields.String(required=True, validate=validate.Length(min=3, max=ADDRESS_LENGTH + 20))


class ConfirmEmail(Schema):
    """The eight digits of that mail."""

    code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{8}$", error="eight digits"))


_url = validate.Length(min=1, max=URL_LENGTH)
_label = validate.Length(min=1, max=100)
_kinds: Any = {"allow_none": True, "validate": validate.Length(min=1, max=_MOST_KINDS), "metadata": {"description": "null: every kind"}}
_named: Any = fields.String(validate=validate.Length(min=1, max=80))


class CreateWebhook(Schema):
    """Where one's own messages are posted."""

    url = fields.String(required=True, validate=_url)
    name = fields.String(required=True, validate=_label)
    kinds = fields.List(_named, load_default=None, **_kinds)


class ChangeWebhook(Schema):
    """What changes; what is left out stays."""

    url = fields.String(validate=_url)
    name = fields.String(validate=_label)
    kinds = fields.List(_named, **_kinds)


class WebhookDoc(Schema):
    """A webhook. After a failure nothing is posted before `retry_at`; `disabled_why`: owner, failures, gone (410), role (it ended)."""

    id = fields.UUID()
    url = fields.String()
    name = fields.String()
    kinds = fields.List(fields.String(), allow_none=True)
    created_at = fields.AwareDateTime()
    former_secret_until = fields.AwareDateTime(allow_none=True)
    failures = fields.Integer()
    retry_at = fields.AwareDateTime(allow_none=True)
    last_success_at = fields.AwareDateTime(allow_none=True)
    last_failure_at = fields.AwareDateTime(allow_none=True)
    last_fault = fields.String(allow_none=True)
    disabled_at = fields.AwareDateTime(allow_none=True)
    disabled_why = fields.String(allow_none=True)


class WebhookWithSecret(WebhookDoc):
    """A webhook with its secret, which is shown this once."""

    secret = fields.String()


class WebhooksList(Schema):
    """One's own webhooks."""

    items = fields.List(fields.Nested(WebhookDoc()))


class ListDeliveries(Schema):
    """A page of what was posted, the newest first."""

    cursor = fields.String(load_default=None)
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))


class DeliveryDoc(Schema):
    """One delivery: due, sent, given_up or dropped. `id` is the webhook-id of each of its attempts; `fault` of the last."""

    id = fields.UUID()
    what = fields.String()
    message = fields.UUID(allow_none=True)
    state = fields.String()
    attempts = fields.Integer()
    created_at = fields.AwareDateTime()
    next_at = fields.AwareDateTime()
    settled_at = fields.AwareDateTime(allow_none=True)
    fault = fields.String(allow_none=True)


class DeliveriesPage(Schema):
    """A page of deliveries."""

    items = fields.List(fields.Nested(DeliveryDoc()))
    next = fields.String(allow_none=True)
