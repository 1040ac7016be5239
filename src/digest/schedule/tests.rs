//! What a schedule promises, over places with awkward clocks.

use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// Clocks that go forward and back by an hour, by half an hour (Lord Howe), never (Kathmandu, at an odd offset), at
/// midnight (Santiago, Beirut), and a place that changed the side of the date line (Apia).
const ZONES: [&str; 8] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "America/Santiago",
    "Asia/Beirut",
    "UTC",
];

fn schedule(time: &str, zone: &str, weekdays: &str) -> Schedule {
    Schedule::parse(time, zone, weekdays).unwrap_or_else(|error| panic!("{error}"))
}

fn at(text: &str) -> Timestamp {
    text.parse::<Zoned>().unwrap_or_else(|error| panic!("{text}: {error}")).timestamp()
}

fn next(schedule: &Schedule, after: &str) -> String {
    schedule.next_after(at(after)).map(|moment| moment.to_string()).unwrap_or_default()
}

#[test]
fn an_hour_that_does_not_exist_is_the_first_moment_after_the_gap() {
    for (time, zone, day, moment) in [
        ("02:30", "Europe/Berlin", date(2026, 3, 29), "2026-03-29T03:00:00+02:00[Europe/Berlin]"),
        ("02:00", "America/New_York", date(2026, 3, 8), "2026-03-08T03:00:00-04:00[America/New_York]"),
        ("02:10", "Australia/Lord_Howe", date(2026, 10, 4), "2026-10-04T02:30:00+11:00[Australia/Lord_Howe]"),
        ("00:15", "Asia/Beirut", date(2026, 3, 29), "2026-03-29T01:00:00+03:00[Asia/Beirut]"),
    ] {
        let posting = schedule(time, zone, "daily").posting_for(day).map(|moment| moment.to_string());
        assert_eq!(posting.as_deref(), Some(moment), "{zone}");
    }
}

#[test]
fn an_hour_that_comes_twice_counts_the_first_time() {
    let berlin = schedule("02:30", "Europe/Berlin", "daily");
    let first = "2026-10-25T02:30:00+02:00[Europe/Berlin]";
    assert_eq!(next(&berlin, "2026-10-24T12:00[Europe/Berlin]"), first);
    assert_eq!(next(&berlin, first), "2026-10-26T02:30:00+01:00[Europe/Berlin]");
}

#[test]
fn a_day_that_a_place_never_had_is_not_posted_for() {
    let apia = schedule("08:30", "Pacific/Apia", "daily");
    assert_eq!(apia.posting_for(date(2011, 12, 30)), None);
    assert_eq!(next(&apia, "2011-12-29T08:30[Pacific/Apia]"), "2011-12-31T08:30:00+14:00[Pacific/Apia]");
    let fridays = schedule("08:30", "Pacific/Apia", "fri");
    assert_eq!(next(&fridays, "2011-12-23T08:30[Pacific/Apia]"), "2012-01-06T08:30:00+14:00[Pacific/Apia]");
}

#[test]
fn downtime_is_caught_up_once_and_only_when_it_was_short() {
    let daily = schedule("08:30", "Europe/Berlin", "daily");
    let due = |last, now: &str| daily.due(Some(last), at(now), LATE_LIMIT);
    let monday = date(2026, 11, 23);
    let friday = date(2026, 11, 20);
    // Down from Friday to Monday: one posting, for Monday.
    assert_eq!(due(friday, "2026-11-23T14:30[Europe/Berlin]"), Due::Now { for_day: monday });
    let Due::Skip { missed, until } = due(friday, "2026-11-23T14:31[Europe/Berlin]") else {
        panic!("six hours passed")
    };
    assert_eq!(missed, monday);
    assert_eq!(until.map(|moment| moment.date()), Some(date(2026, 11, 24)));
    assert!(matches!(due(monday, "2026-11-23T08:31[Europe/Berlin]"), Due::Wait { .. }));
}

#[test]
fn a_clock_that_jumps_back_waits_for_the_next_day() {
    let daily = schedule("08:30", "Europe/Berlin", "daily");
    for now in ["2026-11-23T08:29", "2026-11-22T08:31", "2026-11-01T10:00"] {
        let due = daily.due(Some(date(2026, 11, 23)), at(&format!("{now}[Europe/Berlin]")), LATE_LIMIT);
        let Due::Wait { until: Some(until) } = due else { panic!("{now}: {due:?}") };
        assert_eq!(until.to_string(), "2026-11-24T08:30:00+01:00[Europe/Berlin]", "{now}");
    }
}

