//! The store's switch of the same name, for the guards of the engine.

#[cfg(feature = "simulation")]
macro_rules! mutated {
    ($guard:ident) => {
        ordercase_store::simulation::is_off(ordercase_store::simulation::Mutation::$guard)
    };
}
#[cfg(not(feature = "simulation"))]
macro_rules! mutated {
    ($guard:ident) => {
        false
    };
}
pub(crate) use mutated;
