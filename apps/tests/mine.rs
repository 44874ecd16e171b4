//! The engine of parts says what the production engine says, and so does a chat through the reference
//! answers. What an answer may do wrong ends no chat.

use std::ops::ControlFlow::Continue;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use apps::mine::{Talk, Voiced, chosen, engine, grade, of_reference};
use grader::{Graded, Tree, outcomes};
use rust_for_ai::check::{State, llama as check};
use rust_for_ai::course::llama as stage;
use rust_for_ai::llama::chat::{Conversation, Limits, Standard, Voice};
use rust_for_ai::llama::gguf::File;
use rust_for_ai::llama::native::Parts;
use rust_for_ai::llama::parts::TextStream;
use rust_for_ai::llama::sampler::{Sampler, Settings};
use rust_for_ai::llama::stream::Stops;
use rust_for_ai::llama::template::{Message, Role, Style, Template};
use rust_for_ai::llama::tokenizer::Tokenizer;
use rust_for_ai::llama::{Engine, EngineError, Model, Session};
use solutions::llama as reference;

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/tiny.gguf");
const CHAT: &str = env!("CARGO_BIN_EXE_chat");
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
    let parts = [
        of_reference(),
        Parts { forward: None, ..of_reference() },
        chosen(&grade(Path::new(CHAT))).parts,
    ];
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

const STAGES: [&str; 9] = [
    "rms_norm",
    "rope",
    "attention",
    "kv_cache",
    "forward",
    "sampler",
    "chat_template",
    "stream_utf8",
    "chat",
];

#[test]
fn the_banner_says_whose_each_part_is() {
    let outcomes = grade(Path::new(CHAT));
    assert!(outcomes.iter().all(|outcome| outcome.died.is_none()), "{outcomes:?}");
    let chosen = chosen(&outcomes);
    let banner = chosen.banner();
    let words: Vec<&str> = banner.split([' ', ',', ';', ':']).collect();
    for stage in STAGES {
        assert_eq!(words.iter().filter(|word| **word == stage).count(), 1, "{banner}");
    }
    for outcome in &outcomes {
        let passes = outcome.state == State::Passing;
        assert_eq!(chosen.yours.contains(&outcome.stage.name()), passes, "{banner}");
    }
}

/// Answers that end the process which grades them.
fn deadly() -> [Graded; 4] {
    #[expect(unconditional_recursion, reason = "that is what it is for")]
    fn deeper(x: &[f32], position: usize, base: f32) -> Vec<f32> {
        let mut y = deeper(x, position + 1, base);
        y.push(base + x[0] * position as f32);
        y
    }
    let graded = |stage, check| Graded { tree: Tree::Exercises, stage, check };
    [
        graded(&stage::RMS_NORM, || {
            check::rms_norm(|_, _, _| {
                loop {
                    std::hint::spin_loop();
                }
            })
        }),
        graded(&stage::ROPE, || check::rope(deeper)),
        graded(&stage::SAMPLER, || check::sampler(|_, _, _, _, _, _, _| std::process::abort())),
        graded(&stage::STREAM_UTF8, || check::stream_utf8(reference::Utf8Stream::new)),
    ]
}

/// No test by itself: what the next one starts, again and again.
#[test]
fn child_process() {
    let _ = grader::child(&deadly());
}

#[test]
fn an_answer_that_loops_overflows_or_aborts_counts_as_not_solved() {
    let start = || {
        let mut child = Command::new(std::env::current_exe()?);
        child.args(["child_process", "--exact", "--nocapture"]);
        Ok(child)
    };
    let outcomes = outcomes(&deadly(), &start);
    let states: Vec<State> = outcomes.iter().map(|outcome| outcome.state).collect();
    let (failing, passing) = (State::Failing, State::Passing);
    assert_eq!(states, [failing, failing, failing, passing], "{outcomes:?}");
    let chosen = chosen(&outcomes);
    assert_eq!(chosen.yours, ["stream_utf8"]);
    let banner = chosen.banner();
    for line in [
        "your rms_norm counts as not solved: no answer within 10 seconds",
        "your rope counts as not solved: the stack overflowed",
        "your sampler counts as not solved: the process was ended by the system",
        "`cargo lab check llama.rope`",
    ] {
        assert!(banner.contains(line), "expected `{line}` in {banner}");
    }
    assert!(chosen.talk.sampler.is_none() && chosen.talk.stream_utf8.is_some());
}

/// The reference answers, as if they were a learner's.
fn solved() -> Talk {
    Talk {
        sampler: Some(reference::sampler),
        chat_template: Some(reference::chat_template),
        stream_utf8: Some(|| Box::new(reference::Utf8Stream::new())),
        chat: Some(reference::chat),
    }
}

