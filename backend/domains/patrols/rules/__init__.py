"""Rules of patrols and rosters: values in, values out."""
