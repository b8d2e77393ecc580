//! `cargo xtask demo`: the main job, shown and judged by reading the simulated Zendesk back.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use ordercase_world::{
    Plan, ShipmentReport, ShopOrder, Step, TicketName, TicketReport, TicketView, World,
    WorldOptions, stories,
};
use serde::Serialize;

use crate::build;

/// Orders of the simulated shop.
const ORDERS: u32 = 2_000;

/// Shows the main job, end to end.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Leaves everything running, and prints the addresses and a `curl` to try
    #[arg(long)]
    keep: bool,
    /// Keeps the state of host and simulators here; a second run finds the same tickets
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Varies customers, orders and texts
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Orders of the simulated shop
    #[arg(long, value_name = "N", default_value_t = ORDERS)]
    orders: u32,
    /// Writes the result as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Starts what is built already
    #[arg(long)]
    no_build: bool,
}

impl Demo {
    /// The command without options, of what is built already.
    pub(crate) fn of_built() -> Self {
        Self {
            keep: false,
            data: None,
            seed: 1,
            orders: ORDERS,
            json: None,
            no_build: true,
        }
    }
}

/// The shape of `--json`.
#[derive(Debug, Serialize)]
struct Outcome {
    ok: bool,
    orders: u64,
    seconds: f64,
    tickets: Vec<TicketReport>,
    shipment_update: ShipmentReport,
}

/// Runs the demo.
///
/// # Errors
/// When something cannot be built or started, or a ticket is not as it must be.
pub(crate) fn run(demo: &Demo) -> anyhow::Result<()> {
    if !demo.no_build {
        build::all()?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(show(demo))
}

async fn show(demo: &Demo) -> anyhow::Result<()> {
    let start = Instant::now();
    let options = WorldOptions {
        data: demo.data.clone(),
        seed: demo.seed,
        orders: demo.orders,
        plan: Plan::Plus,
        ..WorldOptions::default()
    };
    let (mut world, orders) = start_world(options).await?;
    let tickets = three_tickets(&mut world, demo.seed).await?;
    let shipment_update = shipment(&world, demo.seed, &tickets).await?;
    let ok = shipment_update.ok && tickets.iter().all(|ticket| ticket.ok);
    let seconds = start.elapsed().as_secs_f64();
    let outcome = Outcome {
        ok,
        orders,
        seconds,
        tickets,
        shipment_update,
    };
    if let Some(file) = &demo.json {
        std::fs::write(file, serde_json::to_vec_pretty(&outcome)?)?;
    }
    println!(
        "\n{} in {seconds:.1} s.",
        if ok {
            "All is as it must be"
        } else {
            "NOT as it must be"
        }
    );
    if demo.keep {
        keep(&world, &outcome).await?;
    }
    world.stop().await?;
    anyhow::ensure!(ok, "the demo's tickets are not as they must be");
    Ok(())
}

async fn start_world(options: WorldOptions) -> anyhow::Result<(World, u64)> {
    let bar = ProgressBar::hidden();
    let style =
        ProgressStyle::with_template("  {bar:40} {pos}/{len} orders, {per_sec}, {eta} to go")?;
    bar.set_style(style);
    let mut stored = 0;
    let mut drawn = false;
    let world = World::start(options, &mut |step| match step {
        Step::Says(text) => println!("{text}"),
        Step::Backfill { done, total } => {
            if !drawn {
                println!("Reading the shop's orders.");
                bar.set_draw_target(indicatif::ProgressDrawTarget::stdout());
                drawn = true;
            }
            bar.set_length(total.max(done));
            bar.set_position(done);
            stored = done;
        }
    })
    .await?;
    bar.finish();
    println!("{stored} orders stored.");
    Ok((world, stored))
}

async fn three_tickets(world: &mut World, seed: u64) -> anyhow::Result<Vec<TicketReport>> {
    let mut reports = Vec::new();
    for story in stories(world, seed).await? {
        let filed = Instant::now();
        let ticket = world.file(&story, &seed.to_string()).await?;
        println!(
            "\nTicket {ticket}: \"{}\" from {}",
            story.subject, story.email
        );
        println!("  before: {}", line(&world.zendesk.ticket(ticket).await?));
        let report = world.judge(&story, ticket, filed).await?;
        println!("  after:  {}", line(&report.view));
        for note in &report.view.notes {
            println!("  note:   {}", note.replace('\n', "\n          "));
        }
        println!("  {}, {:.2} s", verdict(&report), report.seconds);
        reports.push(report);
    }
    Ok(reports)
}

fn verdict(report: &TicketReport) -> String {
    if report.ok {
        let case = report.case.as_deref().unwrap_or("none");
        let class = report.class.as_deref().unwrap_or("none");
        return format!("right: match {class}, case {case}");
    }
    format!("WRONG: {}", report.wrong.join("; "))
}

fn line(view: &TicketView) -> String {
    let fields: Vec<String> = view
        .fields
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let tags = if view.tags.is_empty() {
        "no tags".to_owned()
    } else {
        view.tags.join(" ")
    };
    let fields = if fields.is_empty() {
        "no fields".to_owned()
    } else {
        fields.join(", ")
    };
    format!(
        "{}; {tags}; {fields}; notes: {}",
        view.status,
        view.notes.len()
    )
}

async fn shipment(
    world: &World,
    seed: u64,
    tickets: &[TicketReport],
) -> anyhow::Result<ShipmentReport> {
    let clear = tickets
        .iter()
        .find(|ticket| ticket.name == TicketName::ClearMatch);
    let ticket = clear.map_or(0, |ticket| ticket.ticket);
    let order = order_of(world, clear).await?;
    println!("\nThe shop ships {}.", order.name);
    let tracking = format!("JD0146{:010}", seed * 7_919 + u64::from(std::process::id()));
    let report = world.ship_and_follow(&order, ticket, &tracking).await?;
    let text = |field: &Option<String>| field.clone().unwrap_or_else(|| "not there".to_owned());
    println!(
        "  ticket {ticket}: fulfilment {} -> {}, {:.2} s, {}",
        text(&report.before),
        text(&report.after),
        report.seconds,
        if report.ok {
            "no second note"
        } else {
            "WRONG: a second note or another value"
        }
    );
    Ok(report)
}

/// The order that the clear ticket shows.
async fn order_of(world: &World, clear: Option<&TicketReport>) -> anyhow::Result<ShopOrder> {
    let number = clear
        .and_then(|ticket| ticket.order.clone())
        .unwrap_or_default();
    let orders = world.shop.orders(250).await?;
    let found = orders.into_iter().find(|order| order.name == number);
    found.ok_or_else(|| anyhow::anyhow!("the clear ticket shows no order of the shop"))
}

async fn keep(world: &World, outcome: &Outcome) -> anyhow::Result<()> {
    let ticket = outcome.tickets.first().map_or(0, |ticket| ticket.ticket);
    let (host, desk, token) = (world.host_address(), world.desk(), world.context_token());
    println!("\nEverything keeps running; Ctrl-C ends it.");
    println!("  host     {host}");
    println!("  Zendesk  {}", world.zendesk.address());
    println!("  shop     {}", world.shop.address());
    println!("  page     {host}/context#desk={desk}&ticket={ticket}&token={token}");
    println!(
        "Try:\n  curl -H 'Authorization: Bearer {token}' {host}/v1/desks/{desk}/tickets/{ticket}/context"
    );
    tokio::signal::ctrl_c().await?;
    // Children got the same signal; give them a moment to end by themselves.
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(())
}
