//! Made-up words and numbers for the benches: the same on every machine.

/// A small generator (`SplitMix64`), so that the benches need no crate for it.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A rank up to `limit`, small ones far more often than large ones: uniform in the logarithm, over so many doublings.
    pub fn rank(&mut self, doublings: u64, limit: u64) -> u64 {
        let doublings = self.next() % doublings;
        (self.next() % (1 << doublings)).min(limit)
    }
}

/// A pronounceable word for a number.
pub fn word(mut number: u64) -> String {
    let mut word = String::new();
    loop {
        for letters in ["bdfgklmnprstvz", "aeiou"] {
            let count = letters.len() as u64;
            word.push(letters.chars().nth(usize::try_from(number % count).unwrap_or(0)).unwrap_or('a'));
            number /= count;
        }
        if number == 0 {
            return word;
        }
    }
}
