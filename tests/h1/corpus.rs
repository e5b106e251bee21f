//! The shared corpus of public test suites, where it is at hand: in `BADGATEWAY_CORPUS`, or beside the
//! repository. Through the runner of the example, in every split, in both modes.

use std::path::PathBuf;

#[allow(dead_code)] // its `main`
#[path = "../../examples/conformance.rs"]
mod conformance;

fn corpus() -> Option<String> {
    let named = std::env::var_os("BADGATEWAY_CORPUS").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/responses.jsonl");
    let found = named.or(Some(beside)).filter(|file| file.is_file());
    if found.is_none() {
        eprintln!("skipped: no corpus (BADGATEWAY_CORPUS)");
    }
    Some(found?.to_str().unwrap().to_owned())
}

/// Exit code, output, errors.
fn run(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = conformance::run(args.iter().map(|&arg| arg.to_owned()), &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn strict_agrees_in_every_split() {
    let Some(corpus) = corpus() else { return };
    for split in ["none", "bytes", "2", "7", "random:1", "random:2", "random:3"] {
        let (code, out, err) = run(&["--mode", "strict", "--check", "--split", split, &corpus]);
        assert_eq!(code, 0, "{split}:\n{out}");
        assert!(err.ends_with("cases as expected\n") && !err.starts_with("0 of"), "{err}");
    }
}

/// Compatible may accept more, but never with other content, and never without a note.
#[test]
fn compatible_differs_only_where_it_says_so() {
    let Some(corpus) = corpus() else { return };
    let (strict, compatible) = (run(&["--mode", "strict", &corpus]).1, run(&["--mode", "compatible", &corpus]).1);
    let mut differing = 0;
    for (strict, compatible) in strict.lines().zip(compatible.lines()) {
        if strict != compatible {
            differing += 1;
            assert!(strict.contains("\"verdict\":\"reject\""), "{strict}\n{compatible}");
            let tolerated = ["bare_lf", "obs_fold", "chunk_size_space", "chunk_ext", "length_in_no_content"];
            let noted = tolerated.iter().any(|name| compatible.contains(&format!("\"{name}\"")));
            assert!(noted || !compatible.contains("\"verdict\":\"accept\""), "{compatible}");
        }
    }
    assert!(differing > 0);
}

#[test]
fn the_runner_sees_differences_and_bad_flags() {
    for args in [&["--what"][..], &[], &["--mode", "x", "f"], &["--split", "0", "f"], &["a", "b"], &["/nonexistent"]] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{args:?}");
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
        let (code, out, _) = run(&["--check", file.to_str().unwrap()]);
        assert_eq!((code, out.is_empty()), (expected, expected == 0), "{fields}: {out}");
    }
    std::fs::remove_file(&file).unwrap();
}
