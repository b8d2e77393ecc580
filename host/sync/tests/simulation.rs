//! The engine under simulation: nothing is violated as it is, and something is for every guard that is turned off.

use std::time::{Duration, Instant};

use ordercase_sync::simulation::{Mutation, Simulator, campaign};

/// How long the interleavings of the suite may take.
const TIME: Duration = Duration::from_secs(40);
/// Interleavings of the suite, where there is time for them.
const INTERLEAVINGS: u64 = 4_000;
/// Runs within which a guard that is off must be noticed.
const RUNS_MAX: u64 = 2_000;

#[test]
fn a_seed_takes_the_same_way_again() {
    let (simulator, other) = (Simulator::new().unwrap(), Simulator::new().unwrap());
    for seed in 0..150 {
        let first = simulator.run(seed, None, false).unwrap();
        let again = other.run(seed, None, true).unwrap();
        assert_eq!(first.digest, again.digest, "seed {seed}");
        assert!(!again.trace.is_empty());
    }
}

#[test]
fn nothing_is_violated() {
    let begun = Instant::now();
    let (mut seed, mut steps) = (0, 0);
    while seed < INTERLEAVINGS && begun.elapsed() < TIME {
        let figures = campaign(seed, 100, 2, 1, &|_| {}).unwrap();
        for found in &figures.violations {
            println!("{}", found.trace.join("\n"));
            panic!("seed {}: {:?}", found.seed, found.violation);
        }
        seed += 100;
        steps += figures.steps;
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{seed} interleavings, {steps} steps, {seconds:.0} s");
}

/// Guards are noticed in parallel: each thread turns its own off.
#[test]
fn every_guard_is_missed_when_it_is_off() {
    let next = std::sync::Mutex::new(Mutation::ALL.into_iter());
    let unnoticed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let simulator = Simulator::new().unwrap();
                loop {
                    let Some(guard) = next.lock().unwrap().next() else {
                        return;
                    };
                    match simulator.find(guard, 0, RUNS_MAX).unwrap() {
                        Some(found) => {
                            let with_it = simulator.run(found.seed, None, false).unwrap();
                            assert_eq!(with_it.violation, None, "seed {}", found.seed);
                            let (seed, what) = (found.seed, found.violation.unwrap());
                            println!("without {guard:?}: seed {seed}: {what}");
                        }
                        None => unnoticed.lock().unwrap().push(guard),
                    }
                }
            });
        }
    });
    let unnoticed = unnoticed.into_inner().unwrap();
    assert!(unnoticed.is_empty(), "nobody misses {unnoticed:?}");
}

#[test]
fn a_year_with_a_dead_help_desk_stays_within_its_bounds() {
    let year = Simulator::new().unwrap().a_year(1).unwrap();
    println!("{year:?}");
    assert_eq!(year.violation, None);
    assert_eq!(year.days, 365);
    assert!(year.journal > year.effects, "it did try again");
}
