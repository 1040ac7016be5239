//! What the shipped file is, and what becomes of a damaged one.

use proptest::prelude::*;

use super::file::Parts;
use super::labels::{LABELS, Role, begin, inside, may_follow, spans};
use super::lattice::{EDGES, Sums, Transitions, best};
use super::*;

#[test]
fn the_shipped_model_is_whole_and_says_what_it_is() {
    let model = Model::read(Cow::Borrowed(SHIPPED)).expect("it is whole");
    assert!(shipped().is_some());
    let said = model.description();
    assert!(said.data.contains("PolNeAR"), "{said:?}");
    assert!(!said.made.is_empty() && !said.score.is_empty() && said.options.contains("seed"), "{said:?}");
    assert!(model.len() > 10_000 && SHIPPED.len() < 8 * 1024 * 1024, "{} in {}", model.len(), SHIPPED.len());
}

fn small() -> Vec<u8> {
    let transitions = Transitions::new();
    let rows = (0..40u64)
        .map(|n| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15), [0.5, -0.25, 0.0, 1.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0]));
    let description = Description { data: "made up".into(), ..Description::default() };
    Parts {
        description: &description,
        cues: vec![9, 3],
        transitions: &transitions,
        judge: &[0.5, -0.5],
        rows: rows.collect(),
    }
    .write()
}

#[test]
fn what_is_written_is_read_again() {
    let model = Model::read(Cow::Owned(small())).expect("it is whole");
    assert_eq!((model.len(), model.description().data.as_str()), (40, "made up"));
    assert!(model.is_cue(3) && model.is_cue(9) && !model.is_cue(4));
    let score = model.score(&[0x9E37_79B9_7F4A_7C15, 12_345]);
    for (score, expected) in score.iter().zip([0.5, -0.25, 0.0, 1.0]) {
        assert!((score - expected).abs() < 0.01, "{score} {expected}");
    }
    assert!(model.judge(&[0]) > 0.6 && model.judge(&[1]) < 0.4);
}

#[test]
fn a_damaged_model_is_an_error() {
    let whole = small();
    assert_eq!(Model::read(Cow::Borrowed(b"")).err(), Some(ModelError::Magic));
    assert_eq!(Model::read(Cow::Borrowed(b"BYLQUOT0 and more")).err(), Some(ModelError::Magic));
    let mut longer = whole.clone();
    longer.push(0);
    assert_eq!(Model::read(Cow::Owned(longer)).err(), Some(ModelError::Length));
    for cut in [8, 15, 20, 40, 400, whole.len() / 2, whole.len() - 1] {
        assert_eq!(Model::read(Cow::Owned(whole[..cut].to_vec())).err(), Some(ModelError::Length), "{cut}");
    }
    let mut changed = whole.clone();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    assert_eq!(Model::read(Cow::Owned(changed)).err(), Some(ModelError::Checksum));
}

/// All sequences of labels that may follow one another, with their scores.
fn all(nodes: &[[f32; LABELS]], transitions: &Transitions, edges: &[u8]) -> Vec<(Vec<u8>, f32)> {
    let mut sequences: Vec<(Vec<u8>, f32)> = vec![(Vec::new(), 0.0)];
    for (node, edge) in nodes.iter().zip(edges) {
        let mut next = Vec::new();
        for (labels, score) in &sequences {
            for (label, part) in (0u8..).zip(node) {
                let before = labels.last().copied();
                if may_follow(before, label) {
                    let from = before.map_or(LABELS, usize::from);
                    let step = transitions.of(*edge)[from][usize::from(label)];
                    next.push(([labels.as_slice(), &[label]].concat(), score + part + step));
                }
            }
        }
        sequences = next;
    }
    sequences
}

