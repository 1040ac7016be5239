//! `byline train quotes …`: learns the model of quotations from annotated articles and writes its file.

use std::path::PathBuf;

use anyhow::Context;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::quotes::model::{self, Description, Options, Progress};

/// The options of `byline train quotes`.
#[derive(Debug, Args)]
struct Quotes {
    /// The folder with the texts (NAME.txt)
    #[arg(long, value_name = "DIR")]
    texts: PathBuf,
    /// The folder with the annotations (NAME.ann, or NAME_xxxx.ann for annotator xxxx)
    #[arg(long, value_name = "DIR")]
    annotations: PathBuf,
    /// The file to write; the program has data/models/quotes.model built in
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What the data is, to be named in the file
    #[arg(long, value_name = "WORDS")]
    data: String,
    /// Times over the data
    #[arg(long, default_value_t = Options::default().epochs)]
    epochs: usize,
    /// The first step's size
    #[arg(long, default_value_t = Options::default().rate)]
    rate: f32,
    /// The part of the features that each step leaves out
    #[arg(long, default_value_t = Options::default().dropout)]
    dropout: f32,
    /// Features seen less often are left out
    #[arg(long, default_value_t = Options::default().least)]
    least: u32,
    /// How many features are kept at most
    #[arg(long, default_value_t = Options::default().features)]
    features: usize,
    /// Chains that are trained in different orders and averaged
    #[arg(long, default_value_t = Options::default().chains)]
    chains: usize,
    /// Parts for cross-validation
    #[arg(long, default_value_t = Options::default().folds)]
    folds: usize,
    /// The order of the examples
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
}

/// The subcommand.
pub(super) fn subcommand() -> Command {
    let about = "Learn the model that finds quotations, from texts with annotations in the standoff form of brat";
    Quotes::augment_args(Command::new("quotes").about(about))
}

/// Does it, telling on standard error how far it is.
pub(super) fn run(asked: &ArgMatches) -> anyhow::Result<()> {
    let asked = &Quotes::from_arg_matches(asked)?;
    let annotated = model::read_annotated(&asked.texts, &asked.annotations)?;
    eprintln!("{} annotated articles", annotated.len());
    let options = Options {
        epochs: asked.epochs,
        rate: asked.rate,
        dropout: asked.dropout,
        least: asked.least,
        features: asked.features,
        chains: asked.chains,
        folds: asked.folds,
        seed: asked.seed,
        ..Options::default()
    };
    let description = Description {
        data: asked.data.clone(),
        made: jiff::Zoned::now().date().to_string(),
        by: concat!("byline ", env!("CARGO_PKG_VERSION")).to_owned(),
        ..Description::default()
    };
    let bytes = model::teach(&annotated, &options, description, |progress| match progress {
        Progress::Chain(fold) if fold == options.folds => eprintln!("trained on all articles"),
        Progress::Chain(fold) => eprintln!("trained without part {} of {}", fold + 1, options.folds),
        Progress::Score([precision, recall, f1]) => {
            eprintln!("held-out articles: precision {precision:.3}, recall {recall:.3}, F1 {f1:.3}");
        }
    });
    std::fs::write(&asked.out, &bytes).with_context(|| format!("writing {}", asked.out.display()))?;
    eprintln!("{} bytes in {}", bytes.len(), asked.out.display());
    Ok(())
}
