//! Which articles are one story, and in which order they would lead it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::correction::{self, same_outlet, same_text};
use super::likeness::{self, Pair};
use super::{Member, Part, WINDOW_DAYS};
use crate::article::Article;
use crate::library::{ArticleId, Library};
use crate::quotes::QuoteBook;

/// Articles that tell rare terms from common ones are taken from the rest of the library up to this many in all. More
/// would cost time and change no weight by much.
const BACKGROUND: usize = 1_000;

/// Two parts of a story become one when at least one in so many of the pairs across them is alike. A single link would
/// chain the neighbouring topics of one beat together: of 1,000 articles about an election it made a "story" of 19.
const HALF: usize = 2;

/// The articles of one story.
#[derive(Debug)]
pub(super) struct Group {
    /// Its articles, the one that should lead first.
    pub(super) members: Vec<Member>,
    /// Articles that are left out, each with the newer version that stays.
    pub(super) duplicates: Vec<(ArticleId, ArticleId)>,
    /// How many outlets tell of it.
    pub(super) outlets: usize,
    /// How many quotations its articles hold.
    pub(super) quotations: usize,
    /// When its newest article was published.
    pub(super) newest: Option<DateTime>,
}

impl Group {
    pub(super) fn articles(&self) -> usize {
        self.members.len()
    }

    /// The number of its first article in the library, which settles ties.
    pub(super) fn first(&self) -> Option<ArticleId> {
        self.members.iter().map(|member| member.article).min()
    }

    pub(super) fn ids(&self) -> Vec<ArticleId> {
        self.members.iter().map(|member| member.article).collect()
    }
}

/// The stories that `open` tell of, in no particular order.
pub(super) fn groups(library: &Library, book: &QuoteBook, open: &[ArticleId]) -> Vec<Group> {
    let ids: Vec<ArticleId> = open.iter().copied().chain(originals(library, open)).collect();
    let compared = ids.len();
    let known: BTreeSet<ArticleId> = ids.iter().copied().collect();
    let background = background(library, &known, BACKGROUND.saturating_sub(compared));
    let articles: Vec<&Article> =
        ids.iter().chain(&background).filter_map(|id| library.get(*id)).map(AsRef::as_ref).collect();
    let pairs = likeness::pairs(&articles, compared);
    let corrected = corrected(&articles, &pairs);

    let corrects =
        |pair: &Pair| corrected.get(&pair.one) == Some(&pair.other) || corrected.get(&pair.other) == Some(&pair.one);
    let near = |pair: &Pair| apart(&articles, pair.one, pair.other).is_none_or(|days| days <= WINDOW_DAYS);
    let stories = joined(open.len(), &pairs, corrects, near);
    let scene = Scene { ids: &ids, articles: &articles, pairs: &pairs, corrected: &corrected };
    stories.into_iter().map(|places| scene.group(book, places)).collect()
}

/// The first `count` places, joined where a pair is `sure`, or where it is `near` and its sets are alike.
fn joined(count: usize, pairs: &[Pair], sure: impl Fn(&Pair) -> bool, near: impl Fn(&Pair) -> bool) -> Vec<Vec<usize>> {
    let mut sets = Sets::new(count);
    // The most alike first, so that what belongs together is together before anything else is asked to join.
    let mut surest: Vec<&Pair> = pairs.iter().filter(|pair| pair.other < count).collect();
    surest.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then_with(|| (a.one, a.other).cmp(&(b.one, b.other))));
    for pair in surest {
        if sure(pair) {
            sets.join(pair.one, pair.other);
        } else if near(pair) {
            sets.join_if(pair.one, pair.other, |a, b| {
                let linked = a.iter().flat_map(|a| b.iter().map(|b| is_linked(pairs, *a, *b)));
                linked.filter(|linked| *linked).count() * HALF >= a.len() * b.len()
            });
        }
    }
    sets.groups()
}

/// For each correction among `open`, the articles of its outlet that it may correct and that are not in `open`.
fn originals(library: &Library, open: &[ArticleId]) -> Vec<ArticleId> {
    let corrections: Vec<&Article> =
        open.iter().filter_map(|id| library.get(*id)).map(AsRef::as_ref).filter(|a| correction::corrects(a)).collect();
    if corrections.is_empty() {
        return Vec::new();
    }
    let open: BTreeSet<ArticleId> = open.iter().copied().collect();
    let may_be = |article: &Article| corrections.iter().any(|c| may_correct(c, article));
    library.iter().filter(|(id, article)| !open.contains(id) && may_be(article)).map(|(id, _)| id).collect()
}

