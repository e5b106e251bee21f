//! The table of a topic, as Markdown with aligned columns.
//!
//! A budget is printed with its verdict beside it; only exact ones count as missed.

use super::{Budget, Columns, Contestant, Group, Measured, Topic};

/// Slack on what is not exact: alignment and `malloc` move instructions by about 2 percent.
const SLACK: f64 = 1.02;

/// Prints it, and says how many budgets of instructions and allocations were missed.
pub(super) fn print(topic: &Topic, groups: &[&Group], measured: &[Vec<Measured>], columns: Columns) -> usize {
    println!("\n### {}\n\n{}\n", topic.name, topic.about);
    let mut rows = vec![header(columns)];
    let mut missed = 0;
    for (group, results) in groups.iter().zip(measured) {
        let reference = reference(group);
        for (contestant, result) in group.contestants.iter().zip(results) {
            let mut row = vec![group.input.clone(), contestant.name.clone()];
            if columns.instructions {
                row.push(number(result.instructions));
            }
            if columns.wall {
                row.push(number(result.wall.map(|t| t.median)));
                row.push(number(result.wall.map(|t| t.min)));
            }
            row.push(match result.allocations.zip(result.bytes) {
                Some((calls, bytes)) => format!("{} ({})", number(Some(calls)), number(Some(bytes))),
                None => "-".into(),
            });
            let base = results[reference];
            let is_off = is_subtrahend(group, contestant);
            if columns.instructions {
                row.push(if is_off { "-".into() } else { ratio(result.instructions, base.instructions) });
            }
            if columns.wall {
                row.push(if is_off { "-".into() } else { ratio(result.wall.map(|t| t.min), base.wall.map(|t| t.min)) });
            }
            let mut verdicts = Vec::new();
            for budget in &contestant.budgets {
                if let Some((text, exact, met)) = verdict(budget, result, group, groups, measured) {
                    verdicts.push(format!("{text} {}", if met { "PASS" } else { "**MISS**" }));
                    missed += usize::from(exact && !met);
                }
            }
            row.push(verdicts.join("; "));
            rows.push(row);
        }
    }
    print_aligned(&rows);
    missed
}

fn header(columns: Columns) -> Vec<String> {
    let mut names = vec!["input", "contestant"];
    if columns.instructions {
        names.push("instr");
    }
    if columns.wall {
        names.extend(["median ns", "min ns"]);
    }
    names.push("allocs (bytes)");
    if columns.instructions {
        names.push("x instr");
    }
    if columns.wall {
        names.push("x wall");
    }
    names.push("budget");
    names.into_iter().map(String::from).collect()
}

fn reference(group: &Group) -> usize {
    group.contestants.iter().position(|c| !is_subtrahend(group, c)).unwrap_or(0)
}

fn is_subtrahend(group: &Group, contestant: &Contestant) -> bool {
    group.contestants.iter().any(|other| other.minus.as_ref() == Some(&contestant.name))
}

/// What it says, whether it is exact, and whether it is met. `None` where the column was not measured.
fn verdict(
    budget: &Budget,
    own: &Measured,
    group: &Group,
    groups: &[&Group],
    measured: &[Vec<Measured>],
) -> Option<(String, bool, bool)> {
    let other = |name: &str| {
        let (input, contestant) = name.split_once('/').unwrap_or((&group.input, name));
        let (found, results) = groups.iter().zip(measured).find(|(g, _)| g.input == input)?;
        let index = found.contestants.iter().position(|c| c.name == contestant)?;
        Some(results[index])
    };
    Some(match budget {
        Budget::Instructions(most) => (format!("instr <= {}", number(Some(*most))), true, own.instructions? <= *most),
        Budget::Wall(most) => (format!("ns <= {most}"), false, own.wall?.median <= *most),
        Budget::Allocations(most) => (format!("allocs <= {most}"), true, own.allocations? <= *most + 0.01),
        Budget::InstructionsOf(name, times, plus) => {
            let most = other(name)?.instructions? * times + plus;
            let plus = if *plus > 0.0 { format!(" + {}", number(Some(*plus))) } else { String::new() };
            (format!("instr <= {times}x{plus} of {name}"), true, own.instructions? <= most * SLACK)
        }
        Budget::WallOf(name, times) => {
            let most = other(name)?.wall?.min * times;
            (format!("wall <= {times}x of {name}"), false, own.wall?.min <= most)
        }
    })
}

fn ratio(own: Option<f64>, base: Option<f64>) -> String {
    match own.zip(base) {
        Some((own, base)) if base != 0.0 => format!("{:.2}", own / base),
        _ => "-".into(),
    }
}

fn number(value: Option<f64>) -> String {
    match value {
        None => "-".into(),
        Some(x) if x.abs() < 99.95 && (x - x.round()).abs() >= 0.05 => format!("{x:.1}"),
        Some(x) => format!("{:.0}", if x == 0.0 { 0.0 } else { x }),
    }
}

fn print_aligned(rows: &[Vec<String>]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let last = rows[0].len() - 1;
    let line = |cells: Vec<String>| println!("| {} |", cells.join(" | "));
    for (index, row) in rows.iter().enumerate() {
        line(
            row.iter()
                .enumerate()
                .map(|(column, cell)| {
                    if column < 2 || column == last {
                        format!("{cell:<w$}", w = width(column))
                    } else {
                        format!("{cell:>w$}", w = width(column))
                    }
                })
                .collect(),
        );
        if index == 0 {
            line(
                (0..=last)
                    .map(|column| {
                        let dashes = "-".repeat(width(column).max(3) - 1);
                        if column < 2 || column == last { format!("{dashes}-") } else { format!("{dashes}:") }
                    })
                    .collect(),
            );
        }
    }
}
