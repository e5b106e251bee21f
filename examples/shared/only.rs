//! `--only`: some of the lab's behaviours instead of all.

use badgateway::lab::{BEHAVIOURS, Behaviour, Builder, Group, HTTP2_BEHAVIOURS, Lab};

/// Groups and names of behaviours. Empty: all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Only {
    names: Vec<String>,
    /// Of those that speak HTTP/2.
    http2: bool,
}

impl Only {
    /// Adds a group, or one behaviour.
    ///
    /// # Errors
    ///
    /// One line, if it is neither.
    pub(crate) fn add(&mut self, text: String) -> Result<(), String> {
        let mut behaviours = BEHAVIOURS.iter().chain(HTTP2_BEHAVIOURS);
        let known = Group::ALL.iter().any(|group| group.as_str() == text) || behaviours.any(|b| b.name == text);
        if !known {
            let groups: Vec<&str> = Group::ALL.iter().map(|group| group.as_str()).collect();
            return Err(format!("--only {text:?} is no behaviour of the lab, and no group: {}", groups.join(", ")));
        }
        self.names.push(text);
        Ok(())
    }

    /// From now on those that speak HTTP/2 are meant.
    #[allow(dead_code)] // not every program has the flag
    pub(crate) fn of_http2(&mut self) {
        self.http2 = true;
    }

    /// Whether anything is meant at all.
    ///
    /// # Errors
    ///
    /// One line, if nothing is.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.behaviours().next().is_some() {
            return Ok(());
        }
        let (has, lacks) = if self.http2 { ("without", "with") } else { ("with", "without") };
        Err(format!("--only {}: that is there {has} --http2, and not {lacks} it", self.names.join(" --only ")))
    }

    /// Whether nothing was left out.
    pub(crate) fn is_all(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether these are the behaviours by which proxies were compared.
    #[allow(dead_code)] // not every program has the flag
    pub(crate) fn is_compared(&self) -> bool {
        self.is_all() && !self.http2
    }

    /// The behaviours, in the order of the lab's table.
    pub(crate) fn behaviours(&self) -> impl Iterator<Item = &'static Behaviour> {
        let wanted = |b: &Behaviour| self.names.iter().any(|name| name == b.name || name == b.group.as_str());
        let table = if self.http2 { HTTP2_BEHAVIOURS } else { BEHAVIOURS };
        table.iter().filter(move |behaviour| self.is_all() || wanted(behaviour))
    }

    /// A lab of these.
    pub(crate) fn lab(&self) -> Builder {
        let lab = Lab::builder().only(&self.behaviours().map(|behaviour| behaviour.name).collect::<Vec<_>>());
        if self.http2 { lab.http2() } else { lab }
    }
}
