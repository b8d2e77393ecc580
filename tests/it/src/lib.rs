//! Nothing: the tests lie in `main.rs` beside this folder. Cargo wants a library.
