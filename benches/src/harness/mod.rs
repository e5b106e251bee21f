//! The harness: contestants, what is measured of them, and what is promised.
//!
//! Every contestant of a group gets the same input and gives the same answer; topics
//! assert that before anything is measured.

pub mod allocations;
pub mod instructions;
mod table;
pub mod wall;

use std::hint::black_box;

use self::wall::Time;

/// Does the operation that many times.
pub type Run = Box<dyn FnMut(u64)>;

/// The operation, as a loop of its own.
pub fn each<T>(mut operation: impl FnMut() -> T + 'static) -> Run {
    Box::new(move |n| {
        for _ in 0..n {
            black_box(operation());
        }
    })
}

/// What is promised of a contestant.
#[derive(Clone, Debug)]
pub enum Budget {
    Instructions(f64),
    /// In nanoseconds, by the median.
    Wall(f64),
    Allocations(f64),
    /// At most so many times those of another row, `INPUT/CONTESTANT` or `CONTESTANT` of the same input, and so many more.
    InstructionsOf(String, f64, f64),
    /// At most so many times as long as another row, by the minima: they are steadier.
    WallOf(String, f64),
}

/// One way to do the operation.
pub struct Contestant {
    pub name: String,
    make: Box<dyn Fn() -> Run>,
    /// How many operations one turn of the loop is (chunks in a body).
    per: f64,
    /// Whose cost is taken off.
    minus: Option<String>,
    budgets: Vec<Budget>,
}

impl Contestant {
    pub fn new(name: impl Into<String>, make: impl Fn() -> Run + 'static) -> Self {
        Self { name: name.into(), make: Box::new(make), per: 1.0, minus: None, budgets: Vec::new() }
    }

    #[must_use]
    pub fn per(mut self, operations: usize) -> Self {
        self.per = operations as f64;
        self
    }

    #[must_use]
    pub fn minus(mut self, other: impl Into<String>) -> Self {
        self.minus = Some(other.into());
        self
    }

    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budgets.push(budget);
        self
    }
}

/// Contestants on one input. The first that is nobody's subtrahend is the reference of the ratios.
pub struct Group {
    pub input: String,
    pub contestants: Vec<Contestant>,
}

impl Group {
    pub fn new(input: impl Into<String>) -> Self {
        Self { input: input.into(), contestants: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, contestant: Contestant) -> Self {
        self.contestants.push(contestant);
        self
    }
}

/// One table.
pub struct Topic {
    pub name: &'static str,
    pub about: &'static str,
    pub groups: Vec<Group>,
}

/// Which columns are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    pub instructions: bool,
    pub wall: bool,
}

/// What was measured of a contestant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    pub instructions: Option<f64>,
    pub wall: Option<Time>,
    pub allocations: Option<f64>,
    pub bytes: Option<f64>,
}

/// Measures the groups that the filter names, prints the table, and says how many exact budgets
/// (instructions and allocations) were missed.
pub fn run(topic: &Topic, filter: &str, columns: Columns) -> usize {
    let groups: Vec<&Group> = topic.groups.iter().filter(|group| matches(topic, group, filter)).collect();
    if groups.is_empty() {
        return 0;
    }
    let measured: Vec<Vec<Measured>> = groups.iter().map(|group| measure(topic, group, columns)).collect();
    table::print(topic, &groups, &measured, columns)
}

/// Whether any group of the topic is wanted.
pub fn matches(topic: &Topic, group: &Group, filter: &str) -> bool {
    format!("{}/{}", topic.name, group.input).contains(filter)
}

/// `TOPIC/INPUT/CONTESTANT`, of which the binary knows what to do as its own child.
pub fn key(topic: &Topic, group: &Group, contestant: &Contestant) -> String {
    format!("{}/{}/{}", topic.name, group.input, contestant.name)
}

/// Does the operation of one contestant, and nothing else.
pub fn run_one(topics: &[Topic], wanted: &str, operations: u64) -> bool {
    for topic in topics {
        for group in &topic.groups {
            for contestant in &group.contestants {
                if key(topic, group, contestant) == wanted {
                    (contestant.make)()(operations);
                    return true;
                }
            }
        }
    }
    false
}

/// Prints the functions that a contestant's instructions are spent in.
pub fn profile(topic: &Topic, filter: &str, lines: usize) {
    for group in &topic.groups {
        for contestant in &group.contestants {
            let key = key(topic, group, contestant);
            if !key.contains(filter) {
                continue;
            }
            let operations = wall::calibrate(&mut (contestant.make)());
            println!("\n{key}: instructions per operation, by function");
            match instructions::profile(&key, operations, lines) {
                Ok(found) => found.iter().for_each(|line| println!("{line}")),
                Err(error) => println!("{error}"),
            }
        }
    }
}

fn measure(topic: &Topic, group: &Group, columns: Columns) -> Vec<Measured> {
    let mut runs: Vec<(Run, u64)> = Vec::new();
    for contestant in &group.contestants {
        let mut run = (contestant.make)();
        let operations = wall::calibrate(&mut run);
        runs.push((run, operations));
    }
    let mut all = vec![Measured::default(); runs.len()];
    for (measured, (run, operations)) in all.iter_mut().zip(&mut runs) {
        let (calls, bytes) = allocations::measure(run, (*operations).min(64));
        measured.allocations = Some(calls);
        measured.bytes = Some(bytes);
    }
    if columns.wall {
        for (measured, time) in all.iter_mut().zip(wall::measure(&mut runs)) {
            measured.wall = Some(time);
        }
    }
    if columns.instructions {
        for ((measured, (_, operations)), contestant) in all.iter_mut().zip(&runs).zip(&group.contestants) {
            match instructions::measure(&key(topic, group, contestant), *operations) {
                Ok(count) => measured.instructions = Some(count),
                Err(error) => eprintln!("{error}"),
            }
        }
    }
    settle(group, &all)
}

/// Takes off what is to be taken off, and divides by the operations in one turn.
fn settle(group: &Group, all: &[Measured]) -> Vec<Measured> {
    let settled = group.contestants.iter().zip(all).map(|(contestant, raw)| {
        let off = contestant.minus.as_ref().map(|name| {
            let index = group.contestants.iter().position(|c| c.name == *name);
            all[index.unwrap_or_else(|| panic!("no contestant {name}"))]
        });
        let off = off.unwrap_or_default();
        let rest = |a: Option<f64>, b: Option<f64>| a.map(|a| (a - b.unwrap_or(0.0)) / contestant.per);
        let time = |pick: fn(Time) -> f64| rest(raw.wall.map(pick), off.wall.map(pick));
        Measured {
            instructions: rest(raw.instructions, off.instructions),
            wall: time(|t| t.median).zip(time(|t| t.min)).map(|(median, min)| Time { median, min }),
            allocations: rest(raw.allocations, off.allocations),
            bytes: rest(raw.bytes, off.bytes),
        }
    });
    settled.collect()
}
