//! What the tiny model reads: windows of the book, in one fixed order.
//!
//! Every twentieth group of 64 verses is held out, so that the loss on them tells what was learned and
//! not what was memorised. Sample `n` of the training depends on the seed and on `n` alone, so neither
//! the size of a batch nor the number of threads has a say in what is read when.

use std::ops::Range;

use super::Random;
use super::vocabulary::{END_OF_TEXT, END_OF_TURN, TURN, Vocabulary};

/// Verses that are held out or not together.
const GROUP: usize = 64;
/// One group of so many is held out.
const HELD_OUT: usize = 20;
/// Two thirds of the samples are plain text.
const PLAIN: f64 = 2.0 / 3.0;
/// One conversation in four opens with this.
const SYSTEM: &str = "Answer each verse with the verse that follows it.";

/// The verses of the book as ids.
#[derive(Debug)]
pub struct Corpus {
    verses: Vec<Vec<u32>>,
    lengths: Vec<usize>,
    system: Vec<u32>,
    roles: [Vec<u32>; 3],
    newline: Vec<u32>,
}

impl Corpus {
    /// The book, a verse a line.
    pub fn new(vocabulary: &Vocabulary, book: &str) -> Self {
        let role = |role: &str| {
            let mut ids = vec![TURN];
            ids.extend(vocabulary.encode(role));
            ids.extend(vocabulary.encode("\n"));
            ids
        };
        Self {
            verses: book.lines().map(|verse| vocabulary.encode(verse)).collect(),
            lengths: book.lines().map(str::len).collect(),
            system: vocabulary.encode(SYSTEM),
            roles: ["system", "user", "assistant"].map(role),
            newline: vocabulary.encode("\n"),
        }
    }

    /// How many verses.
    pub fn verses(&self) -> usize {
        self.verses.len()
    }

    /// Whether a verse is kept for measuring.
    pub fn held_out(verse: usize) -> bool {
        verse / GROUP % HELD_OUT == HELD_OUT - 1
    }

    /// Each group of verses that is held out.
    pub fn held_out_groups(&self) -> impl Iterator<Item = Range<usize>> {
        let groups = (0..self.verses.len()).step_by(GROUP);
        let last = self.verses.len();
        groups
            .map(move |start| start..(start + GROUP).min(last))
            .filter(|g| Self::held_out(g.start))
    }

    /// Plain text: [`END_OF_TEXT`], then each verse with a line break.
    pub fn plain(&self, verses: Range<usize>) -> Vec<u32> {
        let mut ids = vec![END_OF_TEXT];
        for verse in &self.verses[verses] {
            ids.extend(verse);
            ids.extend(&self.newline);
        }
        ids
    }

    /// The bytes of the text that [`Self::plain`] stands for.
    pub fn bytes(&self, verses: Range<usize>) -> usize {
        self.lengths[verses].iter().map(|length| length + 1).sum()
    }

    /// Sample `number` of the training: `length` ids.
    pub fn sample(&self, seed: u64, number: u64, length: usize) -> Vec<u32> {
        let mut random = Random::new(seed, number);
        let first = loop {
            let verse = random.below(self.verses.len());
            if !Self::held_out(verse) {
                break verse;
            }
        };
        let mut ids = if random.unit() < PLAIN {
            self.prose(first, length, &mut random)
        } else {
            self.conversation(first, length, &mut random)
        };
        ids.truncate(length);
        ids
    }

    fn prose(&self, first: usize, length: usize, random: &mut Random) -> Vec<u32> {
        let mut ids = vec![END_OF_TEXT];
        let mut verse = first;
        // Half of the samples begin inside a verse, as a long text does that was cut somewhere.
        if random.below(2) == 0 {
            ids.clear();
            ids.extend(&self.verses[first][random.below(self.verses[first].len())..]);
            ids.extend(&self.newline);
            verse += 1;
        }
        while ids.len() < length {
            if self.ends(verse) {
                ids.push(END_OF_TEXT);
                verse = 0;
            }
            ids.extend(&self.verses[verse]);
            ids.extend(&self.newline);
            verse += 1;
        }
        ids
    }

    fn conversation(&self, first: usize, length: usize, random: &mut Random) -> Vec<u32> {
        let mut ids = Vec::new();
        let turn = |ids: &mut Vec<u32>, role: usize, text: &[u32]| {
            ids.extend(&self.roles[role]);
            ids.extend(text);
            ids.push(END_OF_TURN);
            ids.extend(&self.newline);
        };
        if random.below(4) == 0 {
            turn(&mut ids, 0, &self.system);
        }
        let mut verse = first;
        let mut role = 1;
        while ids.len() < length {
            if self.ends(verse) {
                ids.push(END_OF_TEXT);
                (verse, role) = (0, 1);
            }
            turn(&mut ids, role, &self.verses[verse]);
            verse += 1;
            role = 3 - role;
        }
        ids
    }

    /// Whether training must not go on to this verse.
    fn ends(&self, verse: usize) -> bool {
        verse == self.verses.len() || Self::held_out(verse)
    }
}
