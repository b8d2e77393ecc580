//! The loop around the core, for callers that have a network and a clock.

use super::ports::{Clock, HttpPort};
use super::step::Step;
use super::{Emulator, Start, StartError, Trace};

/// Runs a flow to its end over the ports.
///
/// # Errors
/// [`StartError`] where the flow does not start; a flow that fails is a [`Trace`].
pub async fn drive(
    emulator: &Emulator,
    start: Start,
    http: &dyn HttpPort,
    clock: &dyn Clock,
) -> Result<Trace, StartError> {
    let mut step = emulator.start(start, clock.now())?;
    loop {
        step = match step {
            Step::Http(call) => {
                let answer = http.send(call.request()).await;
                call.answer(answer, clock.now())
            }
            Step::Wait(pause) => {
                clock.wait(pause.duration()).await;
                pause.over(clock.now())
            }
            Step::Done(trace) => return Ok(*trace),
        };
    }
}
