//! An answer of HTTP/1.1, as it comes.

use crate::abuse::Raw;

/// The longest head that is read, bytes.
const HEAD_LEN_MAX: usize = 64 << 10;

/// One answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// In lower case.
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    /// The next answer; `None` when it is not there in time, or the connection ends before it is whole.
    pub(super) async fn read(raw: &mut Raw, to_head: bool) -> Option<Answer> {
        let head = head(raw).await?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let body =
            if to_head || status == 204 || status == 304 { Vec::new() } else { body(raw, &head).await? };
        Some(Answer { status, head: head.to_lowercase(), body: String::from_utf8_lossy(&body).into_owned() })
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (of, value) = line.split_once(':')?;
        of.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

async fn head(raw: &mut Raw) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_LEN_MAX {
        head.extend(raw.exactly(1).await??);
    }
    String::from_utf8(head).ok()
}

async fn body(raw: &mut Raw, head: &str) -> Option<Vec<u8>> {
    if let Some(len) = field(head, "content-length") {
        return raw.exactly(len.parse().ok()?).await?;
    }
    if field(head, "transfer-encoding").is_none() {
        return raw.rest().await;
    }
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend(raw.exactly(1).await??);
        }
        let len = usize::from_str_radix(String::from_utf8(line).ok()?.trim(), 16).ok()?;
        let chunk = raw.exactly(len + 2).await??;
        if len == 0 {
            return Some(body);
        }
        body.extend(&chunk[..len]);
    }
}
