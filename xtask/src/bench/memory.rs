//! B6: how much memory a backfill takes, and how that grows with the shop.

use std::path::Path;

use super::{
    backfill::ours,
    build::Programs,
    pairs::Several,
    report::{Goal, Report, figure},
    shop::Shop,
};

/// Measures a small and a large shop.
///
/// # Errors
/// When something cannot be started.
pub(super) async fn measure(
    programs: &Programs,
    folder: &Path,
    seed: u64,
    quick: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let sizes: [u64; 2] = if quick {
        [1_000, 5_000]
    } else {
        [10_000, 300_000]
    };
    let empty = Shop::start(programs, 0, seed, &[])?;
    let mut peaks = Vec::new();
    for orders in sizes {
        println!("Reading a shop of {orders} orders.");
        let shop = Shop::start(programs, orders, seed, &["--lazily"])?;
        let data = folder.join("memory");
        let (spent, read) = ours(programs, &data, &shop, &empty).await?;
        anyhow::ensure!(read >= orders, "ours read {read} orders of {orders}");
        println!(
            "  peak {} MiB, {:.1} s CPU, {:.1} s wall",
            figure(spent.peak_mib),
            spent.cpu_s,
            spent.wall_s
        );
        peaks.push(spent);
        std::fs::remove_dir_all(&data)?;
    }
    let peak = |at: usize| peaks.get(at).map_or(0.0, |spent| spent.peak_mib);
    let one = |value: f64| Several::of([value]);
    let growth = peak(1) / peak(0).max(1.0);
    report.goal(
        Goal::at_most(
            "B6",
            "peak memory, larger shop",
            "<= 128 MiB",
            128.0,
            one(peak(1)),
        )
        .in_unit("MiB"),
    );
    report.goal(Goal::at_most(
        "B6",
        "its growth from the smaller shop",
        "<= 1.2x",
        1.2,
        one(growth),
    ));
    report.detail("memory", &peaks)
}
