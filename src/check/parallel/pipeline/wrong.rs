//! Wrong answers to `parallel.pipeline`: memory without a bound, order lost, the end missed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::{Answer, Encode, Source, Write, judged};
use crate::check::Wrong;

macro_rules! wrong {
    ($id:literal, $belief:literal, $answer:path) => {
        Wrong { id: $id, belief: $belief, answer: &|input| judged(Arc::new($answer), input) }
    };
}

pub(super) const WRONG: &[Wrong<Answer>] = &[
    wrong!(
        "sender_lives_on",
        "you kept a sender alive, such as the one that you cloned; the receiver waits for it for ever",
        sender_lives_on
    ),
    wrong!(
        "takes_turns",
        "you read, encoded and wrote one after the other; while one works, two wait",
        takes_turns
    ),
    wrong!(
        "encodes_and_writes",
        "you read ahead, and encoded and wrote in one thread; the encoder waits for the disk",
        encodes_and_writes
    ),
    wrong!(
        "collects_first",
        "you collected the documents before you wrote the first; the whole corpus is in memory",
        collects_first
    ),
    wrong!(
        "unbounded",
        "you gave the channels no bound; whatever is read piles up before the slowest",
        unbounded
    ),
    wrong!(
        "bounded_once",
        "you bounded one of the two channels; documents pile up in the other",
        bounded_once
    ),
    wrong!(
        "loses_the_tail",
        "you stopped when the source had ended; what was on its way is lost",
        loses_the_tail
    ),
    wrong!(
        "first_come",
        "you wrote what was ready first; of two encoders the faster one overtakes",
        first_come
    ),
    wrong!(
        "skips_errors",
        "you left out what could not be encoded, and went on as if nothing had been",
        skips_errors
    ),
    wrong!(
        "error_overtakes",
        "you returned an error as soon as there was one; what comes before it was not written yet",
        error_overtakes
    ),
    wrong!(
        "receiver_lives_on",
        "you left the loop and kept the receiver; the sender waits for room that nobody will make",
        receiver_lives_on
    ),
    wrong!(
        "drains",
        "you went on taking documents, to write none of them; the whole corpus is read for nothing",
        drains
    ),
    wrong!(
        "unwraps_the_send",
        "you unwrapped a `send`; its error is how a thread learns that nobody wants more, so it stops",
        unwraps_the_send
    ),
    wrong!("writes_on", "you kept the error for the end, and wrote what came after it", writes_on),
];

type Done = Result<usize, String>;

fn sender_lives_on(source: Source, encode: Encode, mut write: Write, room: usize) -> Done {
    let (sender, receiver) = sync_channel(room);
    thread::scope(|scope| {
        let mine = sender.clone();
        scope.spawn(move || source.map(encode).try_for_each(|item| mine.send(item)));
        let mut written = 0;
        for item in &receiver {
            write(item?)?;
            written += 1;
        }
        drop(sender);
        Ok(written)
    })
}

fn takes_turns(source: Source, encode: Encode, mut write: Write, _: usize) -> Done {
    source.map(encode).try_fold(0, |written, item| write(item?).map(|()| written + 1))
}

fn encodes_and_writes(source: Source, encode: Encode, mut write: Write, room: usize) -> Done {
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(2 * room + 1);
        scope.spawn(move || source.into_iter().try_for_each(|item| sender.send(item)));
        receiver.into_iter().map(encode).try_fold(0, |n, item| write(item?).map(|()| n + 1))
    })
}

fn collects_first(source: Source, encode: Encode, mut write: Write, _: usize) -> Done {
    let encoded: Vec<_> = source.map(encode).collect();
    encoded.into_iter().try_fold(0, |written, item| write(item?).map(|()| written + 1))
}

fn unbounded(source: Source, encode: Encode, mut write: Write, _: usize) -> Done {
    thread::scope(|scope| {
        let (read, to_encode) = channel();
        let (encoded, to_write) = channel();
        scope.spawn(move || source.into_iter().try_for_each(|item| read.send(item)));
        scope.spawn(move || {
            to_encode.into_iter().map(encode).try_for_each(|item| encoded.send(item))
        });
        to_write.into_iter().try_fold(0, |written, item| write(item?).map(|()| written + 1))
    })
}

fn bounded_once(source: Source, encode: Encode, mut write: Write, room: usize) -> Done {
    thread::scope(|scope| {
        let (read, to_encode) = sync_channel(room);
        let (encoded, to_write) = channel();
        scope.spawn(move || source.into_iter().try_for_each(|item| read.send(item)));
        scope.spawn(move || {
            to_encode.into_iter().map(encode).try_for_each(|item| encoded.send(item))
        });
        to_write.into_iter().try_fold(0, |written, item| write(item?).map(|()| written + 1))
    })
}

fn unwraps_the_send(source: Source, encode: Encode, mut write: Write, room: usize) -> Done {
    thread::scope(|scope| {
        let (read, to_encode) = sync_channel(room);
        let (encoded, to_write) = sync_channel(room);
        scope.spawn(move || {
            source
                .into_iter()
                .for_each(|item| read.send(item).unwrap_or_else(|gone| unwrapped(&gone)));
        });
        scope.spawn(move || {
            to_encode
                .into_iter()
                .map(encode)
                .for_each(|item| encoded.send(item).unwrap_or_else(|gone| unwrapped(&gone)));
        });
        to_write.into_iter().try_fold(0, |written, item| write(item?).map(|()| written + 1))
    })
}