/// What `with` makes of a voice on the tiny model.
fn voiced<T>(settings: Settings, talk: Talk, with: impl FnOnce(&Arc<Model>, Voiced<'_>) -> T) -> T {
    let file = Arc::new(File::open(TINY).expect("the tiny model is committed"));
    let tokenizer = Tokenizer::from_gguf(file.gguf()).expect("it has a tokenizer");
    let template = Template::recognise(file.gguf()).expect("it has a template");
    let model = Arc::new(Model::load(&file).expect("it is a Llama"));
    let sampler = Sampler::new(settings).expect("they are valid");
    let standard = Standard { tokenizer: &tokenizer, template, sampler };
    with(&model, Voiced::new(standard, talk))
}

/// Answers and ids in the cache of a conversation that has to drop turns.
fn conversation(settings: Settings, talk: Talk, system: Option<&str>) -> Vec<(String, usize)> {
    voiced(settings, talk, |model, mut voice| {
        let mut session = Session::with_context(model, 120);
        let stops = Stops::new(vec!["LORD".to_owned(), " of the".to_owned()]).expect("valid");
        let limits = Limits { max_tokens: Some(16), stops };
        let mut chat = Conversation::new(&mut session, &mut voice, limits);
        if let Some(turn) = talk.chat {
            chat = chat.with_turn(turn);
        }
        chat.restart(system);
        let questions = ["In the beginning", "And the king spake", "Who?", "🙂 ναί", "Selah."];
        let answers = questions.map(|question| {
            let mut shown = String::new();
            let answer = chat.answer(question, &mut |event| {
                if let rust_for_ai::llama::chat::Event::Text(text) = event {
                    shown += text;
                }
                Continue(())
            });
            let answer = answer.expect("it answers");
            assert_eq!(answer.text, shown);
            (answer.text, chat.positions().0)
        });
        answers.to_vec()
    })
}

#[test]
fn a_chat_through_the_reference_answers_is_the_programs() {
    let warm = Settings { temperature: 1.0, repeat_penalty: 1.2, seed: 3, ..Settings::default() };
    let warm = Settings { top_k: 40, top_p: 0.9, min_p: 0.0, repeat_last_n: 20, ..warm };
    let all = solved();
    for settings in [
        Settings { temperature: 0.0, ..warm },
        warm,
        Settings { top_p: 1.0, min_p: 0.1, ..warm },
        Settings { top_p: 1.0, top_k: 0, min_p: 0.02, ..warm },
    ] {
        // With a system prompt, since the tiny model's template has none.
        let expected = conversation(settings, Talk::default(), Some("Be brief."));
        for talk in [
            Talk { sampler: all.sampler, ..Talk::default() },
            Talk { chat_template: all.chat_template, ..Talk::default() },
            Talk { stream_utf8: all.stream_utf8, ..Talk::default() },
            Talk { chat: all.chat, ..Talk::default() },
            all,
        ] {
            let got = conversation(settings, talk, Some("Be brief."));
            assert_eq!(got, expected, "{talk:?}, {settings:?}");
        }
        let expected = conversation(settings, Talk::default(), None);
        assert_eq!(conversation(settings, all, None), expected, "without a system prompt");
    }
}

#[test]
fn what_an_answer_does_wrong_is_an_error_with_its_name() {
    let cold = Settings { temperature: 0.0, ..Settings::default() };
    let panics = Talk { sampler: Some(|_, _, _, _, _, _, _| panic!("no luck")), ..Talk::default() };
    let error = voiced(cold, panics, |_, mut voice| voice.sample(&[0.0, 1.0], &[]));
    assert!(error.as_ref().is_err_and(|it| it.contains("your sampler panicked")), "{error:?}");
    let far = Talk { sampler: Some(|_, _, _, _, _, _, _| 2), ..Talk::default() };
    let error = voiced(cold, far, |_, mut voice| voice.sample(&[0.0, 1.0], &[]));
    assert!(error.as_ref().is_err_and(|it| it.contains("gave the id 2")), "{error:?}");
    let broken = voiced(cold, far, |_, mut voice| voice.sample(&[f32::NAN], &[]));
    assert!(broken.as_ref().is_err_and(|it| it.contains("NaN")), "{broken:?}");
    let system = [Message::new(Role::System, "Be kind."), Message::new(Role::User, "Hi")];
    let mute = Talk { chat_template: Some(|_, _, _, _, _| Vec::new()), ..Talk::default() };
    let error = voiced(cold, mute, |_, voice| voice.render(&system));
    assert_eq!(error, Err("your chat_template gave no ids".to_owned()));
}

#[test]
fn a_stream_that_panics_is_followed_by_ours() {
    struct Fragile;
    impl TextStream for Fragile {
        fn push(&mut self, bytes: &[u8]) -> String {
            assert!(bytes.is_ascii(), "ASCII alone");
            String::from_utf8_lossy(bytes).into_owned()
        }
        fn finish(&mut self) -> String {
            String::new()
        }
    }
    let talk = Talk { stream_utf8: Some(|| Box::new(Fragile)), ..Talk::default() };
    let text = voiced(Settings::default(), talk, |_, voice| {
        let mut stream = voice.text();
        let parts = [&b"a"[..], b"\xc3", b"\xa9", b"b\xe2"].map(|bytes| stream.push(bytes));
        parts.concat() + &stream.finish()
    });
    assert_eq!(text, "aéb\u{fffd}");
}

#[test]
fn what_the_answers_do_not_do_is_said() {
    let (chatml, llama2) = (Template::from(Style::ChatMl), Template::from(Style::Llama2));
    let with_default = Template { system: Some("Be kind.".to_owned()), ..chatml.clone() };
    let plain = Settings { min_p: 0.0, ..Settings::default() };
    let min_p = Settings { min_p: 0.1, ..plain };
    let remarks = |talk: Talk, template: &Template, settings: &Settings, system: bool| {
        talk.remarks(template, settings, system).join("\n")
    };
    assert_eq!(remarks(Talk::default(), &llama2, &min_p, false), "");
    let some = Talk { chat: None, ..solved() };
    assert_eq!(remarks(some, &with_default, &plain, false), "");
    assert_eq!(remarks(some, &chatml, &plain, true), "");
    assert!(remarks(some, &chatml, &plain, false).contains("`--system`"));
    assert!(remarks(some, &llama2, &plain, true).contains("wants llama2"));
    assert!(remarks(some, &with_default, &min_p, false).contains("`--min-p`"));
    assert!(remarks(solved(), &with_default, &plain, false).contains("stream_utf8"));
}
