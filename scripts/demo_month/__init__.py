"""The demo month: a month of the district in minutes, driven through the public API under the demo's own clock, and checked.

`oracle.py` works deadlines out a second time, by other means; `staff.py` who works; `office.py` how they ask; `snaps.py` their photos;
`case.py` what is done with one finding and what was noted of it; `lives.py` the lives findings have; `play.py` lets time pass;
`rates.py` counts, `checks.py` says what must hold, `tables.py` prints, `run.py` is the whole.
"""
