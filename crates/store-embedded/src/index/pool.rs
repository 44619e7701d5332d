//! Threads that search, in two lanes.
//!
//! Promises: a search that is soon done never waits behind long ones: what uses up its budget in the quick lane begins
//! anew in the long one, on threads that everything else goes before. Tenants take turns, and none has all threads of
//! a lane. Queues are bounded; a search that panics over a damaged file ends itself alone.

use std::collections::{HashMap, VecDeque};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ledger::name::TenantId;
use store::StoreError;
use tokio::sync::oneshot;

use super::budget::Budget;

/// Most searches waiting in a lane.
const WAITING_MAX: usize = 512;
/// Most of them of one tenant.
const WAITING_OF_ONE_MAX: usize = 128;
/// What a caller that finds the queue full is told.
const RETRY_AFTER_MS: u64 = 500;

/// What tells the lanes apart.
#[derive(Clone, Copy, Debug)]
struct Manners {
    name: &'static str,
    /// The threads' niceness. The writer has 0, the thread that makes terms 5.
    nice: i32,
    /// Processor time of one search.
    budget: Duration,
    /// Searches of one tenant that run at once.
    of_one_max: usize,
}

/// Searches that write no waiting list for others: most take a millisecond or two.
const QUICK: Manners = Manners {
    name: "search",
    nice: 1,
    budget: Duration::from_millis(50),
    of_one_max: 2,
};
/// The others. Two seconds judge some hundred thousand events.
const LONG: Manners = Manners {
    name: "long-search",
    nice: 10,
    budget: Duration::from_secs(2),
    of_one_max: 1,
};
/// Threads of the long lane.
const LONG_THREADS: usize = 2;

/// A search: run once in each lane at most.
type Task = Box<dyn FnMut(&Budget) + Send>;

/// The threads.
#[derive(Debug)]
pub(crate) struct SearchPool {
    quick: Arc<Lane>,
    long: Arc<Lane>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Lane {
    manners: Manners,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: HashMap<TenantId, VecDeque<Task>>,
    /// Tenants with waiting searches, whose turn is next first.
    turns: VecDeque<TenantId>,
    running: HashMap<TenantId, usize>,
    count: usize,
    closed: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl SearchPool {
    pub(crate) fn start() -> std::io::Result<Self> {
        let pool = Self {
            quick: Arc::new(Lane::new(QUICK)),
            long: Arc::new(Lane::new(LONG)),
            threads: Mutex::default(),
        };
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        // One more than one tenant can have.
        let quick = cores.max(QUICK.of_one_max) + 1;
        for _ in 0..quick {
            pool.spawn(&pool.quick, Some(&pool.long))?;
        }
        for _ in 0..LONG_THREADS {
            pool.spawn(&pool.long, None)?;
        }
        Ok(pool)
    }

    fn spawn(&self, lane: &Arc<Lane>, slower: Option<&Arc<Lane>>) -> std::io::Result<()> {
        let (lane, slower) = (Arc::clone(lane), slower.map(Arc::clone));
        let thread = std::thread::Builder::new()
            .name(lane.manners.name.into())
            .spawn(move || {
                let _ = rustix::process::setpriority_process(None, lane.manners.nice);
                lane.work(slower.as_deref());
            })?;
        self.threads().push(thread);
        Ok(())
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `task` for a tenant: in the quick lane, and anew in the long one if its budget is used up there.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        tenant: TenantId,
        task: impl Fn(&Budget) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let mut reply = Some(reply);
        let task = move |budget: &Budget| {
            // Whoever asked may have gone.
            if reply.as_ref().is_none_or(oneshot::Sender::is_closed) {
                return;
            }
            let outcome = task(budget);
            if !budget.goes_on_elsewhere()
                && let Some(reply) = reply.take()
            {
                let _ = reply.send(outcome);
            }
        };
        self.quick.push(tenant, Box::new(task))?;
        // A task that is dropped unanswered was refused by the long lane, or the store closes.
        answer.await.unwrap_or_else(|_| {
            if self.quick.lock().closed {
                Err(StoreError::Closed)
            } else {
                Err(busy())
            }
        })
    }

    /// Lets running searches end; waiting ones are answered that the store closes.
    pub(crate) fn close(&self) {
        for lane in [&self.quick, &self.long] {
            lane.close();
        }
        let threads = std::mem::take(&mut *self.threads());
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a search thread panicked");
            }
        }
    }
}

