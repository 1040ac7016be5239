//! Articles added on Discord: an attachment is fetched from where Discord keeps it, and in the answer's place stands how far it is.

use std::time::Duration;

use byline::chat::discord::Settings;
use byline::intake::fetch::{Fetcher, Policy};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::fake::payloads::From;
use crate::world::{World, command, words};

/// A host that takes its time; its address.
async fn slow_host() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = connection.read(&mut [0; 4096]).await;
                tokio::time::sleep(Duration::from_secs(3)).await;
                let body = "Lock at Brack opens\n\nThe lock at Brack opened on Friday, after a year of repairs.\n";
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = connection.write_all(format!("{head}{body}").as_bytes()).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn an_attachment_is_taken_in_and_progress_stands_where_the_answer_will() {
    let port = slow_host().await;
    let mut world = World::stopped(Settings::default()).await;
    let policy = Policy { allow_loopback: true, ports: vec![port], ..Policy::default() };
    world.web = Some(Fetcher::new(policy));
    world.start().await;
    // Manage Server.
    let manager = From { permissions: 2048 | 32, ..From::default() };
    world.command("settings articles", &[("which", "own".into())], &manager).await;
    let mut data = command("articles add", &[("file", "4711".into())]);
    data["options"][0]["options"][0]["type"] = 11.into();
    data["resolved"] = json!({ "attachments": { "4711": {
        "id": "4711", "filename": "lock.txt", "size": 80, "content_type": "text/plain",
        "url": format!("http://127.0.0.1:{port}/attachments/1/2/lock.txt?ex=1&hm=secret"),
        "proxy_url": format!("http://127.0.0.1:{port}/attachments/1/2/lock.txt"),
    } } });
    let id = world.fake.interact(2, &data, &manager);
    let shown = |state: &crate::fake::State, wanted: &str| {
        let shown = state.interactions.get(&id)?.shown.as_ref().map(words)?;
        shown.contains(wanted).then_some(shown)
    };
    let progress = world.fake.until("progress", |state| shown(state, "0 of 1 done")).await;
    assert!(progress.contains("lock") && !progress.contains("secret"), "{progress}");
    let answer = world.fake.until("the answer", |state| shown(state, "new\\: ")).await;
    assert!(answer.contains("Lock at Brack opens"), "{answer}");
    let asked = world.command("ask", &[("question", Value::from("When did the lock at Brack open?"))], &manager).await;
    assert!(words(&asked.shown.unwrap()).contains("opened on Friday"));
    world.end().await;
}
