//! The slots of check `ownership.memory_safety`: scripts of calls, what each returns, and slots with a flaw.
//!
//! All scripts of up to five calls about two requests come first, so a first failure is a shortest one. The
//! oracle knows no slots: it keeps every request that ever was by its number.

use std::fmt::Write;

use crate::check::cases::sequences;

/// Where a cache was put, and in which generation of that slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle {
    /// Which slot, counted from 0.
    pub slot: usize,
    /// How often the slot had been given back when the handle was made.
    pub generation: u32,
}

/// The KV caches of the requests that are being served, by their handles.
///
/// ```
/// use rust_for_ai::check::ownership::{Caches, Handle};
///
/// /// One slot, for ever.
/// struct One(Option<Vec<f32>>);
/// impl Caches for One {
///     fn insert(&mut self, cache: Vec<f32>) -> Handle {
///         self.0 = Some(cache);
///         Handle { slot: 0, generation: 0 }
///     }
///     fn get(&self, _: Handle) -> Option<&[f32]> {
///         self.0.as_deref()
///     }
///     fn remove(&mut self, _: Handle) -> Option<Vec<f32>> {
///         self.0.take()
///     }
/// }
/// let mut one = One(None);
/// let first = one.insert(vec![1.0]);
/// one.insert(vec![2.0]);
/// assert_eq!(one.get(first), Some(&[2.0][..])); // the conversation of somebody else
/// ```
pub trait Caches {
    /// Puts a cache into a slot that is free, or into a new one if none is.
    fn insert(&mut self, cache: Vec<f32>) -> Handle;

    /// The cache that was put there under this handle; `None` once it was removed.
    fn get(&self, handle: Handle) -> Option<&[f32]>;

    /// Takes the cache out and frees its slot; `None`, and nothing happens, if it was removed before.
    fn remove(&mut self, handle: Handle) -> Option<Vec<f32>>;
}

/// A call. Requests are numbered in the order in which they were inserted, from 0.
#[derive(Clone, Copy)]
pub(super) enum Line {
    Insert,
    Get(usize),
    Remove(usize),
    /// With a handle that nobody was given.
    GetNowhere,
    RemoveNowhere,
}

/// Outside of all slots that a script makes.
const NOWHERE: Handle = Handle { slot: 7, generation: 0 };

/// What a call returns.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    /// `insert` used a slot that was never used, or one that was free, or one in use.
    NewSlot,
    FreeSlot,
    SlotInUse,
    Cache(Option<Vec<f32>>),
}

/// Calls, one after the other.
pub(super) type Script = Vec<Line>;

/// The cache of a request.
fn cache(request: usize) -> Vec<f32> {
    vec![request as f32]
}

pub(super) fn play(script: &Script, caches: &mut dyn Caches) -> Vec<Told> {
    let mut handles: Vec<Handle> = Vec::new();
    // The slots of the requests that were inserted and, by what was returned, not removed.
    let mut held: Vec<usize> = Vec::new();
    let line = |line: &Line| match *line {
        Line::Insert => {
            let handle = caches.insert(cache(handles.len()));
            let is_new = handles.iter().all(|other| other.slot != handle.slot);
            let is_held = held.contains(&handle.slot);
            handles.push(handle);
            held.push(handle.slot);
            match (is_new, is_held) {
                (true, _) => Told::NewSlot,
                (_, true) => Told::SlotInUse,
                _ => Told::FreeSlot,
            }
        }
        Line::Get(request) => Told::Cache(caches.get(handles[request]).map(<[f32]>::to_vec)),
        Line::GetNowhere => Told::Cache(caches.get(NOWHERE).map(<[f32]>::to_vec)),
        Line::Remove(request) => {
            let removed = caches.remove(handles[request]);
            if removed.is_some() {
                held.retain(|&slot| slot != handles[request].slot);
            }
            Told::Cache(removed)
        }
        Line::RemoveNowhere => Told::Cache(caches.remove(NOWHERE)),
    };
    script.iter().map(line).collect()
}

/// The oracle: every request that ever was, and whether it is still there.
pub(super) fn oracle(script: &Script) -> Vec<Told> {
    let mut requests: Vec<bool> = Vec::new();
    let mut most = 0;
    let line = |line: &Line| match *line {
        Line::Insert => {
            requests.push(true);
            let there = requests.iter().filter(|&&is_there| is_there).count();
            let is_more = there > most;
            most = most.max(there);
            if is_more { Told::NewSlot } else { Told::FreeSlot }
        }
        Line::Get(request) => Told::Cache(requests[request].then(|| cache(request))),
        Line::Remove(request) => {
            let was_there = std::mem::replace(&mut requests[request], false);
            Told::Cache(was_there.then(|| cache(request)))
        }
        Line::GetNowhere | Line::RemoveNowhere => Told::Cache(None),
    };
    script.iter().map(line).collect()
}

