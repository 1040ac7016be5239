//! The console as a network: what is posted in its channel is printed.

use crate::chat::text::{self, Style};
use crate::post::{Courier, Delivered, Delivery, Posting, Undelivered};

/// The network's name.
pub const NETWORK: &str = "console";

/// The name of the console's one channel.
pub const CHANNEL: &str = "console";

/// Prints postings through what it is given: a printer that does not disturb the line that somebody types, a channel, standard output.
///
/// Without the process there is nobody to read, so nothing is remembered: a posting whose sender died before it was recorded is printed
/// again.
pub struct Printer<P> {
    style: Style,
    print: P,
}

impl<P> Printer<P>
where
    P: Fn(String) -> Result<(), String> + Send + Sync,
{
    /// A courier that prints through `print`, which tells why it could not; `style` as the answers have it.
    #[must_use]
    pub fn new(style: Style, print: P) -> Self {
        Self { style, print }
    }
}

impl<P> Courier for Printer<P>
where
    P: Fn(String) -> Result<(), String> + Send + Sync,
{
    fn network(&self) -> &str {
        NETWORK
    }

    fn deliver<'a>(&'a self, posting: &'a Posting) -> Delivery<'a> {
        let printed = (self.print)(text::render_whole(&posting.reply, self.style));
        Box::pin(std::future::ready(match printed {
            Ok(()) => Ok(Delivered { network_id: None }),
            Err(reason) => Err(Undelivered::Retry { after: None, reason }),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::library::Library;
    use crate::reply::{Outcome, Reply};

    #[tokio::test]
    async fn a_posting_is_printed_or_tried_again() {
        let reply = Reply::text(Outcome::Told, "Nothing is new.").check(&Library::default()).unwrap();
        let posting = Posting { key: "a".to_owned(), channel: CHANNEL.to_owned(), community: None, attempt: 1, reply };
        let printed = Mutex::new(Vec::new());
        let printer = Printer::new(Style::default(), |text| {
            printed.lock().unwrap().push(text);
            Ok(())
        });
        assert_eq!(printer.deliver(&posting).await, Ok(Delivered { network_id: None }));
        assert_eq!(*printed.lock().unwrap(), ["Nothing is new."]);
        let closed = Printer::new(Style::default(), |_| Err("the terminal is closed".to_owned()));
        assert!(matches!(closed.deliver(&posting).await, Err(Undelivered::Retry { .. })));
    }
}
