"""`flask worker`: the process that does what happens by itself."""

from __future__ import annotations

from functools import partial

import click
from flask import current_app
from flask.cli import with_appcontext
from huey.consumer import Consumer

from backend.core import observability
from backend.core.config import Settings
from backend.entrypoints.cli import operator
from backend.entrypoints.worker import Jobs, deliveries, nightly, photos, queue, residents, sweeps, tasks


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now and stop.")
@click.option("--threads", default=2, show_default=True, help="How many tasks run side by side.")
@with_appcontext
def command(*, once: bool, threads: int) -> None:
    """Examine photos, follow the journal, sweep what is due."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the proxy's documented way to the application
    settings: Settings = app.extensions["linping.settings"]
    operator.refuse_demo_clock(settings)
    if once:
        tasks.settle(app)
        return
    observability.configure(settings.log_level)
    jobs = Jobs(queue(settings))

    def tick() -> None:
        tasks.react(app)
        if tasks.has_due_photos(app):
            jobs.examine()
        deliveries.call_if_due(app, jobs.deliver)

    def minutely() -> None:
        tasks.each(app, tasks.judge_left, tasks.recompute_deadlines, sweeps.sweep, lambda _app: tick())

    def examine() -> None:
        while photos.examine_due(app):
            tasks.react(app)

    def by_night() -> None:
        tasks.each(app, photos.sweep_uploads, tasks.forget_stale, nightly.retire, nightly.forget_absent)
        tasks.each(app, residents.erase_contacts, deliveries.forget_old, nightly.verify_sync)

    def weekly() -> None:
        tasks.each(app, nightly.verify_by_replay)

    jobs.run["deliver"] = partial(deliveries.deliver_alone, app)
    jobs.run.update(tick=tick, examine=examine, minutely=minutely, nightly=by_night, weekly=weekly)
    Consumer(jobs.huey, workers=threads, max_delay=0.5, flush_locks=True).run()
