//! Which scenario runs next: longest first, one at a time where a tag says so, and no more with a browser than it has places.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use super::plan::Planned;

/// The scenarios beside which a scenario must not run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Alone {
    /// No restriction.
    #[default]
    No,
    /// Other scenarios that hold one of these locks.
    Locks(Vec<String>),
    /// All others: `@serial`.
    Serial,
}

impl Alone {
    /// Adds a lock.
    pub fn lock(&mut self, name: String) {
        match self {
            Self::No => *self = Self::Locks(vec![name]),
            Self::Locks(names) => names.push(name),
            Self::Serial => {}
        }
    }
}

/// An attempt that waits for its turn or runs.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The number of the scenario: its place in the plan.
    pub scenario: usize,
    /// The scenario. The turn is its only owner, so its memory is freed when the last attempt has ended.
    pub planned: Arc<Planned>,
    /// The number of the attempt, counted from 0.
    pub attempt: u32,
    pub alone: Alone,
    /// True if the scenario needs a place at the browser. It waits for one before its own time begins.
    pub browses: bool,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Turn>,
    running: usize,
    places: usize,
    serial: bool,
    locks: HashSet<String>,
    stopped: bool,
}

/// The queue from which workers take attempts.
#[derive(Debug, Default)]
pub struct Schedule {
    state: Mutex<State>,
    changed: Condvar,
}

impl Schedule {
    /// Makes a queue in this order, with a number of places at the browser (at least one).
    pub fn new(turns: impl IntoIterator<Item = Turn>, places: usize) -> Self {
        let state = State { waiting: turns.into_iter().collect(), places: places.max(1), ..State::default() };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Takes the next attempt that may run now. Waits while all that are left must not run beside the current ones. Returns
    /// `None` when all is done.
    pub fn next(&self) -> Option<Turn> {
        let mut state = self.lock();
        loop {
            // While others run, one of them may still ask for a retry.
            if state.stopped || (state.waiting.is_empty() && state.running == 0) {
                return None;
            }
            let free = state.waiting.iter().position(|turn| state.allows(turn));
            if let Some(turn) = free.and_then(|index| state.waiting.remove(index)) {
                state.begin(&turn);
                return Some(turn);
            }
            state = self.changed.wait(state).expect("nothing panics while it holds this lock");
        }
    }

    /// Ends an attempt. Its retry goes to the front of the queue.
    pub fn end(&self, turn: &Turn, again: Option<Turn>) {
        let mut state = self.lock();
        state.running -= 1;
        state.places += usize::from(turn.browses);
        match &turn.alone {
            Alone::No => {}
            Alone::Serial => state.serial = false,
            // Only this attempt held these locks, so they can be released by name.
            Alone::Locks(names) => names.iter().for_each(|name| {
                state.locks.remove(name);
            }),
        }
        // A retry runs next, while the cause of the failure may still be there to see.
        state.waiting.extend(again.clone());
        if again.is_some() {
            state.waiting.rotate_right(1);
        }
        self.changed.notify_all();
    }

    /// Stops the queue: no further attempt begins.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }
}

impl State {
    fn allows(&self, turn: &Turn) -> bool {
        !self.serial
            && (!turn.browses || self.places > 0)
            && match &turn.alone {
                Alone::No => true,
                Alone::Serial => self.running == 0,
                Alone::Locks(names) => !names.iter().any(|name| self.locks.contains(name)),
            }
    }

    fn begin(&mut self, turn: &Turn) {
        self.running += 1;
        self.places -= usize::from(turn.browses);
        match &turn.alone {
            Alone::No => {}
            Alone::Serial => self.serial = true,
            Alone::Locks(names) => self.locks.extend(names.iter().cloned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(scenario: usize, alone: Alone) -> Turn {
        Turn { scenario, planned: Arc::default(), attempt: 0, alone, browses: false }
    }

    #[test]
    fn who_needs_the_browser_waits_for_a_place_and_others_pass_by() {
        let browsing = |scenario| Turn { browses: true, ..turn(scenario, Alone::No) };
        let schedule = Schedule::new([browsing(0), browsing(1), turn(2, Alone::No)], 1);
        let first = schedule.next().unwrap();
        assert_eq!((first.scenario, schedule.next().unwrap().scenario), (0, 2));
        schedule.end(&first, None);
        assert_eq!(schedule.next().unwrap().scenario, 1);
    }

    #[test]
    fn a_lock_is_held_by_one_at_a_time_and_others_pass_by() {
        let locked = || Alone::Locks(vec!["db".into()]);
        let schedule = Schedule::new([turn(0, locked()), turn(1, locked()), turn(2, Alone::No)], 1);
        let first = schedule.next().unwrap();
        assert_eq!((first.scenario, schedule.next().unwrap().scenario), (0, 2));
        schedule.end(&first, None);
        assert_eq!(schedule.next().unwrap().scenario, 1);
    }

    #[test]
    fn a_serial_scenario_runs_when_nothing_else_does() {
        let schedule = Schedule::new([turn(0, Alone::No), turn(1, Alone::Serial), turn(2, Alone::No)], 1);
        let (first, third) = (schedule.next().unwrap(), schedule.next().unwrap());
        assert_eq!((first.scenario, third.scenario), (0, 2));
        schedule.end(&first, None);
        schedule.end(&third, None);
        assert_eq!(schedule.next().unwrap().scenario, 1);
    }

    #[test]
    fn a_retry_comes_next_and_a_stopped_schedule_hands_out_nothing() {
        let schedule = Schedule::new([turn(0, Alone::No), turn(1, Alone::No)], 1);
        let first = schedule.next().unwrap();
        schedule.end(&first, Some(Turn { attempt: 1, ..first.clone() }));
        let again = schedule.next().unwrap();
        assert_eq!((again.scenario, again.attempt), (0, 1));
        schedule.stop();
        assert!(schedule.next().is_none());
        assert_eq!(schedule.waiting(), 1);
    }
}
