//! Load, measured by hand and not in the suite, in a release build on a quiet machine:
//!
//! ```sh
//! cargo test --release --no-default-features --features discord --test discord -- --ignored --nocapture --test-threads 1 load
//! ```
//!
//! The fake runs in the same process and takes its share of the machine; bodies are not checked.

use std::path::Path;
use std::time::{Duration, Instant};

use byline::chat::discord::Settings;
use byline::intake::folder;
use byline::library::store::SHARED;
use serde_json::Value;

use crate::fake::State;
use crate::fake::gateway::Drop;
use crate::fake::payloads::From;
use crate::world::{World, command};

const A_SECOND: u32 = 200;
const SECONDS: u32 = 30;
const GUILDS: u64 = 50;

const QUESTIONS: [&str; 8] = [
    "When does the pier at Oldhaven close?",
    "How long is the crack in Wending Bridge?",
    "Why did the ferry crews walk out?",
    "What did they find beneath the floor of the library?",
    "Who won the women's race in Kestrel Bay?",
    "How far away is the star?",
    "What is the capital of Mongolia?",
    "How much is the heat-pump grant?",
];

/// A world with the sample articles and fifty servers, asked once so that nothing has to be made any more.
async fn world() -> World {
    let mut world = World::lenient(Settings::default()).await;
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/articles");
    for (_, article) in folder::load(&[samples], || {}).library.iter() {
        world.store.add(SHARED, article).await.unwrap();
    }
    world.fake.gateway.guilds.lock().unwrap().extend((0..GUILDS).map(guild));
    world.start().await;
    world.ask(QUESTIONS[0]).await;
    world.command("said", &[("speaker", "Greta Lindqvist".into())], &From::default()).await;
    world
}

fn guild(number: u64) -> u64 {
    9_100_000_000 + number
}

/// The `n`th interaction: mostly questions, some look-ups, some completions.
fn interact(world: &World, n: u32) -> u64 {
    let n64 = u64::from(n);
    let from = From {
        person: 20_000 + n64 % 3_000,
        guild: Some(guild(n64 % GUILDS)),
        channel: 7_100 + n64 % GUILDS,
        ..From::default()
    };
    match n % 10 {
        8 => world.fake.interact(2, &command("who", &[("quote", "forty tonnes of gravel".into())]), &from),
        9 => {
            let mut data = command("summary", &[("article", "brid".into())]);
            data["options"][0]["focused"] = Value::Bool(true);
            world.fake.interact(4, &data, &from)
        }
        _ => {
            let question = QUESTIONS[n as usize % QUESTIONS.len()];
            world.fake.interact(2, &command("ask", &[("question", question.into())]), &from)
        }
    }
}

/// The memory of this process, in MiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or("VmRSS: 0 kB");
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) / 1024
}

async fn all_settled(world: &World, ids: &[u64]) {
    let settled = |state: &State| ids.iter().all(|id| state.interactions[id].is_settled()).then_some(());
    world.fake.until("every answer", settled).await;
}

/// Prints the times of the interactions and returns the 99th percentiles: acknowledged, answered.
fn times(world: &World, ids: &[u64]) -> (Duration, Duration) {
    let state = world.fake.state.lock().unwrap();
    let of = |ids: &[u64], time: &dyn Fn(&crate::fake::Interaction) -> Duration| {
        let mut times: Vec<Duration> = ids.iter().map(|id| time(&state.interactions[id])).collect();
        times.sort_unstable();
        [50, 90, 99, 100].map(|percent| times[(times.len() * percent / 100).saturating_sub(1)])
    };
    let acked = of(ids, &|i| i.acked.unwrap().1.duration_since(i.at));
    let answered = of(ids, &|i| i.answered_at.unwrap().duration_since(i.at));
    let deferred = ids.iter().filter(|id| state.interactions[id].deferred()).count();
    println!("{} interactions, {deferred} of them promised first", ids.len());
    println!("acknowledged: p50 {:?}, p90 {:?}, p99 {:?}, longest {:?}", acked[0], acked[1], acked[2], acked[3]);
    println!(
        "answered:     p50 {:?}, p90 {:?}, p99 {:?}, longest {:?}",
        answered[0], answered[1], answered[2], answered[3]
    );
    (acked[2], answered[2])
}

/// Sends interactions evenly for a time; `each_second` is told how many seconds have passed.
async fn send(world: &World, a_second: u32, seconds: u32, mut each_second: impl FnMut(u32)) -> Vec<u64> {
    let mut ids = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / a_second);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    for n in 0..a_second * seconds {
        ticks.tick().await;
        if n % a_second == 0 {
            each_second(n / a_second);
        }
        ids.push(interact(world, n));
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half a minute and a quiet machine"]
async fn load_of_two_hundred_a_second() {
    let world = world().await;
    // Once through, so that what is kept for speed is there when memory is measured.
    let warm = send(&world, A_SECOND, 5, |_| {}).await;
    all_settled(&world, &warm).await;
    let started = Instant::now();
    let ids = send(&world, A_SECOND, SECONDS, |second| {
        if second % 10 == 0 {
            println!("after {second} s: {} MiB", memory());
        }
    })
    .await;
    all_settled(&world, &ids).await;
    println!("after {:?}: {} MiB", started.elapsed(), memory());
    let (acked, answered) = times(&world, &ids);
    assert!(acked < Duration::from_millis(100), "acknowledged in {acked:?}");
    assert!(answered < Duration::from_millis(250), "answered in {answered:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half a minute and a quiet machine"]
async fn load_with_the_gateway_dropped_fifty_times() {
    let world = world().await;
    let fake = world.fake.clone();
    let dropping = tokio::spawn(async move {
        for n in 0..50 {
            tokio::time::sleep(Duration::from_millis(550)).await;
            let resumed = fake.gateway.counts().resumed;
            fake.gateway.drop_all([Drop::Abrupt, Drop::Close(4000), Drop::Reconnect, Drop::Invalid(true)][n % 4]);
            let gateway = fake.gateway.clone();
            fake.until("resumed", |_| (gateway.counts().resumed > resumed).then_some(())).await;
        }
    });
    let ids = send(&world, A_SECOND, SECONDS, |_| {}).await;
    dropping.await.unwrap();
    all_settled(&world, &ids).await;
    times(&world, &ids);
    let counts = world.fake.gateway.counts();
    println!("{counts:?}");
    assert_eq!((counts.identified, counts.resumed), (1, 50));
    // Whatever was answered twice is a violation.
    world.end().await;
}
