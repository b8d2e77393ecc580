//! Where Zendesk surprises clients, the simulator does too.

use http::Method;
use serde_json::{Value, json};
use zendesk_sim::{Plan, SimConfig};

use crate::account::Account;

#[tokio::test]
async fn nobody_gets_in_without_a_credential_but_everybody_may_ask_who_he_is() {
    let account = Account::open().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = |path: &str| http.get(format!("http://{}{path}", account.sim.address()));
    let answer = get("/api/v2/tickets.json").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(
        answer.json::<Value>().await.unwrap()["error"],
        "Couldn't authenticate you"
    );
    let me: Value = get("/api/v2/users/me.json")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(me["user"]["id"].is_null());
    let wrong_suffix = get("/api/v2/tickets").basic_auth("integration@acme.example", Some("x"));
    assert_eq!(wrong_suffix.send().await.unwrap().status(), 401);
    let bearer = get("/api/v2/tickets")
        .bearer_auth("stale")
        .send()
        .await
        .unwrap();
    assert_eq!(
        bearer.json::<Value>().await.unwrap()["error"],
        "invalid_token"
    );
    let other_host = get("/api/v2/tickets")
        .header("host", "evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(other_host.status(), 404);
}

#[tokio::test]
async fn an_outdated_stamp_conflicts_and_leaving_it_out_forces() {
    let account = Account::open().await;
    let path = format!("/api/v2/tickets/{}", account.file("a").await);
    let stamp = account.get(&path).await.json()["ticket"]["updated_at"].clone();
    account.advance(2).await;
    let safe = |priority: &str| json!({"ticket": {"priority": priority, "safe_update": true, "updated_stamp": stamp}});
    assert_eq!(account.put(&path, safe("high")).await.status, 200);
    let conflict = account.put(&path, safe("low")).await;
    assert_eq!(conflict.status, 409);
    assert_eq!(conflict.json()["error"], "UpdateConflict");
    let forced = json!({"ticket": {"priority": "low"}});
    assert_eq!(account.put(&path, forced).await.status, 200);
    // `safe_update: false` asks for the check all the same.
    let off = json!({"ticket": {"priority": "high", "safe_update": false, "updated_stamp": stamp}});
    assert_eq!(account.put(&path, off).await.status, 409);
}

#[tokio::test]
async fn a_closed_ticket_takes_nothing() {
    let account = Account::open().await;
    let path = format!("/api/v2/tickets/{}", account.file("a").await);
    account
        .put(&path, json!({"ticket": {"status": "closed"}}))
        .await;
    let refused = account
        .put(&path, json!({"ticket": {"priority": "low"}}))
        .await;
    assert_eq!(refused.status, 422);
    let words = &refused.json()["details"]["status"][0]["description"];
    assert_eq!(words, "closed prevents ticket update");
    let tags = account
        .put(&format!("{path}/tags"), json!({"tags": ["x"]}))
        .await;
    assert_eq!(tags.status, 422);
}

#[tokio::test]
async fn a_comment_without_public_is_as_public_as_the_ticket_and_unknown_fields_vanish() {
    let account = Account::open().await;
    let ticket = account.file("a").await;
    let path = format!("/api/v2/tickets/{ticket}");
    let body = json!({"ticket": {
        "comment": {"body": "a note, meant to be private"}, "custom_fields": [{"id": 5, "value": "x"}],
        "colour": "red",
    }});
    assert_eq!(account.put(&path, body).await.status, 200);
    let all = account.get(&format!("/_sim/tickets/{ticket}")).await.json();
    assert_eq!(all["comments"][1]["public"], true);
    assert_eq!(all["fields"], json!({}));
}

#[tokio::test]
async fn a_change_of_nothing_leaves_no_audit_and_moves_no_stamp() {
    let account = Account::open().await;
    let ticket = account.file("a").await;
    let before = account.get(&format!("/_sim/tickets/{ticket}")).await.json();
    account.advance(10).await;
    let body = json!({"ticket": {"status": "new", "metadata": {"op": "x"}}});
    let answer = account
        .put(&format!("/api/v2/tickets/{ticket}"), body)
        .await;
    assert_eq!(answer.json()["audit"], json!({"events": []}));
    assert_eq!(
        account.get(&format!("/_sim/tickets/{ticket}")).await.json(),
        before
    );
}

#[tokio::test]
async fn a_cursor_list_of_audits_ignores_the_order_asked_for() {
    let account = Account::open().await;
    let ticket = account.file("a").await;
    account
        .put(
            &format!("/api/v2/tickets/{ticket}"),
            json!({"ticket": {"priority": "low"}}),
        )
        .await;
    let first = |reply: Value| reply["audits"][0]["id"].as_u64().unwrap();
    let path = format!("/api/v2/tickets/{ticket}/audits.json");
    let numbered = account
        .get(&format!("{path}?sort_order=desc&per_page=1&page=1"))
        .await
        .json();
    let cursor = account
        .get(&format!("{path}?sort_order=desc&page[size]=1"))
        .await
        .json();
    assert!(first(numbered) > first(cursor));
}

#[tokio::test]
async fn the_account_is_limited_as_its_plan_says_with_both_families_of_headers() {
    let config = SimConfig {
        plan: Plan::Team,
        ..SimConfig::new("acme", 1)
    };
    let account = Account::with(config).await;
    account.post("/_sim/clock", json!({"scale": 0.001})).await;
    let mut allowed = 0;
    let refused = loop {
        let reply = account.get("/api/v2/tickets/count").await;
        if reply.status != 200 {
            break reply;
        }
        allowed += 1;
        assert!(allowed <= 200);
        assert_eq!(reply.headers["x-rate-limit"], "200");
        assert_eq!(
            reply.headers["ratelimit-remaining"],
            (200 - allowed).to_string()
        );
    };
    assert_eq!((allowed, refused.status), (200, 429));
    assert_eq!(
        refused.text,
        "Number of allowed API requests per minute exceeded"
    );
    let wait: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    account.advance(wait).await;
    assert_eq!(account.get("/api/v2/tickets/count").await.status, 200);
}

#[tokio::test]
async fn the_export_answers_ten_times_a_minute_and_says_how_often_more() {
    let account = Account::open().await;
    account.post("/_sim/clock", json!({"scale": 0.001})).await;
    let path = "/api/v2/incremental/tickets/cursor.json?start_time=1700000000";
    for left in (0..10).rev() {
        let reply = account.get(path).await;
        let header = reply.headers["zendesk-ratelimit-incremental-exports"]
            .to_str()
            .unwrap();
        assert!(
            header.starts_with(&format!("total=10; remaining={left};")),
            "{header}"
        );
    }
    assert_eq!(account.get(path).await.status, 429);
    let recent = "/api/v2/incremental/tickets/cursor?start_time=9999999999";
    account.advance(60).await;
    assert_eq!(
        account.get(recent).await.json()["error"],
        "StartTimeTooRecent"
    );
}

#[tokio::test]
async fn an_idempotency_key_gives_the_first_answer_for_two_hours() {
    let account = Account::open().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let config = account.sim.config();
    let file = async |body: &str| {
        let answer = http
            .post(format!(
                "http://{}/api/v2/tickets.json",
                account.sim.address()
            ))
            .basic_auth(
                format!("{}/token", config.legacy_email),
                Some(&config.legacy_token),
            )
            .header("idempotency-key", "k")
            .json(&json!({"ticket": {"comment": {"body": body}}}))
            .send()
            .await
            .unwrap();
        let lookup = answer.headers().get("x-idempotency-lookup").cloned();
        (lookup, answer.json::<Value>().await.unwrap())
    };
    let (miss, first) = file("a").await;
    let (hit, second) = file("a").await;
    assert_eq!(
        (miss.unwrap(), hit.unwrap()),
        ("miss".parse().unwrap(), "hit".parse().unwrap())
    );
    assert_eq!(first, second);
    assert_eq!(file("b").await.1["error"], "IdempotentRequestError");
    account.advance(2 * 3600 + 1).await;
    assert_ne!(file("a").await.1["ticket"]["id"], first["ticket"]["id"]);
}

#[tokio::test]
async fn an_assignee_opens_a_new_ticket_for_good_and_a_requester_is_made_with_a_name() {
    let account = Account::open().await;
    let path = format!("/api/v2/tickets/{}", account.file("a").await);
    let me = account.get("/api/v2/users/me").await.json()["user"]["id"].clone();
    let assigned = account
        .put(&path, json!({"ticket": {"assignee_id": me}}))
        .await
        .json();
    assert_eq!(assigned["ticket"]["status"], "open");
    assert_eq!(
        account
            .put(&path, json!({"ticket": {"status": "new"}}))
            .await
            .status,
        422
    );

    let nameless =
        json!({"ticket": {"comment": {"body": "x"}, "requester": {"email": "n@shop.example"}}});
    assert_eq!(account.post("/api/v2/tickets", nameless).await.status, 422);
    let named = json!({"ticket": {"comment": {"body": "x"}, "requester": {"name": "N", "email": "n@shop.example"}}});
    let made = account.post("/api/v2/tickets", named).await;
    assert_eq!(made.status, 201);
    assert!(
        made.headers["location"]
            .to_str()
            .unwrap()
            .ends_with(".json")
    );
    let requester = made.json()["ticket"]["requester_id"].clone();
    let user = account
        .get(&format!("/api/v2/users/{requester}"))
        .await
        .json();
    assert_eq!(
        (&user["user"]["name"], &user["user"]["verified"]),
        (&json!("N"), &json!(false))
    );
}

#[tokio::test]
async fn tags_are_lower_case_split_and_set_by_a_ticket_update() {
    let account = Account::open().await;
    let path = format!("/api/v2/tickets/{}", account.file("a").await);
    let added = account
        .put(
            &format!("{path}/tags"),
            json!({"tags": ["VIP", "two words"]}),
        )
        .await;
    assert_eq!(added.json()["tags"], json!(["two", "vip", "words"]));
    let body = Some(json!({"tags": ["vip"]}));
    let removed = account
        .call(Method::DELETE, &format!("{path}/tags"), body)
        .await;
    assert_eq!(removed.json()["tags"], json!(["two", "words"]));
    let set = account
        .put(&path, json!({"ticket": {"tags": ["one"]}}))
        .await;
    assert_eq!(set.json()["ticket"]["tags"], json!(["one"]));
}

#[tokio::test]
async fn zis_takes_each_call_only_from_the_credential_that_zendesk_takes_it_from() {
    let account = Account::open().await;
    let made = account
        .post("/api/services/zis/registry/ordercase", json!({}))
        .await;
    assert_eq!(made.status, 200);
    assert_eq!(
        account
            .post("/api/services/zis/registry/ordercase", json!({}))
            .await
            .status,
        409
    );
    let all = "/api/services/zis/integrations/ordercase/connections/all";
    let refused = account.get(all).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("API token is not supported"));
    let bad_name = account
        .post("/api/services/zis/registry/Big", json!({}))
        .await;
    assert!(bad_name.text.contains("invalid integration key"));

    let client = made.json()["zendesk_oauth_client"]["id"].clone();
    let token = json!({"token": {"client_id": client, "scopes": ["read", "write"]}});
    let token = account
        .post("/api/v2/oauth/tokens.json", token)
        .await
        .json();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = token["token"]["full_token"].as_str().unwrap();
    let base = format!("http://{}", account.sim.address());
    let listed = http
        .get(format!("{base}{all}"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(listed.status(), 200);
    let bundle = "/api/services/zis/registry/ordercase/bundles";
    let upload = http
        .post(format!("{base}{bundle}"))
        .bearer_auth(token)
        .json(&json!({}));
    assert_eq!(upload.send().await.unwrap().status(), 401);
    let broken = account.post(bundle, json!({"name": "x"})).await;
    assert!(broken.status == 400 && broken.text.contains("BundleValidationError"));
}

#[tokio::test]
async fn search_is_shallow_and_refuses_a_cursor() {
    let account = Account::open().await;
    let ticket = account.file("demo:9").await;
    let found = account
        .get("/api/v2/search.json?query=type:ticket external_id:demo:9")
        .await
        .json();
    assert_eq!(found["results"][0]["id"].as_u64(), Some(ticket));
    assert_eq!(
        account
            .get("/api/v2/search?query=hello&page[size]=5")
            .await
            .status,
        400
    );
    assert_eq!(
        account
            .get("/api/v2/search?query=hello&page=11&per_page=100")
            .await
            .status,
        422
    );
}
