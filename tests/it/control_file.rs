//! The file of control data when a disk or a hand has damaged it: what is wrong is said, with what mends it.

use std::{fs, path::Path};

use playhead::control::{Control, ControlError};

use crate::support::server::Server;

/// Where SQLite's header says how large a page is, and how many there are.
const PAGE_SIZE: std::ops::Range<usize> = 16..18;
const PAGES: std::ops::Range<usize> = 28..32;

async fn refused(path: &Path) -> String {
    match Control::open(&format!("sqlite:{}", path.display())).await {
        Err(ControlError::Invalid(problem)) => problem,
        Err(other) => panic!("starting again does not help: {other}"),
        Ok(_) => panic!("it is damaged"),
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_with_what_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sqlite");
    Control::open(&format!("sqlite:{}", path.display())).await.unwrap().close().await;
    let sound = fs::read(&path).unwrap();
    let header_lost = [&[b'x'; 4096][..], &sound[4096..]].concat();
    let mut schema_lost = sound.clone();
    schema_lost[100..4096].fill(0xff);
    for (damaged, what) in [(header_lost, "not a database"), (schema_lost, "malformed")] {
        fs::write(&path, damaged).unwrap();
        let problem = refused(&path).await;
        for part in [what, &path.display().to_string(), "is damaged", "from a backup", ".recover"] {
            assert!(problem.contains(part), "{part}: {problem}");
        }
    }
    fs::write(&path, sound).unwrap();
    assert!(Control::open(&format!("sqlite:{}", path.display())).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_that_can_be_gone_on_with_is_an_error_line_and_beacons_are_taken() {
    let mut server = Server::start(&[]).await;
    server.terminate().await;
    let path = server.data_dir().join("control.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    // A page more than anything leads to.
    let size = usize::from(u16::from_be_bytes(bytes[PAGE_SIZE].try_into().unwrap()));
    let pages = u32::from_be_bytes(bytes[PAGES].try_into().unwrap());
    bytes[PAGES].copy_from_slice(&(pages + 1).to_be_bytes());
    bytes.resize(bytes.len() + size, 0);
    fs::write(&path, bytes).unwrap();
    server.restart().await;
    assert!(server.output().contains("the control database is damaged"), "{}", server.output());
    let beacon =
        serde_json::json!({"views": [{"id": "v", "events": [{"seq": 1, "t_ms": 0, "type": "play"}]}]});
    assert_eq!(server.beacon(&beacon).await.0, 202);
}
