//! Who is writing, and how sure that is.
