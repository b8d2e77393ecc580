//! From one ticket event to committed effects.
