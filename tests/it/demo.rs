//! The demo's three tickets, with many seeds and twice over.

use std::time::Instant;

use ordercase_world::{TicketReport, World, WorldOptions, stories};

use crate::support::world;

pub(crate) async fn three(world: &mut World, seed: u64) -> anyhow::Result<Vec<TicketReport>> {
    let mut reports = Vec::new();
    for story in stories(world, seed).await? {
        let ticket = world.file(&story, &seed.to_string()).await?;
        reports.push(world.judge(&story, ticket, Instant::now()).await?);
    }
    Ok(reports)
}

#[tokio::test]
async fn three_tickets_are_right_with_twenty_seeds() -> anyhow::Result<()> {
    for seed in 1..=20 {
        let mut world = world(WorldOptions {
            seed,
            orders: 40,
            ..WorldOptions::default()
        })
        .await?;
        for report in three(&mut world, seed).await? {
            assert!(
                report.ok,
                "seed {seed}, {:?}: {:?}\n{:?}",
                report.name, report.wrong, report.view
            );
        }
        world.settled().await?;
        world.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_second_run_on_the_same_data_changes_nothing() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let options = WorldOptions {
        data: Some(data.path().to_owned()),
        ..WorldOptions::default()
    };
    let mut first = world(options.clone()).await?;
    let before = three(&mut first, options.seed).await?;
    first.settled().await?;
    first.stop().await?;

    let mut second = world(options.clone()).await?;
    assert!(second.resumed);
    let after = three(&mut second, options.seed).await?;
    second.settled().await?;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.ticket, after.ticket);
        assert_eq!(before.case, after.case);
        let now = second.zendesk.ticket(after.ticket).await?;
        assert_eq!(
            (&before.view.tags, &before.view.fields, &before.view.notes),
            (&now.tags, &now.fields, &now.notes)
        );
        assert_eq!(
            before.view.audits, now.audits,
            "something was written a second time"
        );
    }
    second.stop().await
}
