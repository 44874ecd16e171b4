//! The laws of [`super`], by a naive sampler that sorts everything.

use super::*;

/// The laws word for word, in `f64`, over the whole vocabulary. `u` is the random number.
fn naive(settings: &Settings, logits: &[f32], recent: &[u32], u: f64) -> u32 {
    let from = recent.len().saturating_sub(settings.repeat_last_n);
    let penalty = settings.repeat_penalty;
    let mut kept: Vec<(f32, u32)> = logits.iter().copied().zip(0..).collect();
    for (logit, id) in &mut kept {
        if recent[from..].contains(id) {
            *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
        }
    }
    kept.retain(|(logit, _)| *logit > f32::NEG_INFINITY);
    kept.sort_by(|a, b| b.0.partial_cmp(&a.0).expect("it is valid").then(a.1.cmp(&b.1)));
    if settings.temperature == 0.0 {
        return kept[0].1;
    }
    if settings.top_k > 0 {
        kept.truncate(settings.top_k);
    }
    let best = f64::from(kept[0].0);
    let probability = |logit: f32| (f64::from(logit) - best).exp();
    if settings.top_p < 1.0 {
        let total: f64 = kept.iter().map(|&(logit, _)| probability(logit)).sum();
        let mut sum = 0.0;
        let reaches = |&(logit, _): &(f32, u32)| {
            sum += probability(logit);
            sum >= f64::from(settings.top_p) * total
        };
        if let Some(last) = kept.iter().position(reaches) {
            kept.truncate(last + 1);
        }
    }
    kept.retain(|&(logit, _)| f64::from(logit) >= best + f64::from(settings.min_p).ln());
    kept.sort_by_key(|&(_, id)| id);
    let weight = |logit: f32| ((f64::from(logit) - best) / f64::from(settings.temperature)).exp();
    let total: f64 = kept.iter().map(|&(logit, _)| weight(logit)).sum();
    let mut sum = 0.0;
    for &(logit, id) in &kept {
        sum += weight(logit);
        if sum > u * total {
            return id;
        }
    }
    kept[kept.len() - 1].1
}

/// Logits with many ties, or with none; some minus infinity.
fn logits(random: &mut Random, n: usize) -> Vec<f32> {
    let coarse = random.next().is_multiple_of(2);
    let number = |random: &mut Random| match random.next() % 50 {
        0 => f32::NEG_INFINITY,
        1 => -0.0,
        _ if coarse => (random.next() % 9) as f32 - 4.0,
        _ => (random.unit() * 20.0 - 10.0) as f32,
    };
    let mut logits: Vec<f32> = (0..n).map(|_| number(random)).collect();
    logits[0] = 0.0;
    logits
}

#[test]
fn it_draws_what_the_laws_say() {
    let mut random = Random::new(5);
    for round in 0..600 {
        let n = [1, 2, 5, 30, 300, 1_500][round % 6];
        let logits = logits(&mut random, n);
        let settings = Settings {
            temperature: [0.0, 0.3, 1.0, 2.0][random.next() as usize % 4],
            top_k: [0, 1, 2, 40, 1_000][random.next() as usize % 5],
            top_p: [1.0, 0.95, 0.5, 0.01][random.next() as usize % 4],
            min_p: [0.0, 0.05, 0.5, 1.0][random.next() as usize % 4],
            repeat_penalty: [1.0, 1.3, 0.5][random.next() as usize % 3],
            repeat_last_n: [0, 3, 64][random.next() as usize % 3],
            seed: random.next(),
        };
        // Some twice, some that are not in the vocabulary.
        let recent: Vec<u32> = (0..10).map(|_| (random.next() % (n as u64 + 2)) as u32).collect();
        let mut sampler = Sampler::new(settings).expect("it is valid");
        let mut same = Random::new(settings.seed);
        for _ in 0..3 {
            let u = if settings.temperature == 0.0 { 0.0 } else { same.unit() };
            let expected = naive(&settings, &logits, &recent, u);
            assert_eq!(
                sampler.sample(&logits, &recent),
                Ok(expected),
                "{settings:?} of {n} logits"
            );
        }
    }
}

