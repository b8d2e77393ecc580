//! Reading: tickets whole, people verified, pages to the end, the export.

use ordercase_zendesk::export::ExportFrom;
use ordercase_zendesk::{ZendeskError, read_ticket};
use serde_json::json;

use crate::desk::{Desk, client_of};

#[tokio::test]
async fn a_ticket_is_read_whole_with_its_verified_requester() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    assert!(ticket > u64::from(u32::MAX));
    let path = format!("tickets/{ticket}/comments");
    desk.post(&path, json!({"body": "Any news?", "channel": "email"}))
        .await;
    desk.post(
        &path,
        json!({"body": "I look", "author": "agent", "public": false}),
    )
    .await;

    let read = read_ticket(&desk.client, ticket).await.unwrap();
    assert_eq!(read.ticket.subject.as_deref(), Some("Where is my order?"));
    assert_eq!(read.ticket.via.channel, "email");
    assert_eq!(read.ticket.via.from_address(), Some("grace@shop.example"));
    let texts: Vec<(&str, bool)> = read.comments.iter().map(|c| (c.text(), c.public)).collect();
    assert_eq!(
        texts,
        [
            ("Order 1001 please", true),
            ("Any news?", true),
            ("I look", false)
        ]
    );
    let requester = read.requester.as_ref().unwrap();
    assert_eq!(requester.email.as_deref(), Some("grace@shop.example"));
    assert!(read.is_verified("Grace@Shop.example"));
    assert!(!read.is_verified("other@shop.example"));
    assert_eq!(read.people.len(), 2, "requester and agent");
    assert_eq!(read.audits.len(), 3);
    assert!(read.audits[0].id > read.audits[2].id, "newest first");
    assert!(!read.comments_cut);
}

#[tokio::test]
async fn an_unverified_address_and_the_senders_flags_are_seen() {
    let desk = Desk::open().await;
    let filed = desk
        .post(
            "tickets",
            json!({
                "requester": {"name": "Mallory", "email": "m@shop.example"},
                "body": "hello", "channel": "email", "flags": [14, 22],
            }),
        )
        .await;
    let ticket = filed["ticket"]["id"].as_u64().unwrap();
    let read = read_ticket(&desk.client, ticket).await.unwrap();
    assert!(!read.is_verified("m@shop.example"));
    assert_eq!(read.comments[0].flags(), [14, 22]);
}

#[tokio::test]
async fn comments_beyond_one_page_are_read_to_the_end() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    let path = format!("tickets/{ticket}/comments");
    for n in 0..120 {
        desk.post(&path, json!({"body": format!("remark {n}")}))
            .await;
    }
    let read = read_ticket(&desk.client, ticket).await.unwrap();
    assert_eq!(read.comments.len(), 121);
    assert_eq!(read.comments[120].text(), "remark 119");
    assert_eq!(read.audits.len(), 121);
}

#[tokio::test]
async fn a_ticket_that_never_was_is_gone() {
    let desk = Desk::open().await;
    let missing = read_ticket(&desk.client, 7).await.unwrap_err();
    assert!(matches!(missing, ZendeskError::Gone { .. }), "{missing}");
}

#[tokio::test]
async fn a_ticket_is_found_by_its_external_id_and_filed_once() {
    let desk = Desk::open().await;
    let filing = json!({
        "requester": {"name": "Grace", "email": "g@shop.example"}, "body": "x", "external_id": "demo:1",
    });
    let first = desk.post("tickets", filing.clone()).await;
    let again = desk.post("tickets", filing).await;
    assert_eq!(again["created"], false);
    assert_eq!(first["ticket"]["id"], again["ticket"]["id"]);
    let found = desk.client.tickets_by_external_id("demo:1").await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(
        desk.client
            .tickets_by_external_id("demo:2")
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn the_export_withholds_the_newest_minute_and_then_tells_everything_once() {
    let desk = Desk::open().await;
    let start = ExportFrom::Start(1_700_000_000);
    let first = desk.file().await;
    let page = desk.client.export_tickets(&start).await.unwrap();
    assert!(page.tickets.is_empty(), "withheld");
    desk.advance(61).await;
    let second = desk.file().await;
    let page = desk.client.export_tickets(&start).await.unwrap();
    assert_eq!(
        page.tickets.iter().map(|t| t.id).collect::<Vec<_>>(),
        [first]
    );
    assert!(page.end_of_stream);
    desk.advance(61).await;
    let from = ExportFrom::Cursor(page.after_cursor.unwrap());
    let page = desk.client.export_tickets(&from).await.unwrap();
    assert_eq!(
        page.tickets.iter().map(|t| t.id).collect::<Vec<_>>(),
        [second]
    );
}

#[tokio::test]
async fn a_user_is_searched_by_words_but_found_only_by_the_exact_address() {
    let desk = Desk::open().await;
    for (name, email) in [
        ("Ann", "ann@shop.example"),
        ("Anne", "ann@shop.example.org"),
    ] {
        let requester = json!({"name": name, "email": email});
        desk.post("tickets", json!({"requester": requester, "body": "x"}))
            .await;
    }
    let found = desk
        .client
        .users_by_email("ann@shop.example")
        .await
        .unwrap();
    assert_eq!(
        found.iter().map(|u| u.name.as_str()).collect::<Vec<_>>(),
        ["Ann"]
    );
}

#[tokio::test]
async fn a_bad_token_is_a_matter_of_credentials_and_never_shows() {
    use ordercase_zendesk::{Auth, Secret};
    let desk = Desk::open().await;
    let bad = Auth::ApiToken {
        email: desk.sim.config().legacy_email.clone(),
        token: Secret::new("planted-secret"),
    };
    let client = client_of(&desk.sim, bad, &desk.clock);
    let error = client.ticket(1).await.unwrap_err();
    assert!(matches!(error, ZendeskError::Credentials { .. }), "{error}");
    assert!(!format!("{error} {error:?} {client:?}").contains("planted-secret"));

    // `users/me` answers 200 to anybody; only a person counts.
    let nobody = client_of(&desk.sim, Auth::Anonymous, &desk.clock);
    let error = nobody.me().await.unwrap_err();
    assert!(matches!(error, ZendeskError::Credentials { .. }), "{error}");
    assert_eq!(
        desk.client.me().await.unwrap().role.as_deref(),
        Some("admin")
    );
}