#[test]
fn labels_tell_spans() {
    let (cue, content) = (Role::Cue, Role::ContentAfter);
    let labels = [0, begin(cue), inside(cue), begin(content), inside(content), begin(content), 0];
    assert_eq!(spans(&labels), [(cue, 1..3), (content, 3..5), (content, 5..6)]);
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), whole in any::<bool>(), at in 0usize..6000) {
        if whole {
            let mut model = small();
            let length = model.len();
            for (offset, byte) in bytes.drain(..).enumerate() {
                model[(at + offset * 7) % length] = byte;
            }
            bytes = model;
        }
        let _ = Model::read(Cow::Owned(bytes));
    }

    /// Against every sequence there is, for up to three tokens.
    #[test]
    fn the_chain_sums_over_all_sequences(
        nodes in prop::collection::vec(prop::array::uniform11(-3.0f32..3.0), 1..4),
        steps in prop::collection::vec(-2.0f32..2.0, 32),
    ) {
        let mut transitions = Transitions::new();
        for edge in 0..EDGES {
            transitions.change(u8::try_from(edge).unwrap_or(0), |table| {
                for (at, score) in table.iter_mut().flatten().enumerate() {
                    *score = steps[(at + edge) % steps.len()];
                }
            });
        }
        let edges: Vec<u8> = (0u8..3).take(nodes.len()).collect();
        let sequences = all(&nodes, &transitions, &edges);
        let top = sequences.iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("there is one");
        let found = best(&nodes, &edges, &transitions);
        let score = sequences.iter().find(|(labels, _)| *labels == found).expect("it is allowed").1;
        prop_assert!((score - top.1).abs() < 1e-3, "{score} {}", top.1);
        let mut sums = Sums::default();
        sums.compute(&nodes, &edges, &transitions);
        let total: f64 = sequences.iter().map(|(_, score)| f64::from(*score).exp()).sum();
        for at in 0..nodes.len() {
            let node = sums.node(at);
            for (label, sum) in node.iter().enumerate().take(LABELS) {
                let here = sequences.iter().filter(|(labels, _)| usize::from(labels[at]) == label);
                let expected = here.map(|(_, score)| f64::from(*score).exp()).sum::<f64>() / total;
                prop_assert!((f64::from(*sum) - expected).abs() < 1e-3, "{sum} {expected}");
            }
        }
    }
}

/// Articles of our own with their attributions, in brat's form, in a folder.
fn annotated() -> Vec<Annotated> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let people = ["Ann Lee", "Bob Poe", "Xia Roe", "Wu Dole", "Jo Hart", "Al Moss"];
    let things = ["the bridge", "the tunnel", "the ferry", "the harbour wall"];
    for (number, person) in people.iter().enumerate() {
        let (mut text, mut annotations) = (String::new(), String::new());
        for (at, thing) in things.iter().enumerate() {
            let content = format!("that {thing} was safe");
            let start = text.chars().count();
            let cue = start + person.len() + 1;
            let from = cue + 5;
            text.push_str(&format!("{person} said {content}. It opened in {}.\n\n", 1900 + number * 10 + at));
            let id = at * 4;
            annotations.push_str(&format!(
                "T{}\tSource {start} {}\t{person}\nT{}\tCue {cue} {}\tsaid\nT{}\tContent {from} {}\t{content}\n\
                 T{}\tAttribution {cue} {}\tsaid\nE{at}\tAttribution:T{} Source:T{} Cue:T{} Content:T{}\n",
                id + 1,
                start + person.len(),
                id + 2,
                cue + 4,
                id + 3,
                from + content.len(),
                id + 4,
                cue + 4,
                id + 4,
                id + 1,
                id + 2,
                id + 3
            ));
        }
        std::fs::write(folder.path().join(format!("a{number}.txt")), text).expect("it is written");
        std::fs::write(folder.path().join(format!("a{number}_0a1b.ann")), annotations).expect("it is written");
    }
    std::fs::write(folder.path().join("alone.txt"), "Nobody annotated this.").expect("it is written");
    read_annotated(folder.path(), folder.path()).expect("all of it can be read")
}

#[test]
fn what_is_learned_depends_on_data_and_seed_alone() {
    let annotated = annotated();
    assert_eq!(annotated.len(), 6);
    assert!(annotated.iter().all(|one| one.attributions.len() == 4));
    let options = Options { least: 2, folds: 3, chains: 1, ..Options::default() };
    let teach_it = |options: &Options| {
        let mut score = 0.0;
        let bytes = teach(&annotated, options, Description::default(), |progress| {
            if let Progress::Score([_, _, f1]) = progress {
                score = f1;
            }
        });
        (bytes, score)
    };
    let (bytes, score) = teach_it(&options);
    assert!(score > 0.9, "such sentences are learned: {score}");
    assert!(teach_it(&options).0 == bytes, "the same again");
    assert!(teach_it(&Options { seed: 7, ..options }).0 != bytes, "another order, other weights");
    let model = Model::read(Cow::Owned(bytes)).expect("what is written can be read");
    assert_eq!((model.description().articles, model.description().quotations), (6, 24));
    let article = crate::quotes::tests::article("Kim Bell said that the lighthouse was safe.");
    let found = crate::quotes::find_with(&article, Some(&model));
    assert_eq!(found.len(), 1);
    assert_eq!(article.slice(found[0].content[0]), "that the lighthouse was safe");
    assert_eq!(found[0].speaker_name.as_deref(), Some("Kim Bell"));
}
