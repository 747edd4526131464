"""Deadlines: until when a thing must be done, and why until then.

Nouns: limit (2 working hours, 5 working days, …), working calendar (days off, make-up working days, dated working hours, with a stated
coverage of years), clock event (paused, resumed, suspended, extended, stopped, restarted), deadline, step of its explanation.

A deadline is a pure function of limit, start, calendar version and event list. Where the calendar does not reach it stays null and
`awaiting_calendar`: nothing beyond the coverage is guessed.

Below it: territory, catalog, audit, identity. It knows nothing of findings, which give it limits and events and keep its answers.
"""