impl Lane {
    fn new(manners: Manners) -> Self {
        Self {
            manners,
            queue: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, tenant: TenantId, task: Task) -> Result<(), StoreError> {
        self.lock().push(tenant, task)?;
        self.changed.notify_one();
        Ok(())
    }

    fn close(&self) {
        let forgotten = {
            let mut queue = self.lock();
            queue.closed = true;
            queue.turns.clear();
            std::mem::take(&mut queue.waiting)
        };
        drop(forgotten);
        self.changed.notify_all();
    }

    fn work(&self, slower: Option<&Self>) {
        while let Some((tenant, mut task)) = self.next() {
            let budget = Budget::new(self.manners.budget, slower.is_some());
            task(&budget);
            if let Some(slower) = slower.filter(|_| budget.goes_on_elsewhere()) {
                // Refused, it is dropped, and its caller told that there is too much to do.
                let _ = slower.push(tenant, task);
            }
            self.lock().ended(tenant);
            // Another search of the same tenant may have waited for this one.
            self.changed.notify_one();
        }
    }

    /// Waits for a search of a tenant whose turn it is; `None` when the store closes.
    fn next(&self) -> Option<(TenantId, Task)> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(next) = queue.take(self.manners.of_one_max) {
                return Some(next);
            }
            queue = self
                .changed
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Queue {
    fn push(&mut self, tenant: TenantId, task: Task) -> Result<(), StoreError> {
        if self.closed {
            return Err(StoreError::Closed);
        }
        let waiting = self.waiting.entry(tenant).or_default();
        if self.count >= WAITING_MAX || waiting.len() >= WAITING_OF_ONE_MAX {
            return Err(busy());
        }
        if waiting.is_empty() {
            self.turns.push_back(tenant);
        }
        waiting.push_back(task);
        self.count += 1;
        Ok(())
    }

    /// The first search of the first tenant that has fewer than `of_one_max` running; who had a turn goes to the end.
    fn take(&mut self, of_one_max: usize) -> Option<(TenantId, Task)> {
        let allowed = |tenant: &TenantId| {
            self.running
                .get(tenant)
                .is_none_or(|count| *count < of_one_max)
        };
        let at = self.turns.iter().position(allowed)?;
        let tenant = self.turns.remove(at)?;
        let waiting = self.waiting.get_mut(&tenant)?;
        let task = waiting.pop_front()?;
        if waiting.is_empty() {
            self.waiting.remove(&tenant);
        } else {
            self.turns.push_back(tenant);
        }
        self.count -= 1;
        *self.running.entry(tenant).or_default() += 1;
        Some((tenant, task))
    }

    fn ended(&mut self, tenant: TenantId) {
        if let Some(count) = self.running.get_mut(&tenant) {
            *count -= 1;
            if *count == 0 {
                self.running.remove(&tenant);
            }
        }
    }
}

fn busy() -> StoreError {
    StoreError::Busy {
        retry_after_ms: RETRY_AFTER_MS,
    }
}

#[cfg(test)]
mod tests {
    use testkit::block_on::block_on;

    use super::*;

    fn tenant(number: u8) -> TenantId {
        TenantId([number; 16])
    }

    fn nothing() -> Task {
        Box::new(|_| {})
    }

    fn order(queue: &mut Queue, of_one_max: usize) -> Vec<u8> {
        std::iter::from_fn(|| queue.take(of_one_max))
            .map(|(tenant, _)| tenant.0[0])
            .collect()
    }

    #[test]
    fn tenants_take_turns() {
        let mut queue = Queue::default();
        for number in [1, 1, 1, 1, 2, 3, 3] {
            queue.push(tenant(number), nothing()).unwrap();
        }
        assert_eq!(order(&mut queue, 9), [1, 2, 3, 1, 3, 1, 1]);
    }

    #[test]
    fn one_tenant_does_not_have_all_threads() {
        let mut queue = Queue::default();
        for number in [1, 1, 1, 2] {
            queue.push(tenant(number), nothing()).unwrap();
        }
        assert_eq!(order(&mut queue, 1), [1, 2]);
        queue.ended(tenant(1));
        assert_eq!(order(&mut queue, 1), [1]);
    }

    #[test]
    fn one_tenant_does_not_fill_the_queue() {
        let mut queue = Queue::default();
        let pushed = (0..WAITING_MAX).take_while(|_| queue.push(tenant(1), nothing()).is_ok());
        assert_eq!(pushed.count(), WAITING_OF_ONE_MAX);
        assert!(queue.push(tenant(2), nothing()).is_ok());
        queue.closed = true;
        let refused = queue.push(tenant(2), nothing());
        assert!(matches!(refused, Err(StoreError::Closed)));
    }

    #[test]
    fn what_takes_long_keeps_no_other_tenant_waiting() {
        let pool = SearchPool::start().unwrap();
        let (began, begun) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let ended = Mutex::new(ended);
        let endless = move |budget: &Budget| {
            while !budget.is_over() {}
            if budget.goes_on_elsewhere() {
                return Err(StoreError::TooBroad);
            }
            began.send(()).unwrap();
            ended.lock().unwrap().recv().unwrap();
            Ok(())
        };
        std::thread::scope(|scope| {
            let long = scope.spawn(|| block_on(pool.run(tenant(1), endless)));
            begun.recv().unwrap();
            for _ in 0..8 {
                assert_eq!(block_on(pool.run(tenant(1), |_| Ok(7))).unwrap(), 7);
                assert_eq!(block_on(pool.run(tenant(2), |_| Ok(8))).unwrap(), 8);
            }
            end.send(()).unwrap();
            long.join().unwrap().unwrap();
        });
        pool.close();
        let late = block_on(pool.run(tenant(1), |_| Ok(())));
        assert!(matches!(late, Err(StoreError::Closed)));
    }
}
