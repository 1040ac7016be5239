//! One file a command: its [`Spec`](super::table::Spec) for the table, and what it does.

pub(super) mod about;
pub(super) mod articles;
pub(super) mod ask;
pub(super) mod check;
pub(super) mod correct;
pub(super) mod digest;
pub(super) mod feeds;
pub mod help;
pub(super) mod said;
pub(super) mod settings;
pub(super) mod speakers;
pub(super) mod summary;
pub(super) mod who;

use super::table::{Kind, OptionSpec};

// Options that several commands share, so that they read alike everywhere.

const OUTLET: OptionSpec =
    OptionSpec { name: "outlet", about: "Only articles of this outlet", kind: Kind::Outlet, required: false };

const SINCE: OptionSpec = OptionSpec {
    name: "since",
    about: "Only articles published on this day or later (2026-11-23, “7 days”)",
    kind: Kind::Day,
    required: false,
};

const UNTIL: OptionSpec = OptionSpec {
    name: "until",
    about: "Only articles published on this day or earlier",
    kind: Kind::Day,
    required: false,
};
