//! The shared corpus of public test suites, where it is at hand: in `BADGATEWAY_CORPUS`, or beside the
//! repository. Through the same runner as the example, in every split, in both modes.

use std::path::PathBuf;
use std::process::Command;

fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("BADGATEWAY_CORPUS").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/responses.jsonl");
    named.or(Some(beside)).filter(|file| file.is_file())
}

fn runner() -> Option<PathBuf> {
    // target/debug/deps/h1-… -> target/debug/examples/conformance: `cargo test` builds the examples.
    let me = std::env::current_exe().ok()?;
    let file = me.parent()?.parent()?.join("examples").join(format!("conformance{}", std::env::consts::EXE_SUFFIX));
    file.is_file().then_some(file)
}

#[test]
fn strict_agrees_in_every_split() {
    let (Some(corpus), Some(runner)) = (corpus(), runner()) else {
        eprintln!("skipped: no corpus (BADGATEWAY_CORPUS), or the conformance example is not built");
        return;
    };
    for split in ["none", "bytes", "2", "7", "random:1", "random:2", "random:3"] {
        let output = Command::new(&runner)
            .args(["--mode", "strict", "--check", "--split", split])
            .arg(&corpus)
            .output()
            .unwrap();
        assert!(output.status.success(), "{split}:\n{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// Compatible may accept more, but never with other content, and never without a note.
#[test]
fn compatible_differs_only_where_it_says_so() {
    let (Some(corpus), Some(runner)) = (corpus(), runner()) else { return };
    let run = |mode: &str| {
        let output = Command::new(&runner).args(["--mode", mode]).arg(&corpus).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let (strict, compatible) = (run("strict"), run("compatible"));
    let mut differing = 0;
    for (strict, compatible) in strict.lines().zip(compatible.lines()) {
        if strict != compatible {
            differing += 1;
            assert!(strict.contains("\"verdict\":\"reject\""), "{strict}\n{compatible}");
            let tolerated = ["bare_lf", "obs_fold", "chunk_size_space", "chunk_ext"];
            let noted = tolerated.iter().any(|name| compatible.contains(&format!("\"{name}\"")));
            assert!(noted || !compatible.contains("\"verdict\":\"accept\""), "{compatible}");
        }
    }
    assert!(differing > 0);
}

#[test]
fn the_runner_sees_differences_and_bad_flags() {
    let Some(runner) = runner() else { return };
    let run = |args: &[&str]| Command::new(&runner).args(args).output().unwrap();
    for args in [&["--what"][..], &[], &["--mode", "x", "f"], &["--split", "0", "f"], &["a", "b"], &["/nonexistent"]] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap().lines().count(), 1);
    }
    let file = std::env::temp_dir().join(format!("badgateway-h1-{}.jsonl", std::process::id()));
    for (fields, expected) in [
        (r#""strict_verdict":"accept","status":200,"body_b64":"eA==""#, 0),
        (r#""strict_verdict":"accept","status":201"#, 1),
        (r#""strict_verdict":"accept","body_b64":"eQ==""#, 1),
        (r#""strict_verdict":"accept","leftover":1"#, 1),
        (r#""strict_verdict":"accept","headers":[["Content-Length","2"]]"#, 1),
        (r#""strict_verdict":"incomplete""#, 1),
        (r#""strict_verdict":"reject","error_class":"framing.cl_invalid","error_offset":0"#, 1),
    ] {
        let input = "SFRUUC8xLjEgMjAwIE9LDQpDb250ZW50LUxlbmd0aDogMQ0KDQp4";
        std::fs::write(&file, format!("{{\"id\":\"a\",\"input_b64\":\"{input}\",{fields}}}\n")).unwrap();
        let output = run(&["--check", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(expected), "{fields}: {}", String::from_utf8_lossy(&output.stdout));
    }
    std::fs::remove_file(&file).unwrap();
}