#[test]
fn a_new_schedule_posts_nothing_for_the_hour_that_has_passed() {
    let daily = schedule("08:30", "Europe/Berlin", "daily");
    let set = at("2026-11-23T10:00[Europe/Berlin]");
    let Due::Wait { until } = daily.due(daily.settled_by(set), set, LATE_LIMIT) else { panic!("posted at once") };
    assert_eq!(until.map(|moment| moment.date()), Some(date(2026, 11, 24)));
    assert_eq!(daily.due(None, set, LATE_LIMIT), Due::Now { for_day: date(2026, 11, 23) });
}

#[test]
fn at_the_end_of_the_calendar_there_is_no_next_one() {
    let daily = schedule("08:30", "UTC", "daily");
    assert_eq!(daily.next_after(Timestamp::MAX), None);
    assert_eq!(daily.settled_by(Timestamp::MIN), None);
}

#[test]
fn times_are_read_as_people_write_them() {
    for (typed, hour, minute) in [
        ("08:30", 8, 30),
        ("8:30", 8, 30),
        (" 8.05 ", 8, 5),
        ("17h00", 17, 0),
        ("7 pm", 19, 0),
        ("12am", 0, 0),
        ("12:15 PM", 12, 15),
    ] {
        assert_eq!(words::time(typed), Ok(Time::constant(hour, minute, 0, 0)), "{typed}");
    }
    for typed in ["", "8", "25:00", "8:60", "8:5", "13 pm", "noon", "+8:30", "８:30", "08:30:00"] {
        assert_eq!(words::time(typed), Err(ScheduleError::Time(typed.to_owned())), "{typed}");
    }
}

#[test]
fn days_are_read_as_people_write_them() {
    for (typed, days) in [
        ("mon-fri", "mon-fri"),
        ("Weekdays", "mon-fri"),
        ("every day", "daily"),
        ("Tuesdays and Saturdays", "tue, sat"),
        ("sat–mon", "mon, sat, sun"),
        ("we, fr", "wed, fri"),
        ("weekend", "sat, sun"),
        ("mon - wed", "mon, tue, wed"),
        ("thu-thu", "thu"),
    ] {
        let read = words::weekdays(typed).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.to_string(), days, "{typed}");
        assert_eq!(words::weekdays(days), Ok(read), "{days} is read back");
    }
    let message = |typed| words::weekdays(typed).unwrap_err().to_string();
    assert!(message("mon, wensday").contains("did you mean “wednesday”"), "{}", message("mon, wensday"));
    assert!(message("someday").contains("“someday”"));
    assert!(message("t").contains("“t”"), "t could be two days");
    assert_eq!(words::weekdays(" , "), Err(ScheduleError::NoDay));
}

#[test]
fn zones_are_found_in_any_case_and_the_nearest_is_named() {
    assert_eq!(words::zone("europe/berlin").unwrap().iana_name(), Some("Europe/Berlin"));
    assert_eq!(words::zone("America/New York").unwrap().iana_name(), Some("America/New_York"));
    let near = |typed| match words::zone(typed) {
        Err(ScheduleError::Zone { near, .. }) => near,
        other => panic!("{typed}: {other:?}"),
    };
    assert_eq!(near("Berlin"), ["Europe/Berlin"]);
    assert_eq!(near("Europe/Berln")[0], "Europe/Berlin");
    assert_eq!(near("new york"), ["America/New_York"]);
    assert!(near("posixrules").is_empty());
    assert!(near("Kätzchen am Herd").is_empty());
}

#[test]
fn a_schedule_is_written_as_it_is_read() {
    let text = schedule("8:30", "europe/berlin", "weekdays").to_string();
    assert_eq!(text, "08:30 Europe/Berlin, mon-fri");
}

