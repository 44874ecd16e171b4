//! Training on words: the production trainer against the naive answer, against a real system's merges, and
//! against itself when the counts were taken in parts. And the ids of what it learned, by ranks, against the
//! ids by merges.

use rust_for_ai::bpe::{
    CountsError, Encoding, Pair, Pattern, Tokenizer, WordCounts, train_words, train_words_while,
};
use rust_for_ai::check::work::Symbol;
use solutions::bpe as naive;

use super::{GOLDEN, MULTILINGUAL, Outcome, Random, random_texts, same, shown, texts_over};

type Train<'a> = &'a dyn Fn(&WordCounts, usize) -> Vec<Pair>;

fn counts(words: &[(&str, u64)]) -> WordCounts {
    let mut counts = WordCounts::new(Pattern::Cl100k);
    for &(word, count) in words {
        counts.add_word(word, count).expect("there are few");
    }
    counts
}

fn of(document: &str, pattern: Pattern) -> WordCounts {
    let mut counts = WordCounts::new(pattern);
    counts.add(document).expect("it is short");
    counts
}

/// The naive answer, on numbers. The symbols that it gives are numbered by how often they were made.
fn naively(counts: &WordCounts, vocab_size: usize) -> Vec<Pair> {
    let symbols = |word: &str| word.bytes().map(|byte| Symbol::new(byte.into())).collect();
    let words: Vec<(Vec<Symbol>, u64)> =
        counts.sorted().into_iter().map(|(word, count)| (symbols(word), count)).collect();
    let merges = solutions::real_tokenizers::train_word_counts(&words, vocab_size);
    let flat: Vec<Symbol> = merges.iter().flat_map(|&(left, right)| [left, right]).collect();
    Symbol::ids(&flat).chunks(2).map(|pair| (pair[0], pair[1])).collect()
}

fn training_agrees(train: Train<'_>) -> Outcome {
    let mut cases = 0;
    let mut compare = |from: &str, counts: &WordCounts, vocab_size: usize| {
        cases += 1;
        same(
            || format!("{from}: train_words({:?}, {vocab_size})", counts.sorted()),
            &naively(counts, vocab_size),
            &train(counts, vocab_size),
        )
    };
    // Two short words, one of them thrice.
    let short: Vec<String> = texts_over("ab", 4).collect();
    for one in &short {
        for other in &short {
            compare("two words", &counts(&[(one, 3), (other, 1)]), 256 + 8)?;
        }
    }
    for (seed, text) in random_texts() {
        let mut random = Random::new(seed);
        let words: Vec<(&str, u64)> = text
            .split_inclusive(' ')
            .map(|word| (word, [1, 2, 1_000_000][random.below(3)]))
            .collect();
        compare("random words", &counts(&words), 256 + seed as usize)?;
        compare("random text", &of(&text, Pattern::Gpt2), 600)?;
    }
    for pattern in [Pattern::Gpt2, Pattern::Cl100k, Pattern::O200k, Pattern::SmolLm] {
        compare("golden", &of(GOLDEN, pattern), 256 + 100)?;
        compare("multilingual", &of(MULTILINGUAL, pattern), 256 + 100)?;
    }
    for vocab_size in [0, 255, 256, 257] {
        compare("few", &of("aab", Pattern::Gpt2), vocab_size)?;
    }
    Ok(cases)
}

#[test]
fn production_trains_on_words_as_the_naive_answer_does() {
    let cases = training_agrees(&train_words).unwrap_or_else(|difference| panic!("{difference}"));
    assert!(cases > 1_000, "only {cases} cases were compared");
}

