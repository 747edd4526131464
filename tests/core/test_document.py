"""The document's laws: what is sent, what is answered, refusals, enumerations."""

from __future__ import annotations

import pytest
from flask import Flask
from marshmallow import Schema, fields, validate

from backend.core.cursors import BadCursor
from backend.core.http.api import Api, Blueprint
from backend.core.http.callers import caller, public
from backend.core.problems import IdTaken
from tests.make import documented

COLOURS = ("red", "green")


def made(declare):
    """The document of a blueprint that `declare` fills."""
    return served(declare)[1].spec.to_dict()


def served(declare):
    """Its application."""
    app = Flask(__name__)
    app.config.update(API_TITLE="t", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    api = Api(app)
    blueprint = Blueprint("things", __name__)
    declare(blueprint)
    api.register_blueprint(blueprint)
    return app, api


def test_an_answer_has_all_its_fields_and_may_get_more():
    class Thing(Schema):
        """A thing."""

        name = fields.String(allow_none=True)
        late = fields.Boolean(metadata={"sometimes": True})

    def declare(blueprint):
        @blueprint.get("/things")
        @public
        @blueprint.response(200, Thing())
        def get_thing():
            """A thing."""

    thing = made(declare)["components"]["schemas"]["Thing"]
    assert thing["required"] == ["name"]
    assert "additionalProperties" not in thing
    assert thing["description"] == "A thing."
    assert thing["properties"]["name"]["type"] == ["string", "null"]


def test_what_is_sent_refuses_unknown_fields_and_says_what_may_be_left_out():
    class Order(Schema):
        name = fields.String(required=True)
        note = fields.String(load_default=None, allow_none=True)
        many = fields.Integer(load_default=1)

    def declare(blueprint):
        @blueprint.post("/orders")
        @public
        @blueprint.arguments(Order())
        def place_order(payload):
            """Order."""

    order = made(declare)["components"]["schemas"]["Order"]
    assert order["required"] == ["name"]
    assert order["additionalProperties"] is False
    assert "default" not in order["properties"]["note"]
    assert order["properties"]["many"]["default"] == 1


def test_a_schema_is_sent_or_answered_not_both_also_within_others():
    class Inner(Schema):
        name = fields.String()

    class Sent(Schema):
        inner = fields.List(fields.Nested(Inner()))

    class Answered(Schema):
        inner = fields.Dict(values=fields.Nested(Inner()))

    blueprint = Blueprint("both", __name__)
    blueprint.arguments(Sent())
    with pytest.raises(TypeError, match="Inner is both sent and answered"):
        blueprint.response(200, Answered())


def test_a_parameter_of_a_query_cannot_be_null():
    class Query(Schema):
        after = fields.String(load_default=None)
        colour = fields.String(load_default=None, validate=validate.OneOf(COLOURS))

    def declare(blueprint):
        @blueprint.get("/list")
        @public
        @blueprint.arguments(Query(), location="query")
        def list_things(query):
            """Things."""

    after, colour = (each["schema"] for each in made(declare)["paths"]["/list"]["get"]["parameters"])
    assert after == {"type": "string"}
    assert colour == {"type": "string", "enum": list(COLOURS)}


def test_an_enumeration_with_a_name_is_one_schema_wherever_it_stands():
    class Lamp(Schema):
        now = fields.String(validate=validate.OneOf(COLOURS), metadata={"named": "Colour", "description": "At present"})
        before = fields.String(allow_none=True, validate=validate.OneOf(COLOURS), metadata={"named": "Colour"})
        other = fields.String(allow_none=True, validate=validate.OneOf(COLOURS))

    def declare(blueprint):
        @blueprint.get("/lamp")
        @public
        @blueprint.response(200, Lamp())
        def get_lamp():
            """A lamp."""

    schemas = made(declare)["components"]["schemas"]
    colour, null = {"type": "string", "enum": list(COLOURS)}, {"type": "null"}
    assert schemas["Colour"] == colour
    shown = schemas["Lamp"]["properties"]
    assert shown["now"] == {"$ref": "#/components/schemas/Colour", "description": "At present"}
    assert shown["before"] == {"anyOf": [{"$ref": "#/components/schemas/Colour"}, null]}
    assert shown["other"] == {"anyOf": [colour, null]}


def test_two_enumerations_cannot_share_a_name():
    class One(Schema):
        colour = fields.String(validate=validate.OneOf(COLOURS), metadata={"named": "Colour"})
        other = fields.String(validate=validate.OneOf(["blue"]), metadata={"named": "Colour"})

    def declare(blueprint):
        blueprint.describe(lambda api: {"Made": api.answered(One())})

    with pytest.raises(TypeError, match="share the name 'Colour'"):
        made(declare)


def test_refusals_follow_from_caller_path_and_body_and_are_declared_by_their_slugs():
    class Move(Schema):
        to = fields.String()

    def declare(blueprint):
        @blueprint.post("/things/<uuid:thing>")
        @caller("inspector")
        @blueprint.arguments(Move())
        @blueprint.refuses(IdTaken, BadCursor)
        def move_thing(payload, thing):
            """Move it."""

        @blueprint.get("/things")
        @public
        def list_things():
            """Things."""

    paths = made(declare)["paths"]
    answers = paths["/things/{thing}"]["post"]["responses"]
    assert {"400", "401", "403", "404", "409", "413", "415", "422", "503", "default"} <= set(answers)
    assert answers["401"] == {"$ref": "#/components/responses/UNAUTHENTICATED"}
    assert answers["409"]["description"] == f"`id_taken`: {IdTaken.title}."
    assert answers["422"]["description"] == f"`invalid`: A field is missing, unknown or wrong. `bad_page_cursor`: {BadCursor.title}."
    assert "application/problem+json" in answers["422"]["content"]
    assert not {"401", "403", "404", "409", "422"} & set(paths["/things"]["get"]["responses"])


def test_an_answer_that_differs_from_the_document_is_noticed():
    class Shown(Schema):
        name = fields.String()

    def declare(blueprint):
        @blueprint.get("/api/v1/whole")
        @public
        @blueprint.response(200, Shown())
        def get_whole():
            """As it says."""
            return {"name": "lamp"}

        @blueprint.get("/api/v1/part")
        @public
        @blueprint.response(200, Shown())
        def get_part():
            """Less than it says."""
            return {}

    app, api = served(declare)
    app.extensions["linping.api"] = api
    documented.watch(app)
    documented.differences.clear()
    client = app.test_client()
    client.get("/api/v1/whole")
    assert documented.differences == []
    client.get("/api/v1/part")
    assert documented.differences == ["GET /api/v1/part 200 OK: $: 'name' is a required property"]
    documented.differences.clear()
