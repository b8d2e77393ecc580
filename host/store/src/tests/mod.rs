//! Tests of the whole store on a real file.
