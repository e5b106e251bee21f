//! `--only`: some of the lab's behaviours instead of all.

use badgateway::lab::{BEHAVIOURS, Behaviour, Builder, Group, Lab};

/// Groups and names of behaviours. Empty: all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Only(Vec<String>);

impl Only {
    /// Adds a group, or one behaviour.
    ///
    /// # Errors
    ///
    /// One line, if it is neither.
    pub(crate) fn add(&mut self, text: String) -> Result<(), String> {
        let known = Group::ALL.iter().any(|group| group.as_str() == text) || BEHAVIOURS.iter().any(|b| b.name == text);
        if !known {
            let groups: Vec<&str> = Group::ALL.iter().map(|group| group.as_str()).collect();
            return Err(format!("--only {text:?} is no behaviour of the lab, and no group: {}", groups.join(", ")));
        }
        self.0.push(text);
        Ok(())
    }

    /// Whether nothing was left out.
    pub(crate) fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// The behaviours, in the order of the lab's table.
    pub(crate) fn behaviours(&self) -> impl Iterator<Item = &'static Behaviour> {
        let wanted = |b: &Behaviour| self.0.iter().any(|name| name == b.name || name == b.group.as_str());
        BEHAVIOURS.iter().filter(move |behaviour| self.is_all() || wanted(behaviour))
    }

    /// A lab of these.
    pub(crate) fn lab(&self) -> Builder {
        Lab::builder().only(&self.behaviours().map(|behaviour| behaviour.name).collect::<Vec<_>>())
    }
}
