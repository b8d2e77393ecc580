//! The engine against a scripted world under a clock of its own.
