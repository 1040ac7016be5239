//! Who is meant by a list of people, servers and patterns: `@ann:example.org, example.org, @*:*.example.org`.

/// People, by the patterns that name them. The empty list is nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow {
    patterns: Vec<String>,
}

impl Allow {
    /// Reads a list separated by commas. What begins with `@` is a person, anything else a server; `*` stands for any letters,
    /// `?` for one.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        let patterns = list.split(',').map(str::trim).filter(|pattern| !pattern.is_empty());
        Self { patterns: patterns.map(str::to_lowercase).collect() }
    }

    /// Whether a person (`@ann:example.org`) is meant.
    #[must_use]
    pub fn holds(&self, person: &str) -> bool {
        let person = person.to_lowercase();
        let server = person.split_once(':').map_or("", |(_, server)| server);
        self.patterns.iter().any(|pattern| match pattern.starts_with('@') {
            true => fits(pattern, &person),
            false => fits(pattern, server),
        })
    }
}

/// Whether a text fits a pattern with `*` and `?`. Takes time by the product of their lengths at most.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                // The last star takes one letter more.
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, t) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_servers_and_patterns_are_told_apart() {
        let allow = Allow::parse("@ann:example.org, friends.example, @*:*.school.example,@bot-?:x");
        for (person, held) in [
            ("@ann:example.org", true),
            ("@Ann:example.org", true),
            ("@ben:example.org", false),
            ("@ben:friends.example", true),
            ("@ben:evil-friends.example", false),
            ("@ben:friends.example.evil", false),
            ("@ben:a.school.example", true),
            ("@ben:school.example", false),
            ("@bot-1:x", true),
            ("@bot-12:x", false),
            ("no person", false),
        ] {
            assert_eq!(allow.holds(person), held, "{person}");
        }
        assert!(Allow::parse("*").holds("@anybody:anywhere:8448"));
        assert!(!Allow::parse(" , ").holds("@ann:example.org"));
    }

    #[test]
    fn a_pattern_of_stars_is_no_burden() {
        assert!(!fits(&"*a".repeat(200), &"a".repeat(190)));
        assert!(fits("@*a*b*:x", "@xxaxxbxx:x"));
    }
}
