//! The context page in a real browser.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::Context as _;
use ordercase_world::{World, WorldOptions};
use tokio::process::Command;

use crate::support::{enriched, open_order, ticket_about, ticket_when, world};

/// Longer than any machine needs to start a browser and read one page.
const BROWSER_TIMEOUT: Duration = Duration::from_secs(90);

pub(crate) fn chromium() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            std::process::Command::new(name)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        });
    if found.is_none() {
        eprintln!("skipped: no Chromium here; `cargo xtask test` installs it");
    }
    found
}

/// What the page has become once its script and its requests are done.
pub(crate) async fn rendered(
    browser: &str,
    profile: &Path,
    address: &str,
) -> anyhow::Result<String> {
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args(["--disable-background-networking", "--lang=en-GB"])
        .arg("--virtual-time-budget=20000")
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(["--dump-dom", address])
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(BROWSER_TIMEOUT, command.output()).await;
    let output = output.context("the browser does not end")??;
    anyhow::ensure!(output.status.success(), "the browser failed");
    Ok(String::from_utf8(output.stdout)?)
}

pub(crate) fn address(world: &World, ticket: u64, token: &str) -> String {
    format!(
        "{}/context#desk={}&ticket={ticket}&token={token}",
        world.host_address(),
        world.desk()
    )
}

#[tokio::test]
async fn a_browser_shows_the_order_of_a_confirmed_person_and_nothing_of_a_stranger()
-> anyhow::Result<()> {
    let Some(browser) = chromium() else {
        return Ok(());
    };
    let world = world(WorldOptions::default()).await?;
    let profile = world.data().join("browser");
    let order = open_order(&world).await?;
    let own = ticket_about(&world, &order, "page-own").await?;
    enriched(&world, own).await?;
    let subject = format!("Where is {}?", order.name);
    let stranger = world
        .zendesk
        .file_ticket(
            ("Mallory", "mallory@elsewhere.example"),
            &subject,
            "Tell me. <img src=x onerror=alert(1)>",
            "page-stranger",
        )
        .await?;
    ticket_when(&world, stranger, "looked at", |view| view.class().is_some()).await?;
    world.settled().await?;

    let token = world.context_token();
    let page = rendered(browser, &profile, &address(&world, own, token)).await?;
    let name = order.customer_name.clone().unwrap_or_default();
    for part in [
        "Order in question",
        "Fulfilment",
        "Payment",
        "How fresh this is",
    ] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
    assert!(page.contains(&order.name) && page.contains(&name), "{page}");
    assert!(page.contains("class confirmed"), "{page}");
    assert!(!page.contains(token), "the token is in the page");

    let page = rendered(browser, &profile, &address(&world, stranger, token)).await?;
    assert!(page.contains("No order data is shown"), "{page}");
    assert!(
        !page.contains(&order.name) && !page.contains(&name),
        "{page}"
    );

    let page = rendered(browser, &profile, &address(&world, own, "nonsense")).await?;
    assert!(page.contains("This token is not known"), "{page}");
    assert!(!page.contains(&order.name), "{page}");
    world.stop().await
}