/// Says what `unwrap` says.
fn unwrapped<T>(gone: &SendError<T>) {
    panic!("called `Result::unwrap()` on an `Err` value: {gone:?}")
}

fn loses_the_tail(source: Source, encode: Encode, mut write: Write, room: usize) -> Done {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (read, to_encode) = sync_channel(room);
        let (encoded, to_write) = sync_channel(room);
        let done = &done;
        scope.spawn(move || {
            let sent = source.into_iter().try_for_each(|item| read.send(item));
            done.store(true, Ordering::SeqCst);
            sent
        });
        scope.spawn(move || {
            to_encode.into_iter().map(encode).try_for_each(|item| encoded.send(item))
        });
        let mut written = 0;
        for item in to_write {
            write(item?)?;
            written += 1;
            if done.load(Ordering::SeqCst) {
                break;
            }
        }
        Ok(written)
    })
}

fn first_come(source: Source, encode: Encode, mut write: Write, room: usize) -> Done {
    thread::scope(|scope| {
        let (read, to_encode) = sync_channel(room);
        let (encoded, to_write) = sync_channel(room);
        scope.spawn(move || source.into_iter().try_for_each(|item| read.send(item)));
        let (to_encode, encode) = (Arc::new(Mutex::new(to_encode)), Arc::new(encode));
        for _ in 0..2 {
            let (to_encode, encode) = (Arc::clone(&to_encode), Arc::clone(&encode));
            let encoded = encoded.clone();
            scope.spawn(move || {
                let next = || to_encode.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
                while let Some(item) = next()
                    && encoded.send(encode(item)).is_ok()
                {}
            });
        }
        drop(encoded);
        to_write.into_iter().try_fold(0, |written, item| write(item?).map(|()| written + 1))
    })
}

fn skips_errors(source: Source, encode: Encode, mut write: Write, room: usize) -> Done {
    thread::scope(|scope| {
        let (read, to_encode) = sync_channel(room);
        let (encoded, to_write) = sync_channel(room);
        scope.spawn(move || source.into_iter().try_for_each(|item| read.send(item)));
        scope.spawn(move || {
            let good = to_encode.into_iter().filter_map(|item| encode(item).ok());
            good.into_iter().try_for_each(|item| encoded.send(item))
        });
        to_write.into_iter().try_fold(0, |written, item| write(item).map(|()| written + 1))
    })
}

fn error_overtakes(source: Source, encode: Encode, mut write: Write, room: usize) -> Done {
    let failed = Mutex::new(None);
    let error = || failed.lock().unwrap_or_else(PoisonError::into_inner).take();
    thread::scope(|scope| {
        let (read, to_encode) = sync_channel(room);
        let (encoded, to_write) = sync_channel(room);
        scope.spawn(move || source.into_iter().try_for_each(|item| read.send(item)));
        let failed = &failed;
        scope.spawn(move || {
            for item in to_encode {
                match encode(item) {
                    Ok(item) => {
                        if encoded.send(item).is_err() {
                            break;
                        }
                    }
                    Err(error) => {
                        *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        break;
                    }
                }
            }
        });
        let mut written = 0;
        for item in to_write {
            write(item)?;
            written += 1;
            if let Some(error) = error() {
                return Err(error);
            }
        }
        error().map_or(Ok(written), Err)
    })
}

fn receiver_lives_on(source: Source, encode: Encode, mut write: Write, room: usize) -> Done {
    let (read, to_encode) = sync_channel(room);
    let (encoded, to_write) = sync_channel(room);
    // In the scope, which ends when its threads have; so the receiver outlives them.
    thread::scope(|scope| {
        scope.spawn(move || source.into_iter().try_for_each(|item| read.send(item)));
        scope.spawn(move || {
            to_encode.into_iter().map(encode).try_for_each(|item| encoded.send(item))
        });
        to_write.iter().try_fold(0, |written, item| write(item?).map(|()| written + 1))
    })
}

fn drains(source: Source, encode: Encode, mut write: Write, room: usize) -> Done {
    thread::scope(|scope| {
        let (read, to_encode) = sync_channel(room);
        let (encoded, to_write) = sync_channel(room);
        scope.spawn(move || source.into_iter().try_for_each(|item| read.send(item)));
        scope.spawn(move || {
            to_encode.into_iter().map(encode).try_for_each(|item| encoded.send(item))
        });
        let done = to_write.iter().try_fold(0, |written, item| write(item?).map(|()| written + 1));
        to_write.iter().for_each(drop);
        done
    })
}

fn writes_on(source: Source, encode: Encode, mut write: Write, room: usize) -> Done {
    thread::scope(|scope| {
        let (read, to_encode) = sync_channel(room);
        let (encoded, to_write) = sync_channel(room);
        scope.spawn(move || source.into_iter().try_for_each(|item| read.send(item)));
        scope.spawn(move || {
            to_encode.into_iter().map(encode).try_for_each(|item| encoded.send(item))
        });
        let results: VecDeque<_> = to_write.iter().map(|item| item.and_then(&mut write)).collect();
        let written = results.len();
        results.into_iter().collect::<Result<Vec<()>, _>>().map(|_| written)
    })
}
