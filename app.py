"""The WSGI application: `gunicorn app:app`, `flask --app app …`."""

import gc
import os
import sys

from backend import create_app
from backend.core import observability
from backend.core.config import BadSettings, Settings

_COMMAND = os.environ.get("FLASK_RUN_FROM_CLI") == "true"

try:
    settings = Settings.from_env()
except BadSettings as fault:
    print(fault, file=sys.stderr)  # noqa: T201 - there is no log yet, and somebody is waiting in a terminal
    sys.exit(1 if _COMMAND else 3)  # 3 tells gunicorn that it would help nothing to start the process again

if not _COMMAND:  # commands talk to people; what serves talks to whatever collects the logs
    observability.configure(settings.log_level)
app = create_app(settings)
if not _COMMAND:
    # What is loaded by now stays. A push makes tens of thousands of objects at once: the collector would else go through them every 700.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
