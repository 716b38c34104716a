"""Facts about a function: kinds, shapes, aliases, activity, liveness, effects. Changes nothing."""