/// Whether a correction can be of `article`, as far as outlet and days tell.
fn may_correct(correction: &Article, article: &Article) -> bool {
    let since = days_between(article, correction);
    same_outlet(correction, article)
        && !correction::corrects(article)
        && since.is_none_or(|days| (0..=correction::DAYS).contains(&days))
}

/// For each correction, by its place, the place of the article most like it that it can correct.
fn corrected(articles: &[&Article], pairs: &[Pair]) -> BTreeMap<usize, usize> {
    let mut best: BTreeMap<usize, (f32, usize)> = BTreeMap::new();
    for Pair { one, other, likeness } in pairs {
        for (correction, article) in [(*one, *other), (*other, *one)] {
            let (Some(c), Some(a)) = (articles.get(correction), articles.get(article)) else { continue };
            if correction::corrects(c)
                && may_correct(c, a)
                && best.get(&correction).is_none_or(|(known, _)| likeness > known)
            {
                best.insert(correction, (*likeness, article));
            }
        }
    }
    best.into_iter().map(|(correction, (_, article))| (correction, article)).collect()
}

/// Articles that are not compared, evenly spread over the library.
fn background(library: &Library, known: &BTreeSet<ArticleId>, most: usize) -> Vec<ArticleId> {
    let rest: Vec<ArticleId> = library.iter().map(|(id, _)| id).filter(|id| !known.contains(id)).collect();
    let step = rest.len().div_ceil(most.max(1)).max(1);
    rest.into_iter().step_by(step).take(most).collect()
}

fn day(article: &Article) -> Option<Date> {
    article.meta().published.map(|published| published.date)
}

/// Days from `one` to `other`; `None` where either is undated.
fn days_between(one: &Article, other: &Article) -> Option<i64> {
    let span = day(one)?.until(day(other)?).ok()?;
    Some(i64::from(span.get_days()))
}

fn apart(articles: &[&Article], one: usize, other: usize) -> Option<i64> {
    days_between(articles.get(one)?, articles.get(other)?).map(i64::abs)
}

/// What was found out about the articles that were compared.
struct Scene<'s> {
    ids: &'s [ArticleId],
    articles: &'s [&'s Article],
    pairs: &'s [Pair],
    corrected: &'s BTreeMap<usize, usize>,
}

impl Scene<'_> {
    /// The articles at `places` as a group.
    fn group(&self, book: &QuoteBook, places: Vec<usize>) -> Group {
        let (places, duplicates) = self.without_duplicates(places);
        let mut ranked: Vec<(usize, Member, usize)> = places
            .iter()
            .filter_map(|&place| {
                let article = *self.ids.get(place)?;
                let member = Member { article, part: self.part(place, &places) };
                Some((place, member, book.attributed_in(article)))
            })
            .collect();
        ranked.sort_by(|(a, one, one_quotes), (b, other, other_quotes)| {
            rank_of(one.part)
                .cmp(&rank_of(other.part))
                .then_with(|| self.day(*b).cmp(&self.day(*a)))
                .then_with(|| self.centrality(*b, &places).total_cmp(&self.centrality(*a, &places)))
                .then_with(|| other_quotes.cmp(one_quotes))
                .then_with(|| one.article.cmp(&other.article))
        });
        let members = || ranked.iter().filter_map(|(place, ..)| self.articles.get(*place));
        let outlets: BTreeSet<Option<String>> = members().map(|article| correction::outlet(article)).collect();
        Group {
            outlets: outlets.len(),
            quotations: ranked.iter().map(|(_, _, quotations)| quotations).sum(),
            newest: members().filter_map(|article| article.meta().published).map(|p| p.order_key()).max(),
            members: ranked.into_iter().map(|(_, member, _)| member).collect(),
            duplicates,
        }
    }

    /// Parts the places of a story into those that stay and, of versions of one text in one outlet, the older ones.
    fn without_duplicates(&self, mut places: Vec<usize>) -> (Vec<usize>, Vec<(ArticleId, ArticleId)>) {
        let (mut kept, mut duplicates): (Vec<usize>, Vec<_>) = (Vec::new(), Vec::new());
        let newest = |place: usize| {
            let article = self.articles.get(place);
            let published = article.and_then(|article| article.meta().published).map(|p| p.order_key());
            (published, article.map(|article| article.text().len()))
        };
        places.sort_by_key(|&place| (Reverse(newest(place)), place));
        for place in places {
            let version = kept.iter().copied().find(|&other| {
                self.articles.get(place).zip(self.articles.get(other)).is_some_and(|(older, newer)| {
                    is_linked(self.pairs, place, other) && same_outlet(older, newer) && same_text(older, newer)
                })
            });
            match version.and_then(|other| Some((*self.ids.get(place)?, *self.ids.get(other)?))) {
                Some(pair) => duplicates.push(pair),
                None => kept.push(place),
            }
        }
        kept.sort_unstable();
        (kept, duplicates)
    }

    fn part(&self, place: usize, places: &[usize]) -> Part {
        if self.articles.get(place).is_some_and(|article| correction::corrects(article)) {
            let of = self.corrected.get(&place).and_then(|of| self.ids.get(*of)).copied();
            return Part::Correction { of };
        }
        let by = places.iter().find(|correction| self.corrected.get(correction) == Some(&place));
        by.and_then(|by| self.ids.get(*by)).map_or(Part::Report, |by| Part::Corrected { by: *by })
    }

    /// How much an article is like the others of its story.
    fn centrality(&self, place: usize, places: &[usize]) -> f32 {
        let key = |other: usize| (place.min(other), place.max(other));
        let likeness = |other: &usize| {
            let at = self.pairs.binary_search_by_key(&key(*other), |pair| (pair.one, pair.other)).ok()?;
            self.pairs.get(at).map(|pair| pair.likeness)
        };
        places.iter().filter_map(likeness).sum()
    }

    fn day(&self, place: usize) -> Option<Date> {
        self.articles.get(place).and_then(|article| day(article))
    }
}

