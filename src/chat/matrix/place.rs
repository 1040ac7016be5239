//! Where a request comes from, and what its person may do there. A room is a community of its own, and its only channel.

use matrix_sdk::Room;
use matrix_sdk::ruma::events::room::power_levels::{RoomPowerLevels, UserPowerLevel};
use matrix_sdk::ruma::{Int, UserId};

use super::allow::Allow;
use crate::router::Place;

/// The name of this network in places and in the store.
pub const NETWORK: &str = "matrix";

/// The power that rooms give to moderators where they set nothing else.
const MODERATOR: i32 = 50;

/// The place of a room, for somebody who does or does not manage it.
#[must_use]
pub fn place(room: &str, manager: bool) -> Place {
    Place { network: NETWORK.to_owned(), community: room.to_owned(), channel: Some(room.to_owned()), manager }
}

/// Whether a person manages Byline in a room: who may change the room's settings, or is configured to.
pub async fn manages(room: &Room, person: &UserId, managers: &Allow) -> bool {
    if managers.holds(person.as_str()) {
        return true;
    }
    // Powers that are not known are nobody's.
    room.power_levels().await.is_ok_and(|powers| has_power(&powers, person))
}

/// Whether a person has a moderator's power. The creators of a room of version 12 or later stand above all levels.
fn has_power(powers: &RoomPowerLevels, person: &UserId) -> bool {
    let needed = powers.state_default.max(Int::from(MODERATOR));
    powers.for_user(person) >= UserPowerLevel::Int(needed)
}

/// Where answers given here stand, for talk that goes on.
#[must_use]
pub fn answers_at(room: &str, thread: Option<&str>) -> String {
    match thread {
        Some(thread) => format!("{NETWORK}/{room}/{thread}"),
        None => format!("{NETWORK}/{room}"),
    }
}

#[cfg(test)]
mod tests {
    use matrix_sdk::ruma::events::room::power_levels::{RoomPowerLevelsEventContent, RoomPowerLevelsSource};
    use matrix_sdk::ruma::room_version_rules::AuthorizationRules;
    use matrix_sdk::ruma::{int, owned_user_id, user_id};

    use super::*;

    #[test]
    fn moderators_and_creators_manage() {
        let (ann, ben) = (owned_user_id!("@ann:x"), user_id!("@ben:x"));
        let mut content = RoomPowerLevelsEventContent::new(&AuthorizationRules::V11);
        content.users.insert(ann.clone(), int!(50));
        content.users.insert(ben.to_owned(), int!(49));
        let source = RoomPowerLevelsSource::from(Some(content.clone()));
        let powers = RoomPowerLevels::new(source, &AuthorizationRules::V11, []);
        assert!(has_power(&powers, &ann) && !has_power(&powers, ben));
        // A room that asks for more power to change it asks for it here too.
        content.state_default = int!(60);
        let powers = RoomPowerLevels::new(Some(content).into(), &AuthorizationRules::V11, []);
        assert!(!has_power(&powers, &ann));
        // In version 12 the creator is in no list of powers.
        let content = RoomPowerLevelsEventContent::new(&AuthorizationRules::V12);
        let powers = RoomPowerLevels::new(Some(content).into(), &AuthorizationRules::V12, [ann.clone()]);
        assert!(has_power(&powers, &ann) && !has_power(&powers, ben));
    }
}
