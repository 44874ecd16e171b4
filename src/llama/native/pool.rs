//! Work in parallel, on the threads that Candle's matrix products run on.

use std::sync::Mutex;

use candle_core::utils::barrier_pool;

/// Calls `body` with each item, several at a time.
pub(crate) fn each<T: Send>(items: &mut [T], body: impl Fn(&mut T) + Sync) {
    if items.len() < 2 {
        return items.iter_mut().for_each(body);
    }
    // Each lock is taken once and by one thread: it is how safe code hands out `&mut`.
    let items: Vec<Mutex<&mut T>> = items.iter_mut().map(Mutex::new).collect();
    barrier_pool().execute_chunked(items.len(), |range| {
        for item in &items[range] {
            if let Ok(mut item) = item.lock() {
                body(&mut item);
            }
        }
    });
}

/// How many threads multiply: as many as the variable `CANDLE_NUM_THREADS` said at the first product,
/// else one a processor core.
pub fn threads() -> usize {
    barrier_pool().n_workers() + 1
}
