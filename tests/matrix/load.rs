//! Load, measured by hand and not in the suite, in a release build on a quiet machine:
//!
//! ```sh
//! scripts/synapse.sh cargo test --release --no-default-features --features matrix --test matrix -- --ignored --nocapture --test-threads 1 load
//! ```
//!
//! Synapse and the client that asks run beside the bot, both in Python, and take most of the machine: times from question to answer
//! are mostly theirs. Our share is told by the bot itself: from an event, received and decrypted, to the call that sends its answer.

use std::time::{Duration, Instant};

use crate::peer::{Sent, sent};
use crate::world::{Room, World};

const QUESTION: &str = "when does the pier at Oldhaven close?";

/// Asked one after the other.
const QUESTIONS: usize = 200;

const ROOMS: usize = 50;
const A_SECOND: u32 = 20;
const SECONDS: u32 = 60;

/// The seconds in which the homeserver is killed.
const KILLED_AT: [u32; 2] = [20, 40];

/// How long the answers may take after the last question.
const CATCHES_UP_WITHIN: Duration = Duration::from_secs(300);

/// The median, the 99th percentile and the longest.
fn percentiles(mut times: Vec<f64>) -> [f64; 3] {
    times.sort_by(f64::total_cmp);
    [50, 99, 100].map(|percent| times[(times.len() * percent / 100).saturating_sub(1)])
}

/// Our share of each answer up to now, in milliseconds.
fn shares(world: &World) -> Vec<f64> {
    let log = world.bot().log();
    let micros = log.lines().filter(|line| line.contains("an answer is sent to Matrix")).filter_map(|line| {
        let told = line.split("micros=").nth(1)?;
        told.split_whitespace().next()?.parse::<f64>().ok()
    });
    micros.map(|micros| micros / 1_000.0).collect()
}

#[test]
#[ignore = "takes a minute and a quiet machine"]
fn load_of_two_hundred_questions_in_an_encrypted_room() {
    let Some(world) = World::own(|_| {}) else { return };
    let room = world.room(true);
    for _ in 0..5 {
        room.ask(QUESTION);
    }
    let before = shares(&world).len();
    let mut times = Vec::new();
    for _ in 0..QUESTIONS {
        let asked = room.say(QUESTION);
        times.push((room.answer(&asked).at - asked.at) * 1_000.0);
    }
    let ours = shares(&world).split_off(before);
    assert_eq!(ours.len(), QUESTIONS, "each answer tells our share");
    let [median, p99, longest] = percentiles(times);
    println!("question to answer: median {median:.1} ms, p99 {p99:.1} ms, longest {longest:.1} ms");
    let [median, p99, longest] = percentiles(ours);
    println!("our share of it:    median {median:.2} ms, p99 {p99:.2} ms, longest {longest:.2} ms");
    assert!(p99 < 20.0, "our share: {p99} ms");
}

#[test]
#[ignore = "takes some minutes and a quiet machine"]
fn load_of_fifty_rooms_with_the_homeserver_killed_twice() {
    let Some(world) = World::own(|_| {}) else { return };
    let maker = world.friend();
    let rooms: Vec<Room> = (0..ROOMS).map(|n| Room::of(&maker, n % 2 == 0, &[])).collect();
    for room in &rooms {
        room.ask(QUESTION);
    }
    println!("{ROOMS} rooms, half of them encrypted; the bot holds {} MiB", world.bot().memory());
    let before = shares(&world).len();
    let started = Instant::now();
    let mut begun: Vec<(&Room, u64)> = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for second in KILLED_AT {
                std::thread::sleep(Duration::from_secs(second.into()).saturating_sub(started.elapsed()));
                world.homeserver().kill();
                let killed = Instant::now();
                world.homeserver().start_again();
                println!("second {second}: the homeserver was away for {:.1} s", killed.elapsed().as_secs_f64());
            }
        });
        for n in 0..A_SECOND * SECONDS {
            std::thread::sleep((Duration::from_secs(1) / A_SECOND * n).saturating_sub(started.elapsed()));
            if n % (10 * A_SECOND) == 0 {
                println!("second {}: {} MiB", n / A_SECOND, world.bot().memory());
            }
            let room = &rooms[n as usize % ROOMS];
            begun.push((room, maker.begin_to_say(&room.id, QUESTION)));
        }
    });
    let asked: Vec<(&Room, Sent)> =
        begun.into_iter().map(|(room, order)| (room, sent(&world.peer.result(order).unwrap()))).collect();
    println!("after {:.0} s everything was asked", started.elapsed().as_secs_f64());
    let unanswered = || asked.iter().filter(|(room, question)| room.answers(question).is_empty()).count();
    let waiting = Instant::now();
    while unanswered() > 0 {
        assert!(waiting.elapsed() < CATCHES_UP_WITHIN, "{} were not answered", unanswered());
        std::thread::sleep(Duration::from_secs(1));
    }
    println!("after {:.0} s everything was answered: {} MiB", started.elapsed().as_secs_f64(), world.bot().memory());
    for room in &rooms {
        room.settle();
    }
    for (room, question) in &asked {
        assert_eq!(room.answers(question).len(), 1, "{question:?} was answered more than once");
    }
    let times = asked.iter().map(|(room, question)| (room.answers(question)[0].at - question.at) * 1_000.0);
    let [median, p99, longest] = percentiles(times.collect());
    println!("question to answer, kills included: median {median:.0} ms, p99 {p99:.0} ms, longest {longest:.0} ms");
    let [median, p99, longest] = percentiles(shares(&world).split_off(before));
    println!("our share of it: median {median:.2} ms, p99 {p99:.2} ms, longest {longest:.2} ms");
}
