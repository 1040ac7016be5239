//! The `byline` binary: its subcommands, and where errors end.

use clap::Parser;

#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// What the program makes of a file, as JSON lines
    #[command(subcommand)]
    Inspect(byline::inspect::Inspect),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Inspect(inspect) => inspect.run(),
    }
}
