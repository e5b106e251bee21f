//! Instructions per operation, by callgrind.
//!
//! Two runs of this very binary, N and 2N operations; the difference is N
//! operations alone, whatever start and set-up cost.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, process};

/// How the binary calls itself: `CHILD KEY N`.
pub const CHILD: &str = "--run-one";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Whether there is a valgrind.
pub fn available() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Instructions of one operation of the contestant with this key.
///
/// # Errors
///
/// If valgrind fails, or writes no total.
pub fn measure(key: &str, operations: u64) -> Result<f64> {
    let folder = Folder::new()?;
    let once = total(&callgrind(&folder.0, key, operations)?)?;
    let twice = total(&callgrind(&folder.0, key, operations * 2)?)?;
    Ok((twice - once) / operations as f64)
}

/// The functions of a contestant by their own instructions per operation, what was inlined into them
/// included. Again by a difference.
///
/// # Errors
///
/// If valgrind or callgrind_annotate fails.
pub fn profile(key: &str, operations: u64, lines: usize) -> Result<Vec<String>> {
    let folder = Folder::new()?;
    let mut counts = by_function(&callgrind(&folder.0, key, operations * 2)?)?;
    for (function, count) in by_function(&callgrind(&folder.0, key, operations)?)? {
        *counts.entry(function).or_default() -= count;
    }
    let mut counts: Vec<_> = counts.into_iter().map(|(name, count)| (name, count / operations as f64)).collect();
    counts.sort_by(|a, b| b.1.total_cmp(&a.1));
    counts.retain(|(_, count)| *count >= 0.5);
    Ok(counts.into_iter().take(lines).map(|(name, count)| format!("{count:>10.1}  {name}")).collect())
}

fn by_function(file: &Path) -> Result<BTreeMap<String, f64>> {
    let output = Command::new("callgrind_annotate").args(["--threshold=100", "--auto=no"]).arg(file).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        // "1,234 ( 4.5%)  file:function [binary]", one for each file that code of the function is from.
        let Some((count, rest)) = line.trim().split_once(' ') else { continue };
        let Ok(count) = count.replace(',', "").parse::<f64>() else { continue };
        let name = rest.split_once(')').map_or(rest, |(_, name)| name).trim();
        let name = name.split(" [").next().unwrap_or(name);
        let function =
            [".rs:", ".S:", ".c:", ".h:"].iter().find_map(|end| name.split_once(end)).map_or(name, |(_, f)| f);
        *counts.entry(function.to_owned()).or_default() += count;
    }
    Ok(counts)
}

fn callgrind(folder: &Path, key: &str, operations: u64) -> Result<PathBuf> {
    let file = folder.join(format!("out.{operations}"));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(env::current_exe()?)
        .args([CHILD, key, &operations.to_string()])
        .output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!("valgrind on {key}: {}", text.lines().last().unwrap_or("failed")).into());
    }
    Ok(file)
}

fn total(file: &Path) -> Result<f64> {
    let text = fs::read_to_string(file)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
    Ok(total.ok_or("no total in callgrind's output")?.trim().parse()?)
}

/// A temporary folder, removed with what is in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let path = env::temp_dir().join(format!("badgateway-benches-{}", process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
