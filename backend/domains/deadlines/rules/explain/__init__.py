"""Why a deadline is when it is: `steps` as data, `sentences` for people in Chinese and English."""