/// As a model's are: most tokens out of the question, a few not. Or all nearly alike, which is the most work.
fn of_a_model(random: &mut Random, n: usize, spread: f64) -> Vec<f32> {
    let normal = |random: &mut Random| (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
    (0..n).map(|_| (normal(random) * spread) as f32).collect()
}

#[test]
fn a_whole_vocabulary_is_drawn_from_as_if_it_were_sorted() {
    let mut random = Random::new(11);
    for spread in [0.0, 0.01, 1.0, 3.0, 8.0] {
        let logits = of_a_model(&mut random, 49_152, spread);
        for (top_k, top_p, min_p) in [
            (0, 1.0, 0.0),
            (0, 0.9, 0.0),
            (0, 0.999_999, 0.0),
            (0, 1.0, 0.05),
            (0, 0.5, 0.01),
            (40, 1.0, 0.0),
            (5_000, 0.9, 0.0),
        ] {
            let seed = random.next();
            let settings =
                Settings { temperature: 0.9, top_k, top_p, min_p, seed, ..Settings::default() };
            let mut sampler = Sampler::new(settings).expect("it is valid");
            let mut same = Random::new(seed);
            let expected = naive(&settings, &logits, &[], same.unit());
            assert_eq!(sampler.sample(&logits, &[]), Ok(expected), "{settings:?}, {spread}");
        }
    }
}

#[test]
fn our_exp_is_the_standard_librarys() {
    for step in 0..1_000_000_u32 {
        let x = step as f32 * -0.000_1;
        let (ours, theirs) = (f64::from(exp(x)), f64::from(x).exp());
        assert!((ours - theirs).abs() <= theirs * 2e-7 || x <= -86.0, "{x}: {ours}, {theirs}");
    }
    assert_eq!([0.0, -0.0, -86.0, -1e30, f32::NEG_INFINITY].map(exp), [1.0, 1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn the_least_number_is_no_less() {
    for limit in [-1.0, 0.1, -0.1, f64::NEG_INFINITY, 3.0 - 1e-12, 3.0 + 1e-12] {
        let least = at_least(limit);
        let below = f64::from(least.next_down());
        assert!(f64::from(least) >= limit && (below < limit || least == f32::NEG_INFINITY));
    }
}

/// Not a test: `cargo test --release --lib sampler::tests::times -- --ignored --nocapture`.
#[test]
#[ignore = "prints what a draw takes"]
#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn times() {
    let mut random = Random::new(3);
    for spread in [1.0, 3.0] {
        let logits = of_a_model(&mut random, 49_152, spread);
        for (name, top_k, top_p, min_p) in [
            ("temperature alone", 0, 1.0, 0.0),
            ("min-p 0.05", 0, 1.0, 0.05),
            ("top-p 0.9", 0, 0.9, 0.0),
            ("top-p 0.999", 0, 0.999, 0.0),
            ("top-k 40, top-p 0.95", 40, 0.95, 0.05),
        ] {
            let settings =
                Settings { temperature: 1.0, top_k, top_p, min_p, ..Settings::default() };
            let mut sampler = Sampler::new(settings).expect("it is valid");
            let time = |sampler: &mut Sampler| {
                let start = std::time::Instant::now();
                sampler.sample(&logits, &[]).expect("it is valid");
                start.elapsed()
            };
            let mut times: Vec<_> = (0..200).map(|_| time(&mut sampler)).collect();
            times.sort();
            println!("spread {spread}, {name}: {:?}, at least {:?}", times[100], times[0]);
        }
    }
}

#[test]
fn shares_are_those_of_the_softmax() {
    let settings =
        Settings { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, ..Settings::default() };
    let mut sampler = Sampler::new(settings).expect("it is valid");
    let logits = [0.0, 2.0_f32.ln(), 5.0_f32.ln(), f32::NEG_INFINITY];
    let mut counts = [0; 4];
    for _ in 0..16_000 {
        counts[sampler.sample(&logits, &[]).expect("it is valid") as usize] += 1;
    }
    for (count, expected) in counts.into_iter().zip([2_000_i32, 4_000, 10_000, 0]) {
        assert!(expected.abs_diff(count) < 250, "{counts:?}");
    }
}

#[test]
fn bad_logits_are_errors() {
    for settings in [Settings::default(), Settings { temperature: 0.0, ..Settings::default() }] {
        let sample =
            |logits: &[f32]| Sampler::new(settings).expect("it is valid").sample(logits, &[]);
        let message = |logits: &[f32]| sample(logits).expect_err("it is not").to_string();
        assert_eq!(
            message(&[0.0, f32::NAN]),
            "the logit of token 1 is NaN, expected a finite number"
        );
        assert_eq!(
            message(&[f32::INFINITY]),
            "the logit of token 0 is inf, expected a finite number"
        );
        let none = "logits is above minus infinity, expected one or more";
        assert_eq!(message(&[]), format!("none of the 0 {none}"));
        assert_eq!(message(&[f32::NEG_INFINITY; 2]), format!("none of the 2 {none}"));
        assert_eq!(sample(&[f32::NEG_INFINITY, f32::MIN]), Ok(1));
        assert_eq!(sample(&[f32::MIN, f32::MAX]), Ok(1));
    }
}

#[test]
fn settings_have_their_ranges() {
    let valid = Settings::default();
    let bad = [f32::NAN, f32::INFINITY, -0.1];
    let temperature = bad.map(|temperature| Settings { temperature, ..valid });
    let top_p = bad.map(|top_p| Settings { top_p, ..valid });
    let min_p = bad.map(|min_p| Settings { min_p, ..valid });
    let penalty = bad.map(|repeat_penalty| Settings { repeat_penalty, ..valid });
    let zero = [Settings { top_p: 0.0, ..valid }, Settings { repeat_penalty: 0.0, ..valid }];
    for settings in [temperature, top_p, min_p, penalty].concat().into_iter().chain(zero) {
        assert!(Sampler::new(settings).is_err(), "{settings:?}");
    }
    let error = Sampler::new(Settings { min_p: 2.0, ..valid }).expect_err("it is not");
    assert_eq!(error.to_string(), "min-p is 2, expected a number from 0 to 1");
}
