//! A hundred kills while articles come in and digests go out.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use byline::library::store::{JobState, SHARED, Store};
use serde_json::json;

use crate::bot::{Bot, PATIENCE, all_posted};
use crate::due::order_due;
use crate::place::each;

/// How often everything is killed.
const KILLS: u64 = 100;

/// Chances that can be repeated: xorshift64*.
struct Chances(u64);

impl Chances {
    fn new() -> Self {
        let given = std::env::var("BYLINE_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from(std::process::id()) * 0x9e37_79b9 + 1);
        println!("BYLINE_TEST_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % bound
    }
}

/// A name that no other article holds, of letters that are no word.
fn name(number: u64) -> String {
    let letters = |n: u64| (0..4).map(move |at| char::from(b'a' + u8::try_from((n >> (4 * at)) & 15).unwrap()));
    format!("Zq{}", letters(number.wrapping_mul(40_503) & 0xffff).collect::<String>())
}

/// What article `number` says.
fn text(number: u64) -> (String, String) {
    let ship = name(number);
    (format!("Harbour log {number}"), format!("The ship {ship} was painted in the colour number {number} on Monday."))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_by_a_hundred_kills() {
    each(async |place| {
        let bot = Bot::new(place);
        let store = place.open().await;
        let community = store.community("record", "town").await.unwrap().id;
        let mut chances = Chances::new();
        let mut next = 0;
        let mut acknowledged: Vec<u64> = Vec::new();
        let mut channels = Vec::new();
        for kill in 0..KILLS {
            // What is to be done in this round: a batch to import, a file to watch, a digest to post.
            let batch: Vec<u64> = (next..next + 1 + chances.below(8)).collect();
            next += batch.len() as u64 + 1;
            let watched = next - 1;
            let mut lines = String::new();
            for number in &batch {
                let (title, body) = text(*number);
                writeln!(lines, "{}", json!({"id": format!("log-{number}"), "title": title, "text": body})).unwrap();
            }
            let file = bot.file(&format!("batch-{kill}.jsonl"));
            fs::write(&file, lines).unwrap();
            let (title, body) = text(watched);
            fs::write(bot.watched().join(format!("watched-{watched}.txt")), format!("{title}\n\n{body}\n")).unwrap();
            acknowledged.push(watched);
            let channel = format!("channel-{kill}");
            order_due(&store, community, &channel).await;
            channels.push(channel);

            let mut serving = bot.serve("data");
            let mut importing = bot.command("data", &["import", file.to_str().unwrap()]).spawn().unwrap();
            let ends = Instant::now() + Duration::from_millis(chances.below(700));
            let mut imported = false;
            while Instant::now() < ends {
                if let Some(status) = importing.try_wait().unwrap() {
                    assert!(status.success(), "import ended with {status}");
                    imported = true;
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(ends.saturating_duration_since(Instant::now())).await;
            assert!(serving.is_running(), "it ended by itself");
            serving.kill();
            importing.kill().unwrap();
            // It may have ended just before.
            if imported || importing.wait().unwrap().success() {
                acknowledged.extend(&batch);
            }
        }
        let _serving = bot.serve("data");
        all_posted(&store, channels.len(), &bot).await;
        every_article_is_there(&store, &acknowledged).await;
        every_article_answers(&bot, &acknowledged);
        let postings = bot.postings();
        for channel in &channels {
            assert_eq!(postings.get(channel).map(Vec::len), Some(1), "{channel}: {:?}", postings.get(channel));
        }
        assert!(store.jobs(JobState::GivenUp, 1).await.unwrap().is_empty());
        store.close().await;
    })
    .await;
}

/// Every acknowledged article is in the store, to the byte; those of watched files once they are read.
async fn every_article_is_there(store: &Store, acknowledged: &[u64]) {
    let started = Instant::now();
    for number in acknowledged {
        let (_, body) = text(*number);
        loop {
            let mut articles = store.load_all(SHARED);
            let mut found = 0;
            while let Some(stored) = articles.next().await.unwrap() {
                found += usize::from(stored.article.text().contains(&body));
            }
            if found > 0 {
                assert_eq!(found, 1, "article {number} is there {found} times");
                break;
            }
            assert!(started.elapsed() < PATIENCE, "article {number} is missing");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The index answers for every article: each is asked for by the name that it alone holds.
fn every_article_answers(bot: &Bot<'_>, acknowledged: &[u64]) {
    use std::io::Write;
    use std::process::Stdio;

    let mut asking = bot.command("data", &[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = asking.stdin.take().unwrap();
    let questions: String =
        acknowledged.iter().map(|n| format!("Which colour was the ship {} painted?\n", name(*n))).collect();
    let writing = std::thread::spawn(move || input.write_all(questions.as_bytes()));
    let output = asking.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    // Lines are wrapped nowhere: it is a pipe.
    for number in acknowledged {
        let (_, body) = text(*number);
        assert!(answers.replace("**", "").contains(&body), "article {number} does not answer");
    }
}
