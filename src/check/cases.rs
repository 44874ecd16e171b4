//! Inputs: small scopes, exhausted, and texts that break naive code.

/// All sequences over the symbols `0..symbols` up to `longest` long, shortest first.
pub(crate) fn sequences(symbols: u32, longest: usize) -> impl Iterator<Item = Vec<u32>> {
    let count =
        move |length: usize| u64::from(symbols).pow(u32::try_from(length).unwrap_or(u32::MAX));
    (0..=longest).flat_map(move |length| {
        (0..count(length)).map(move |mut number| {
            let mut sequence = vec![0; length];
            for id in sequence.iter_mut().rev() {
                let digit = number % u64::from(symbols);
                *id = u32::try_from(digit).unwrap_or(0);
                number /= u64::from(symbols);
            }
            sequence
        })
    })
}

/// All texts made of the given pieces, up to `longest` pieces long, shortest first.
pub(crate) fn texts(
    pieces: &'static [&'static str],
    longest: usize,
) -> impl Iterator<Item = String> {
    let symbols = u32::try_from(pieces.len()).unwrap_or(0);
    sequences(symbols, longest)
        .map(move |sequence| sequence.iter().map(|&id| pieces[id as usize]).collect())
}

/// Texts that naive code gets wrong, each for a reason of its own.
pub(crate) const HARD_TEXTS: &[&str] = &[
    "\0",                                  // a zero byte ends nothing
    " \t\r\n  ",                           // only white space, CRLF
    "the cat sat on the mat. The cat sat", // words that repeat
    "naïve café",                          // two bytes a letter
    "e\u{301}",                            // a letter and a combining accent
    "안녕하세요",                          // three bytes a letter
    "नमस्ते",                                // vowels that combine
    "שלום עולם",                           // right to left
    "👩‍👩‍👧‍👦 👍🏽 🇨🇭",                            // one picture, many code points
    "1234567890",                          // digits
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",   // one run of an odd length
    "\u{feff}text",                        // a byte-order mark
    "𝕌𝕟𝕚𝕔𝕠𝕕𝕖",                             // four bytes a letter
];

/// A small generator (xorshift64*, Vigna 2014): the same numbers on every machine.
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// A number below `bound`, which must not be zero.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        u32::try_from(high % u64::from(bound)).unwrap_or(0)
    }

    /// `length` numbers below `bound`.
    pub(crate) fn sequence(&mut self, length: usize, bound: u32) -> Vec<u32> {
        (0..length).map(|_| self.below(bound)).collect()
    }
}
