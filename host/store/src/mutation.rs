//! The switch by which the simulation turns a guard off, to prove that it would notice.
//!
//! `mutated!(Name)` stands in the guard's own place. Without the feature `simulation` it is the word `false`, so
//! the product holds neither switch nor wrong path; nothing in the workspace asks for that feature but the
//! simulation itself (`docs/simulation.md`).

#[cfg(feature = "simulation")]
macro_rules! mutated {
    ($guard:ident) => {
        crate::simulation::is_off(crate::simulation::Mutation::$guard)
    };
}
#[cfg(not(feature = "simulation"))]
macro_rules! mutated {
    ($guard:ident) => {
        false
    };
}
pub(crate) use mutated;