pub(super) fn scripts() -> impl Iterator<Item = Script> {
    use Line::{Get, GetNowhere, Insert, Remove, RemoveNowhere};
    const LINES: &[Line] = &[Insert, Get(0), Get(1), Remove(0), Remove(1)];
    // Of a request that was inserted, and with something to see at the end.
    let is_sound = |script: &Script| {
        let mut inserted = 0;
        script.iter().all(|line| match *line {
            Insert => {
                inserted += 1;
                true
            }
            Get(request) | Remove(request) => request < inserted,
            GetNowhere | RemoveNowhere => true,
        })
    };
    let lines = |digits: Vec<u32>| digits.iter().map(|&digit| LINES[digit as usize]).collect();
    let small = sequences(5, 5).map(lines).filter(is_sound);
    let nowhere =
        [vec![GetNowhere], vec![RemoveNowhere], vec![Insert, RemoveNowhere, GetNowhere, Get(0)]];
    let long = [
        vec![Insert, Remove(0), Remove(0), Insert, Insert, Get(1), Get(2)],
        vec![Insert, Insert, Insert, Remove(0), Remove(2), Insert, Insert, Insert, Get(0), Get(2)],
        vec![Insert, Remove(0), Insert, Remove(1), Insert, Get(0), Get(1), Get(2)],
        vec![Insert, Insert, Insert, Remove(1), Get(2), Insert, Get(1), Get(2), Get(3), Get(0)],
    ];
    small.chain(nowhere).chain(long)
}

pub(super) fn law(script: &Script) -> &'static str {
    match script.last() {
        Some(Line::Insert) => {
            "a free slot is used again, and a new one is made where there is none; no two requests share one"
        }
        Some(Line::Get(_) | Line::Remove(_)) => {
            "a handle gives the cache that it was made for, and `None` once that was removed, whoever has the slot now"
        }
        _ => "a handle that nobody was given is answered by `None`",
    }
}

/// A script as Rust.
pub(super) fn written(script: &Script) -> String {
    let mut text = "let mut s = Slots::new();".to_owned();
    let mut inserted = 0;
    for line in script {
        let _ = match *line {
            Line::Insert => {
                inserted += 1;
                write!(text, " let h{0} = s.insert(vec!{1:?});", inserted - 1, cache(inserted - 1))
            }
            Line::Get(request) => write!(text, " s.get(h{request});"),
            Line::Remove(request) => write!(text, " s.remove(h{request});"),
            Line::GetNowhere => write!(text, " s.get({NOWHERE:?});"),
            Line::RemoveNowhere => write!(text, " s.remove({NOWHERE:?});"),
        };
    }
    text
}

/// What a call returned.
pub(super) fn shown(told: &Told) -> String {
    match told {
        Told::NewSlot => "a new slot".to_owned(),
        Told::FreeSlot => "a free slot".to_owned(),
        Told::SlotInUse => "a slot that is in use".to_owned(),
        Told::Cache(cache) => format!("{cache:?}"),
    }
}

/// Slots with one flaw.
pub(super) struct Flawed {
    flaw: Flaw,
    slots: Vec<(u32, Option<Vec<f32>>)>,
    free: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Flaw {
    NoGenerations,
    NeverReuses,
    KeepsCache,
    RemovesStale,
    FreesTwice,
    ChecksNoSlot,
    ChecksNoSlotToRemove,
    GenerationOfAll,
    Shifts,
}

impl Flawed {
    pub(super) fn new(flaw: Flaw) -> Self {
        Self { flaw, slots: Vec::new(), free: Vec::new() }
    }
}

impl Caches for Flawed {
    fn insert(&mut self, cache: Vec<f32>) -> Handle {
        let fresh = self.slots.len();
        let slot = match self.flaw {
            Flaw::NeverReuses | Flaw::Shifts => fresh,
            _ => self.free.pop().unwrap_or(fresh),
        };
        if slot == fresh {
            self.slots.push((0, None));
        }
        if self.flaw == Flaw::FreesTwice {
            self.slots[slot].0 += 1;
        }
        self.slots[slot].1 = Some(cache);
        Handle { slot, generation: self.slots[slot].0 }
    }

    fn get(&self, handle: Handle) -> Option<&[f32]> {
        let (generation, cache) = match self.flaw {
            Flaw::ChecksNoSlot => &self.slots[handle.slot],
            _ => self.slots.get(handle.slot)?,
        };
        let is_current = *generation == handle.generation || self.flaw == Flaw::NoGenerations;
        cache.as_deref().filter(|_| is_current)
    }

    fn remove(&mut self, handle: Handle) -> Option<Vec<f32>> {
        let (generation, cache) = match self.flaw {
            Flaw::ChecksNoSlot | Flaw::ChecksNoSlotToRemove => &mut self.slots[handle.slot],
            _ => self.slots.get_mut(handle.slot)?,
        };
        let is_current = *generation == handle.generation;
        match self.flaw {
            Flaw::FreesTwice if is_current => {
                self.free.push(handle.slot);
                return cache.take();
            }
            Flaw::NoGenerations | Flaw::RemovesStale => {}
            _ if !is_current => return None,
            _ => {}
        }
        let taken = match self.flaw {
            Flaw::KeepsCache => cache.clone()?,
            _ => cache.take()?,
        };
        if self.flaw != Flaw::KeepsCache {
            *generation += 1;
        }
        if self.flaw == Flaw::GenerationOfAll {
            self.slots.iter_mut().for_each(|slot| slot.0 = slot.0.max(handle.generation + 1));
        }
        match self.flaw {
            Flaw::Shifts => {
                self.slots.remove(handle.slot);
            }
            _ => self.free.push(handle.slot),
        }
        Some(taken)
    }
}