/// Whether two articles are among the pairs, which are in order.
fn is_linked(pairs: &[Pair], one: usize, other: usize) -> bool {
    let key = (one.min(other), one.max(other));
    pairs.binary_search_by_key(&key, |pair| (pair.one, pair.other)).is_ok()
}

/// Reports lead before corrections, and what was corrected leads last.
fn rank_of(part: Part) -> u8 {
    match part {
        Part::Report => 0,
        Part::Correction { .. } => 1,
        Part::Corrected { .. } => 2,
    }
}

/// Sets of places that are joined pair by pair.
struct Sets {
    /// The set that each place is in, by its number.
    of: Vec<usize>,
    /// The members of each set; empty where it was joined to another.
    members: Vec<Vec<usize>>,
}

impl Sets {
    /// Each place in a set of its own.
    fn new(count: usize) -> Self {
        Self { of: (0..count).collect(), members: (0..count).map(|place| vec![place]).collect() }
    }

    fn join(&mut self, one: usize, other: usize) {
        self.join_if(one, other, |_, _| true);
    }

    /// Joins the sets of two places, if they differ and `fit` agrees to their members.
    fn join_if(&mut self, one: usize, other: usize, fit: impl FnOnce(&[usize], &[usize]) -> bool) {
        let (Some(&one), Some(&other)) = (self.of.get(one), self.of.get(other)) else { return };
        let (into, from) = (one.min(other), one.max(other));
        let (Some(a), Some(b)) = (self.members.get(into), self.members.get(from)) else { return };
        if into == from || !fit(a, b) {
            return;
        }
        let moved = self.members.get_mut(from).map(std::mem::take).unwrap_or_default();
        for place in &moved {
            if let Some(set) = self.of.get_mut(*place) {
                *set = into;
            }
        }
        if let Some(members) = self.members.get_mut(into) {
            members.extend(moved);
        }
    }

    /// The sets, each ascending.
    fn groups(self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = self.members.into_iter().filter(|members| !members.is_empty()).collect();
        groups.iter_mut().for_each(|members| members.sort_unstable());
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs from places and likeness.
    fn pairs(pairs: &[(usize, usize, f32)]) -> Vec<Pair> {
        pairs.iter().map(|&(one, other, likeness)| Pair { one, other, likeness }).collect()
    }

    #[test]
    fn one_link_between_two_stories_does_not_run_them_together() {
        let pairs = pairs(&[(0, 1, 0.5), (0, 2, 0.5), (1, 2, 0.5), (2, 3, 0.3), (3, 4, 0.5)]);
        assert_eq!(joined(5, &pairs, |_| false, |_| true), [vec![0, 1, 2], vec![3, 4]]);
    }

    #[test]
    fn what_is_like_half_of_a_story_joins_it() {
        let pairs = pairs(&[(0, 1, 0.5), (1, 2, 0.3)]);
        assert_eq!(joined(3, &pairs, |_| false, |_| true), [vec![0, 1, 2]]);
        assert_eq!(joined(3, &pairs, |_| false, |pair| pair.one == 0), [vec![0, 1], vec![2]]);
    }

    #[test]
    fn a_sure_pair_needs_no_others() {
        let pairs = pairs(&[(0, 1, 0.5), (0, 2, 0.5), (1, 2, 0.5), (2, 3, 0.3)]);
        assert_eq!(joined(4, &pairs, |pair| pair.other == 3, |_| true), [vec![0, 1, 2, 3]]);
    }
}
