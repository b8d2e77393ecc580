//! OAuth against the simulator: PKCE, rotation, narrow scopes.

use ordercase_zendesk::oauth::{Grant, authorize_url, challenge};
use ordercase_zendesk::{Auth, Secret, ZendeskError};
use serde_json::{Value, json};
use url::Url;

use crate::desk::{Desk, client_of};

const CALLBACK: &str = "https://ordercase.example/oauth/callback";

/// Registers a public client in the account.
async fn register(desk: &Desk) {
    let config = desk.sim.config();
    let url = format!("http://{}/api/v2/oauth/clients.json", desk.sim.address());
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(url)
        .basic_auth(format!("{}/token", config.legacy_email), Some(&config.legacy_token))
        .json(&json!({"client": {
            "identifier": "ordercase", "name": "Ordercase", "kind": "public", "redirect_uri": [CALLBACK],
        }}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
}

/// Opens the authorize page as the admin's browser does and gives the code of the callback.
async fn consent(desk: &Desk, verifier: &Secret) -> Secret {
    let url = authorize_url(
        "acme",
        "ordercase",
        CALLBACK,
        "state-1",
        &challenge(verifier),
    )
    .unwrap();
    let dialled = format!(
        "http://{}{}?{}",
        desk.sim.address(),
        url.path(),
        url.query().unwrap()
    );
    let browser = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let answer = browser.get(dialled).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let pairs: Vec<(String, String)> = Url::parse(&location)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect();
    assert!(pairs.contains(&("state".to_owned(), "state-1".to_owned())));
    let code = pairs
        .iter()
        .find(|(key, _)| key == "code")
        .expect(&location);
    Secret::new(&code.1)
}

fn by_code(code: Secret, verifier: &str) -> Grant {
    Grant::Code {
        code,
        redirect_uri: CALLBACK.to_owned(),
        verifier: Secret::new(verifier),
    }
}

#[tokio::test]
async fn a_code_becomes_tokens_and_a_refresh_kills_the_old_pair() {
    let desk = Desk::open().await;
    register(&desk).await;
    let anonymous = client_of(&desk.sim, Auth::Anonymous, &desk.clock);
    let code = consent(&desk, &Secret::new("verifier")).await;
    let first = anonymous
        .tokens("ordercase", &by_code(code.clone(), "verifier"))
        .await
        .unwrap();
    assert!(first.missing_scopes().is_empty(), "{}", first.scope);
    let ticket = desk.file().await;
    let with = |token: &Secret| {
        client_of(
            &desk.sim,
            Auth::OAuth {
                token: token.clone(),
            },
            &desk.clock,
        )
    };
    with(&first.access_token).ticket(ticket).await.unwrap();

    let refresh = Grant::Refresh {
        token: first.refresh_token.clone().unwrap(),
    };
    let second = anonymous.tokens("ordercase", &refresh).await.unwrap();
    with(&second.access_token).ticket(ticket).await.unwrap();
    let dead = with(&first.access_token).ticket(ticket).await.unwrap_err();
    assert!(matches!(dead, ZendeskError::Credentials { .. }), "{dead}");
    let used = anonymous.tokens("ordercase", &refresh).await.unwrap_err();
    assert!(
        matches!(&used, ZendeskError::Refused { code, .. } if code == "invalid_grant"),
        "{used}"
    );
}

#[tokio::test]
async fn a_wrong_verifier_spends_the_code() {
    let desk = Desk::open().await;
    register(&desk).await;
    let anonymous = client_of(&desk.sim, Auth::Anonymous, &desk.clock);
    let code = consent(&desk, &Secret::new("verifier")).await;
    for verifier in ["wrong", "verifier"] {
        let grant = by_code(code.clone(), verifier);
        let error = anonymous.tokens("ordercase", &grant).await.unwrap_err();
        assert!(matches!(&error, ZendeskError::Refused { code, .. } if code == "invalid_grant"));
    }
}

#[tokio::test]
async fn a_token_expires_by_the_accounts_clock() {
    let desk = Desk::open().await;
    register(&desk).await;
    let anonymous = client_of(&desk.sim, Auth::Anonymous, &desk.clock);
    let code = consent(&desk, &Secret::new("verifier")).await;
    let tokens = anonymous
        .tokens("ordercase", &by_code(code, "verifier"))
        .await
        .unwrap();
    let life = tokens.expires_in.unwrap();
    let client = client_of(
        &desk.sim,
        Auth::OAuth {
            token: tokens.access_token,
        },
        &desk.clock,
    );
    client.me().await.unwrap();
    desk.advance(life + 1).await;
    let error = client.me().await.unwrap_err();
    assert!(matches!(error, ZendeskError::Credentials { .. }), "{error}");
}

#[tokio::test]
async fn no_account_can_make_a_new_api_token() {
    let desk = Desk::open().await;
    let config = desk.sim.config();
    let url = format!("http://{}/api/v2/api_tokens.json", desk.sim.address());
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(url)
        .basic_auth(
            format!("{}/token", config.legacy_email),
            Some(&config.legacy_token),
        )
        .json(&json!({"api_token": {"description": "new"}}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["title"], "Forbidden");
}
