//! The `byline` binary: where the command line comes in and errors end.

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match byline::cli::run(&byline::cli::asked()) {
        Ok(status) => status,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; the exit status still tells.
            let _ = writeln!(io::stderr(), "byline: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether the reader of our output left (`byline … | head`), which is no failure of ours.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = || cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or_else(json) == Some(io::ErrorKind::BrokenPipe)
    })
}
