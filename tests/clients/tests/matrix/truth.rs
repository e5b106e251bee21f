//! `Truth`: what each behaviour is, by the tables that the example proxies are held to.

use badgateway::fault::{Class, FaultKind};
use badgateway::lab::{Behaviour, Rule};

use crate::expect::{Expected, expected};
use crate::faults::FAULTS;

/// The columns of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Hyper,
    H1,
}

#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) behaviour: &'static Behaviour,
    /// Kinds, and the classes that each may have. Several where the behaviour races.
    pub(crate) faults: Vec<(FaultKind, Option<Class>)>,
    /// A whole answer is right, or one of two things that are.
    pub(crate) may_pass: bool,
    /// A fault is right, or one of two things that are.
    pub(crate) may_fail: bool,
}

impl Truth {
    pub(crate) fn of(behaviour: &'static Behaviour) -> Self {
        // A second try is the gateway's affair; here there is one.
        let (name, is_once) = match behaviour.name.strip_suffix("_once") {
            Some(always) => (always, true),
            None => (behaviour.name, false),
        };
        let (faults, passes) = match FAULTS.iter().find(|(of, _)| *of == name) {
            Some((_, words)) => {
                let faults = words.iter().filter(|word| **word != "-").map(|word| fault(word)).collect();
                (faults, is_once || words.contains(&"-"))
            }
            None => of_http1(name),
        };
        // Where the RFC leaves the choice to the recipient, both are right.
        let is_free = matches!(behaviour.rule, Rule::StatusOrWhole(_) | Rule::Limit(_));
        Self { behaviour, may_pass: passes || is_free, may_fail: !faults.is_empty() || is_free, faults }
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = FaultKind> {
        self.faults.iter().map(|(kind, _)| *kind)
    }
}

/// Of both engines: what either may make of it is right. Who is in no table passes.
fn of_http1(name: &str) -> (Vec<(FaultKind, Option<Class>)>, bool) {
    let rows = [Engine::Hyper, Engine::H1].into_iter().flat_map(expected).filter(|row| row.name == name);
    let rows: Vec<&Expected> = rows.collect();
    let mut faults = Vec::new();
    for row in &rows {
        for kind in row.faults {
            let kind: FaultKind = kind.parse().unwrap();
            let own = |class: &Class| class.kind() == kind || row.faults.len() == 1;
            let classes: Vec<Class> = row.classes.iter().filter_map(|class| class.parse().ok()).filter(own).collect();
            faults.extend(classes.iter().map(|class| (kind, Some(*class))));
            if classes.is_empty() {
                faults.push((kind, None));
            }
        }
    }
    faults.dedup();
    let passes = rows.iter().all(|row| row.faults.is_empty()) || rows.iter().any(|row| !row.always_fails());
    (faults, passes)
}

/// `kind`, or `kind/class`.
fn fault(word: &str) -> (FaultKind, Option<Class>) {
    let (kind, class) = word.split_once('/').map_or((word, None), |(kind, class)| (kind, Some(class)));
    (kind.parse().unwrap(), class.map(|class| class.parse().unwrap()))
}
