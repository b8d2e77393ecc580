//! Cases and tickets kept in step.
