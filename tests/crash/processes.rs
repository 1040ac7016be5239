//! Several processes on one PostgreSQL database.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use byline::library::store::JobState;

use crate::bot::{Bot, PATIENCE, all_posted};
use crate::due::order_due;
use crate::place::each;

/// Digests that are due at once.
const DIGESTS: usize = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_digests_none_is_lost_or_doubled_when_one_of_two_processes_is_killed() {
    each(async |place| {
        if !place.is_postgres() {
            return;
        }
        let bot = Bot::new(place);
        let store = place.open().await;
        let community = store.community("record", "town").await.unwrap().id;
        let text = "Bridge reopens\n\nThe bridge reopened on Monday after three weeks.\n";
        std::fs::write(bot.watched().join("bridge.txt"), text).unwrap();
        for number in 0..DIGESTS {
            order_due(&store, community, &format!("channel-{number}")).await;
        }
        let mut first = bot.serve("one");
        let mut second = bot.serve("two");
        let started = Instant::now();
        while bot.postings().len() < DIGESTS / 2 {
            assert!(started.elapsed() < PATIENCE, "{} digests were posted", bot.postings().len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        first.kill();
        all_posted(&store, DIGESTS, &bot).await;
        assert!(second.is_running());
        let postings = bot.postings();
        assert_eq!(postings.len(), DIGESTS);
        assert!(postings.values().all(|keys| keys.len() == 1), "one channel has two");
        assert_eq!(store.jobs(JobState::Sent, 2 * DIGESTS as u32).await.unwrap().len(), DIGESTS);
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_adds_the_other_answers() {
    each(async |place| {
        let bot = Bot::new(place);
        let mut asking = bot.command("one", &[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut questions = asking.stdin.take().unwrap();
        let mut answers = BufReader::new(asking.stdout.take().unwrap()).lines();
        let mut ask = |until: &str| {
            let started = Instant::now();
            loop {
                // The second line is answered with one that is known: it ends the answer to the first.
                questions.write_all(b"When does the lighthouse open?\n/nonsense\n").unwrap();
                let ends = |line: &String| line.contains("There is no command");
                let answer: Vec<String> = answers.by_ref().map(Result::unwrap).take_while(|line| !ends(line)).collect();
                if answer.join(" ").contains(until) {
                    return started.elapsed();
                }
                assert!(started.elapsed() < PATIENCE, "{until} never came: {answer:?}");
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        ask("No article is loaded");
        let file = bot.file("light.txt");
        std::fs::write(&file, "Lighthouse opens\n\nThe lighthouse opens on Friday at noon.\n").unwrap();
        let added = bot.command("two", &["import", file.to_str().unwrap()]).status().unwrap();
        assert!(added.success());
        println!("answered {} ms after it was added", ask("Friday").as_millis());
        asking.kill().unwrap();
        asking.wait().unwrap();
    })
    .await;
}
