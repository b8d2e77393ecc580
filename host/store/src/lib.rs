//! All SQL of Ordercase.
