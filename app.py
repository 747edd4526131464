"""The WSGI application: `gunicorn app:app`, `flask --app app …`."""

from backend import create_app
from backend.core.config import Settings

app = create_app(Settings.from_env())
