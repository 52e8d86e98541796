//! How CMCD records and their views are known: rules that outlive releases, because what is stored is found by them.
//!
//! CMCD counts its reports per session and target (`sn`), not per view, and players start that count anew at will. So a
//! record is known by its own bytes: what a player sends again, it sends unchanged.

use sha2::{Digest, Sha256};

/// Bits of a sequence: whole numbers up to here are exact in JSON and in JavaScript.
const SEQUENCE_BITS: u32 = 53;

/// The sequence of a record: the first 53 bits of the SHA-256 of its line, without the white space around it.
///
/// Not one of the quick hashes: two records of a view that differ in a digit must never meet, and on lines of this
/// length the difference is below a microsecond.
pub fn sequence(line: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = digest(line.trim());
    u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> (u64::BITS - SEQUENCE_BITS)
}

/// The view a record belongs to: its session (`sid`), and within that its content (`cid`): another title in the same
/// session is another view. The content's part is 8 hexadecimal digits of its SHA-256, so that an id of 128 characters
/// and any script stays short and safe in a path.
pub fn view_id(sid: &str, cid: Option<&str>) -> String {
    match cid.filter(|cid| !cid.is_empty()) {
        Some(cid) => {
            let [a, b, c, d, ..] = digest(cid);
            format!("{sid}-{:08x}", u32::from_be_bytes([a, b, c, d]))
        }
        None => sid.to_owned(),
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also what `printf %s LINE | sha256sum` begins with.
    #[test]
    fn identities_never_change() {
        let line = r#"cid="content-0001",e=ps,sf=h,sid="aa0fe077",sn=0,sta=d,ts=1795313593693,v=2"#;
        assert_eq!(sequence(line), 5_173_651_150_457_652);
        assert_eq!(sequence(&format!(" {line}\r\n")), 5_173_651_150_457_652);
        assert_eq!(view_id("aa0fe077", Some("content-0001")), "aa0fe077-8f503ae8");
        assert_eq!(view_id("aa0fe077", None), "aa0fe077");
        assert_eq!(view_id("aa0fe077", Some("")), "aa0fe077");
        assert!(sequence("anything else") < 1 << 53);
    }
}
