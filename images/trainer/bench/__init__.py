"""How fast the trainer takes a step and in how much memory: against TRL's, and against what the device can do.

Not in the image; `npm run bench -- trainer` runs it, and so does `python -m bench` in images/trainer where there is no
Node."""
