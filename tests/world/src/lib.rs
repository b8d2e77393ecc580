//! Builds whole worlds for tests and the demo.