/// Every day of a year as a place counts them, by its midnights alone.
fn days_of(zone: &str, year: i16) -> Vec<Date> {
    let zone = TimeZone::get(zone).unwrap();
    let hours = date(year - 1, 12, 30).at(0, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let mut days: Vec<Date> =
        (0..=369 * 24).map(|hour| zone.to_datetime(hours + SignedDuration::from_hours(hour)).date()).collect();
    days.dedup();
    days.retain(|day| day.year() == year);
    days
}

/// What a poller that keeps the last day in a store posts, each day with how often and how late in minutes.
fn posted(schedule: &Schedule, from: Timestamp, polls: &[i64]) -> BTreeMap<Date, Vec<i64>> {
    let mut last = schedule.settled_by(from);
    let mut now = from;
    let mut posted: BTreeMap<Date, Vec<i64>> = BTreeMap::new();
    for minutes in polls {
        now = now.saturating_add(SignedDuration::from_mins(*minutes)).unwrap();
        match schedule.due(last, now, LATE_LIMIT) {
            Due::Now { for_day } => {
                let late = now.duration_since(schedule.posting_for(for_day).unwrap().timestamp()).as_mins();
                posted.entry(for_day).or_default().push(late);
                last = Some(for_day);
            }
            Due::Wait { until } | Due::Skip { until, .. } => {
                assert!(until.is_some_and(|until| until.timestamp() > now), "waits for what has passed");
            }
        }
    }
    posted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn each_chosen_day_of_a_year_has_one_posting(
        zone in proptest::sample::select(&ZONES[..]),
        year in 1985i16..2038,
        (hour, minute) in (0i8..24, 0i8..60),
        days in 1u8..128,
    ) {
        let schedule = Schedule {
            time: Time::constant(hour, minute, 0, 0),
            zone: TimeZone::get(zone).unwrap(),
            weekdays: Weekdays(days),
        };
        let chosen: Vec<Date> =
            days_of(zone, year).into_iter().filter(|day| schedule.weekdays.has(day.weekday())).collect();
        let postings: Vec<Zoned> = chosen.iter().filter_map(|day| schedule.posting_for(*day)).collect();
        prop_assert_eq!(postings.len(), chosen.len(), "every day that the place had is posted for");
        for (day, posting) in chosen.iter().zip(&postings) {
            let wall = day.to_datetime(schedule.time);
            prop_assert!(posting.datetime() >= wall, "never early");
            if posting.datetime() != wall {
                let before = posting.timestamp() - SignedDuration::from_nanos(1);
                prop_assert!(schedule.zone.to_datetime(before) < wall, "{} is the first moment after the gap", posting);
            }
        }
        prop_assert!(postings.windows(2).all(|pair| pair[0] < pair[1]));
        // Walking from one to the next meets the same ones.
        let mut walk = schedule.next_after(postings[0].timestamp() - SignedDuration::from_secs(1));
        for posting in &postings {
            prop_assert_eq!(walk.as_ref(), Some(posting));
            walk = schedule.next_after(posting.timestamp());
        }
    }

    #[test]
    fn polled_every_few_minutes_with_restarts_each_day_is_posted_for_once(
        zone in proptest::sample::select(&ZONES[..]),
        start in proptest::sample::select(&[(2026, 3, 5), (2026, 3, 26), (2026, 10, 1), (2026, 10, 22), (2011, 12, 26), (2024, 9, 5)][..]),
        (hour, minute) in (0i8..24, 0i8..60),
        days in 1u8..128,
        // Minutes to the next poll; now and then the process is down for hours.
        polls in proptest::collection::vec(prop_oneof![20 => 1i64..10, 1 => 10i64..300], 900..1500),
    ) {
        let schedule = Schedule {
            time: Time::constant(hour, minute, 0, 0),
            zone: TimeZone::get(zone).unwrap(),
            weekdays: Weekdays(days),
        };
        let from = date(start.0, start.1, start.2).at(0, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
        let until = from + SignedDuration::from_mins(polls.iter().sum());
        let posted = posted(&schedule, from, &polls);
        let mut expected = Vec::new();
        let mut walk = schedule.next_after(from);
        while let Some(moment) = walk.filter(|moment| moment.timestamp() <= until) {
            expected.push(moment.timestamp());
            walk = schedule.next_after(moment.timestamp());
        }
        prop_assert_eq!(posted.len(), expected.len());
        for late in posted.values() {
            prop_assert_eq!(late.len(), 1, "once");
            prop_assert!((0..=300).contains(&late[0]), "{} minutes late", late[0]);
        }
    }

    #[test]
    fn a_clock_that_jumps_about_never_posts_twice(
        zone in proptest::sample::select(&ZONES[..]),
        hour in 0i8..24,
        polls in proptest::collection::vec(prop_oneof![20 => 1i64..60, 1 => -3000i64..3000], 500),
    ) {
        let schedule = Schedule {
            time: Time::constant(hour, 30, 0, 0),
            zone: TimeZone::get(zone).unwrap(),
            weekdays: Weekdays::ALL,
        };
        let from = at("2026-03-27T00:00[UTC]");
        prop_assert!(posted(&schedule, from, &polls).values().all(|times| times.len() == 1));
    }

    #[test]
    fn any_words_are_read_or_refused(time in "\\PC{0,12}", zone in "\\PC{0,20}", days in "\\PC{0,20}") {
        let _ = Schedule::parse(&time, &zone, &days);
        let _ = (words::time(&time), words::weekdays(&days));
    }
}
