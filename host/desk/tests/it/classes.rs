//! Only a confirmed person's data leaves the host. Everything else leaves a tag.

use ordercase_identity::RecordLink;
use ordercase_model::Kind;

use crate::support::{World, tenant};

const ANNA: &str = "anna@example.com";
const BEN: &str = "ben@example.com";

/// Whatever is known of Ben and his order, in any spelling that could leak.
const BENS: [&str; 5] = ["2002", "Ben", "ben@", "Darjeeling", "Tea Shop"];

async fn shop() -> World {
    let world = World::new().await;
    world
        .buyer(&world.shop, "1", "Anna Berg", ANNA, "1001")
        .await;
    world.buyer(&world.shop, "2", "Ben Cole", BEN, "2002").await;
    world
}

async fn only_the_tag(world: &World, ticket: u64, class: &str) {
    let shown = world.tickets.get(ticket);
    assert_eq!(shown.tags, [format!("ordercase_match_{class}")]);
    assert!(shown.custom_fields.is_empty(), "{:?}", shown.custom_fields);
    assert_eq!(world.notes(ticket), Vec::<String>::new());
    let context = world.context(ticket).await;
    assert_eq!(context["match"]["class"], class);
    for block in [
        "identity",
        "order_in_question",
        "timeline",
        "fulfilment",
        "payment",
        "returns_refunds",
        "history",
        "issues",
        "suggested_actions",
        "store_health",
        "sources",
    ] {
        assert!(context.get(block).is_none(), "{class} shows {block}");
    }
}

fn no_fact_of_ben(context: &serde_json::Value) {
    let text = context.to_string();
    for fact in BENS {
        assert!(!text.contains(fact), "{fact} leaks: {text}");
    }
}

#[tokio::test]
async fn a_strangers_order_number_shows_one_sentence_and_no_fact() {
    let world = shop().await;
    world.file(
        7,
        "stranger@example.com",
        true,
        "My order",
        "Where is order 2002?",
    );
    world.settle(7).await;
    only_the_tag(&world, 7, "owner_differs").await;
    let context = world.context(7).await;
    no_fact_of_ben(&context);
    assert_eq!(
        context["match"]["message"],
        "An order number is known, but the requester is not its buyer."
    );
    assert_eq!(context["match"]["candidates"], 0);
}

#[tokio::test]
async fn another_customer_who_quotes_bens_order_sees_nothing_of_it_either() {
    let world = shop().await;
    world.file(7, ANNA, true, "#2002", "Where is it?");
    world.settle(7).await;
    only_the_tag(&world, 7, "owner_differs").await;
    no_fact_of_ben(&world.context(7).await);
}

#[tokio::test]
async fn an_unknown_person_is_unknown() {
    let world = shop().await;
    world.file(7, "nobody@example.com", true, "Hello", "Do you sell tea?");
    world.settle(7).await;
    only_the_tag(&world, 7, "unknown").await;
}

#[tokio::test]
async fn an_unverified_address_shows_masked_initials_only() {
    let world = shop().await;
    world.file(7, BEN, false, "#2002", "Where is it?");
    world.settle(7).await;
    only_the_tag(&world, 7, "probable").await;
    let context = world.context(7).await;
    no_fact_of_ben(&context);
    assert_eq!(context["match"]["initials"][0], "B. C.");
    assert_eq!(context["match"]["can_confirm"], true);
}

#[tokio::test]
async fn two_accounts_of_one_address_are_ambiguous_until_an_agent_confirms() {
    let world = shop().await;
    world
        .buyer(&world.shop, "3", "Benno Cole", BEN, "3003")
        .await;
    world.file(7, BEN, true, "Hello", "Where is my parcel?");
    world.settle(7).await;
    only_the_tag(&world, 7, "ambiguous").await;

    let ben = RecordLink::new(Kind::Customer, world.shop.connection.as_str(), "2");
    let key = world.ticket_key(7);
    world
        .desk
        .confirm_identity(&key, &[ben], "agent-60", world.now())
        .await
        .unwrap();
    world.execute().await;
    assert_eq!(world.field(7, "order_number").as_deref(), Some("#2002"));
    assert_eq!(world.tickets.get(7).tags, ["ordercase_match_confirmed"]);
    world.settle(7).await;
    assert_eq!(
        world.field(7, "order_number").as_deref(),
        Some("#2002"),
        "it stays confirmed"
    );
    let audits = world.store.audits(&key.tenant).await.unwrap();
    assert!(
        audits
            .iter()
            .any(|audit| audit.action == "ticket.confirm_identity")
    );
}

#[tokio::test]
async fn what_was_shown_is_taken_back_when_the_match_is_lost() {
    let world = shop().await;
    world.file(7, ANNA, true, "#1001", "Where is it?");
    world.settle(7).await;
    assert_eq!(world.field(7, "order_number").as_deref(), Some("#1001"));
    world.tickets.change(7, |ticket| {
        ticket.requester.as_mut().unwrap().email = Some("new@example.com".into());
    });
    world.settle(7).await;
    let shown = world.tickets.get(7);
    assert_eq!(shown.tags, ["ordercase_match_owner_differs"]);
    assert!(shown.custom_fields.is_empty(), "{:?}", shown.custom_fields);
}

#[tokio::test]
async fn another_tenants_customers_are_nobody_here() {
    let world = World::new().await;
    let (other, _) = tenant(&world.store, "t2", serde_json::json!({})).await;
    world.buyer(&other, "1", "Anna Berg", ANNA, "1001").await;
    world.file(7, ANNA, true, "#1001", "Where is it?");
    world.settle(7).await;
    only_the_tag(&world, 7, "unknown").await;
}
