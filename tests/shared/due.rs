//! Digests that are due at once, for the tests that start the binary.

use std::time::Duration;

use byline::library::store::{CommunityId, Order, Store};
use jiff::Timestamp;
use jiff::civil::time;
use jiff::tz::TimeZone;

/// Orders a digest for a channel whose hour has passed today, of what came since yesterday: it is due at once.
pub async fn order_due(store: &Store, community: CommunityId, channel: &str) {
    let now = Timestamp::now();
    // A place where it is about noon, so that no other day begins while the test runs. (The sign of these names is reversed.)
    let behind = now.to_zoned(TimeZone::UTC).hour() - 12;
    let zone = if behind < 0 { format!("Etc/GMT{behind}") } else { format!("Etc/GMT+{behind}") };
    let today = now.in_tz(&zone).unwrap().date();
    let order = Order {
        time: time(1, 0, 0, 0),
        zone,
        weekdays: 0b111_1111,
        size: 10,
        late_limit: Duration::from_secs(24 * 60 * 60),
        tells_nothing_new: true,
    };
    store.set_schedule(community, channel, &order, Some(today.yesterday().unwrap()), Some(now), now).await.unwrap();
}
