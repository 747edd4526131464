"""The demo day: a phone made of nothing but HTTP works a day offline, brings it home over a bad line, and prints what became of it.

`ground.py` picks places, `day.py` draws the day, `scene.py` its photos, `work.py` does it on the phone, `checks.py` says what must hold,
`table.py` prints, `run.py` is the whole.
"""