#[test]
fn a_trainer_of_words_with_a_fault_is_found() {
    let once = |counts: &WordCounts| {
        let mut once = WordCounts::new(counts.pattern());
        counts.sorted().iter().for_each(|(word, _)| once.add_word(word, 1).expect("there are few"));
        once
    };
    let pruned = |counts: &WordCounts| {
        let mut kept = WordCounts::new(counts.pattern());
        let often = counts.sorted().into_iter().filter(|&(_, count)| count > 1);
        often.for_each(|(word, count)| kept.add_word(word, count).expect("there are few"));
        kept
    };
    let faulty: [(&str, Train<'_>); 3] = [
        ("each word counts once", &|counts, size| train_words(&once(counts), size)),
        ("rare words are dropped", &|counts, size| train_words(&pruned(counts), size)),
        ("one merge too many", &|counts, size| train_words(counts, size + 1)),
    ];
    for (what, train) in faulty {
        assert!(training_agrees(train).is_err(), "not found: {what}");
    }
}

/// The first thousand merges of the book, as `tokenizers` learns them from the same words.
#[test]
fn the_book_teaches_what_a_real_trainer_learns() {
    let book = include_str!("../../data/kjv.txt");
    let counts = of(book, Pattern::Gpt2);
    let golden = include_str!("../../data/golden/book_merges.txt");
    let pair = |line: &str| {
        let (left, right) = line.split_once(' ').expect("two ids");
        (left.parse().expect("an id"), right.parse().expect("an id"))
    };
    let golden: Vec<Pair> = golden.lines().skip(1).map(pair).collect();
    assert_eq!(golden.len(), 1_000);
    assert_eq!(train_words(&counts, 256 + 1_000), golden);

    // Each verse is a document of its own; the same words in other parts and another order.
    let mut parts = vec![WordCounts::new(Pattern::Gpt2); 7];
    let whole = {
        let mut whole = WordCounts::new(Pattern::Gpt2);
        book.lines().for_each(|verse| whole.add(verse).expect("it is short"));
        whole
    };
    for (number, verse) in book.lines().enumerate() {
        parts[number * number % 7].add(verse).expect("it is short");
    }
    let mut sum = WordCounts::new(Pattern::Gpt2);
    for part in parts.iter().rev() {
        sum.merge(part).expect("the pattern is the same");
    }
    assert!(sum == whole);
    assert_eq!(train_words(&sum, 400), train_words(&whole, 400));
}

/// What makes training in parts exact, by what happens without it.
#[test]
fn cut_documents_and_pruned_counts_are_something_else() {
    let text = "the cat";
    let (left, right) = text.split_at(5);
    let mut cut = of(left, Pattern::Gpt2);
    cut.add(right).expect("it is short");
    assert!(cut != of(text, Pattern::Gpt2));

    // `xy` is in three words, once each; `zz` twice in one. Pruned, `zz` wins.
    let all = counts(&[("axy", 1), ("bxy", 1), ("cxy", 1), ("zz", 2)]);
    assert_eq!(train_words(&all, 257), [(120, 121)]);
    assert_eq!(train_words(&counts(&[("zz", 2)]), 257), [(122, 122)]);
}

/// What was learned on pieces gives the same ids by ranks as by merges, on texts that it was and was not
/// learned from. The tokens' bytes are distinct, or there would be no encoding.
#[test]
fn ranks_of_trained_merges_give_the_ids_of_the_merges() {
    let mut cases = 0;
    let mut compare = |text: &str, others: &[&str], pattern: Pattern, vocab_size: usize| {
        let merges = train_words(&of(text, pattern), vocab_size);
        let tokenizer = Tokenizer::from_merges(&merges).expect("they were trained");
        let encoding = Encoding::from_merges(&tokenizer, pattern, &[])
            .unwrap_or_else(|error| panic!("{error}: {}", shown(text)));
        let oracle = naive::Tokenizer::new(&merges);
        for other in [&[text], others].concat() {
            let ids: Vec<u32> = pattern
                .pieces(other)
                .flat_map(|piece| rust_for_ai::bpe::Tokenize::encode(&oracle, piece))
                .collect();
            assert_eq!(encoding.encode_ordinary(other), ids, "{} by {}", shown(other), shown(text));
            cases += 1;
        }
    };
    let short: Vec<String> = texts_over("ab", 6).collect();
    let few: Vec<&str> = short.iter().rev().step_by(17).map(String::as_str).collect();
    for text in &short {
        compare(text, &few, Pattern::Gpt2, 256 + 20);
    }
    let texts: Vec<String> = random_texts().map(|(_, text)| text).collect();
    for (at, text) in texts.iter().enumerate() {
        let other = &texts[(at + 4) % texts.len()];
        compare(text, &[other], Pattern::Cl100k, 256 + 60);
    }
    compare(GOLDEN, &[MULTILINGUAL], Pattern::Cl100k, 256 + 500);
    compare(MULTILINGUAL, &[GOLDEN], Pattern::Gpt2, 256 + 500);
    assert!(cases > 1_000, "only {cases} cases were compared");
}

#[test]
fn training_stops_when_it_is_told_to() {
    let counts = of(GOLDEN, Pattern::Gpt2);
    let mut left = 10;
    let mut go_on = || {
        left -= 1;
        left > 0
    };
    assert_eq!(train_words_while(&counts, 1_000, &mut go_on), None);
    assert_eq!(left, 0);
}

#[test]
fn counts_refuse_what_they_cannot_add() {
    let mut few = counts(&[("ab", 3)]);
    assert_eq!(few.add_word("ab", u64::MAX / 2), Err(CountsError::TooMany));
    assert_eq!(few.add_word("ab", u64::MAX), Err(CountsError::TooMany));
    let many = counts(&[("a", u64::MAX - 1)]);
    assert_eq!(few.merge(&many), Err(CountsError::TooMany));
    let other = WordCounts::new(Pattern::Gpt2);
    let error = CountsError::Pattern { expected: Pattern::Cl100k, got: Pattern::Gpt2 };
    assert_eq!(few.merge(&other), Err(error));
    assert_eq!(error.to_string(), "expected words cut by the pattern Cl100k, got Gpt2");
    few.add_word("", 5).and_then(|()| few.add_word("b", 0)).expect("nothing is added");
    assert_eq!(few.sorted(), [("ab", 3)]);
}
