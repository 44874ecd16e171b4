//! The engine of parts says what the production engine says.

use std::sync::Arc;

use apps::mine::{chosen, engine, of_reference};
use rust_for_ai::llama::native::Parts;
use rust_for_ai::llama::{Engine, EngineError, Model, Session};

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/tiny.gguf");
const IDS: [u32; 8] = [1021, 73, 110, 258, 804, 264, 110, 290];

/// The largest difference of two lists of logits.
fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn parts_and_the_production_engine_agree_and_go_back_alike() {
    let model = Arc::new(Model::open(TINY).expect("the tiny model is committed"));
    // With a pass of its own, with the engine's, and with whatever the learner has.
    let parts = [of_reference(), Parts { forward: None, ..of_reference() }, chosen().parts];
    for parts in parts {
        let mut mine = engine(&model, parts, 64).expect("a plain Llama");
        let mut session = Session::with_context(&model, 64);
        for (keep, ids) in [(0, &IDS[..5]), (5, &IDS[5..]), (3, &IDS[..2]), (0, &IDS[..1])] {
            mine.truncate(keep).expect("nothing can fail");
            session.truncate(keep).expect("nothing can fail");
            let expected = session.feed(ids).expect("known ids").to_vec();
            let off = apart(mine.feed(ids).expect("known ids"), &expected);
            assert_eq!(mine.ids(), session.ids());
            // The production cache has 16 bits, and quantized products round what differs by a little.
            assert!(off < 0.2, "logits are {off} apart after {ids:?}");
        }
    }
}

#[test]
fn a_panic_is_an_error_and_leaves_the_conversation_as_it_was() {
    let model = Arc::new(Model::open(TINY).expect("the tiny model is committed"));
    let parts = Parts {
        forward: Some(|weights, cache, ids| match ids {
            [7] => {
                cache.push(0, &[1.0; 64], &[1.0; 64]);
                panic!("index out of bounds")
            }
            _ => of_reference().forward.map_or(Vec::new(), |pass| pass(weights, cache, ids)),
        }),
        ..of_reference()
    };
    let mut mine = engine(&model, parts, 64).expect("a plain Llama");
    let before = mine.feed(&IDS).expect("known ids").to_vec();
    let error = mine.feed(&[7]).expect_err("a panic");
    assert!(
        matches!(&error, EngineError::Backend(text) if text.contains("out of bounds")),
        "{error}"
    );
    assert_eq!(mine.ids(), IDS);
    mine.truncate(IDS.len() - 1).expect("nothing can fail");
    let again = mine.feed(&IDS[IDS.len() - 1..]).expect("known ids");
    assert!(apart(&before, again) < 1e-3);
}

#[test]
fn the_banner_says_whose_each_part_is() {
    let banner = chosen().banner();
    for stage in ["rms_norm", "rope", "attention", "kv_cache", "forward"] {
        assert_eq!(banner.matches(stage).count(), 1, "{banner}");
    }
}
