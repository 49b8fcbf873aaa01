//! Questions in JSON that are none, and answers that no browser may take for a page.

use super::case::{Case, Then, of_nobody, of_viewer};

pub(super) fn cases() -> Vec<Case> {
    [bodies(), kinds(), methods()].concat()
}

fn post(name: &str, body: &[u8], status: u16) -> Case {
    let fields = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    let head = of_viewer("POST /davy.v1.AlarmService/List", &fields, "");
    Case::of(name, [head.as_bytes(), body].concat(), status, Then::Open)
        .has("content-type: application/json")
        .has("nosniff")
}

fn bodies() -> Vec<Case> {
    let bad = |name: &str, body: &[u8]| post(name, body, 400).has("REQUEST_INVALID");
    let deep = |levels: usize| format!("{{\"sites\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    vec![
        post("nothing", b"", 200),
        post("blanks", &[b' '; 10_000], 200),
        post("nothing asked", b"{}", 200),
        bad("half an object", b"{"),
        bad("two objects", b"{}{}"),
        bad("an object and a byte", b"{}x"),
        bad("a list", b"[]"),
        bad("null", b"null"),
        bad("a word", b"\"sites\""),
        bad("a number", b"1"),
        bad("a comment", b"/* */ {}"),
        bad("a comma too many", b"{\"open_cases\":true,}"),
        bad("a name without quotes", b"{open_cases:true}"),
        bad("a byte order mark", b"\xEF\xBB\xBF{}"),
        bad("UTF-16", b"{\0}\0"),
        bad("bytes in a name", b"{\"sites\":[\"\xFF\"]}"),
        bad("half a surrogate pair", br#"{"sites":["\ud800"]}"#),
        bad("NUL in a name, as it is", b"{\"sites\":[\"\0\"]}"),
        post("NUL in a name, written out", br#"{"sites":["\u0000"]}"#, 404).has("SITE_UNKNOWN"),
        bad("a field that there is not", br#"{"admin":true}"#),
        bad("a field of every object", br#"{"__proto__":{"admin":true}}"#),
        // The last one counts.
        post("one field twice", br#"{"page_size":1,"page_size":2}"#, 200),
        post("one field by both its names", br#"{"page_size":1,"pageSize":2}"#, 200),
        bad("a number past all numbers", br#"{"page_size":1e999}"#),
        bad("a number past 32 bits", br#"{"page_size":99999999999}"#),
        bad("a number of a thousand digits", format!("{{\"page_size\":{}}}", "9".repeat(1000)).as_bytes()),
        bad("half a number", br#"{"page_size":1.5}"#),
        bad("not a number", br#"{"page_size":NaN}"#),
        bad("a number with zeros before it", br#"{"page_size":007}"#),
        bad("a word for a number", br#"{"page_size":"many"}"#),
        bad("a word for a yes", br#"{"open_cases":"yes"}"#),
        bad("a tier that there is not", br#"{"tier_at_least":"TIER_PURPLE"}"#),
        bad("lists ten thousand deep", deep(10_000).as_bytes()),
        bad("lists a hundred thousand deep", deep(100_000).as_bytes()),
        bad("an object for a list", br#"{"sites":{}}"#),
        bad("a list with nothing in it", br#"{"sites":[null]}"#),
        bad("a filter that is none", br#"{"filter":"tier >= ORANGE AND ("}"#),
        bad("a filter ten thousand deep", format!("{{\"filter\":\"{}\"}}", "(".repeat(10_000)).as_bytes()),
        post("a token of nothing", br#"{"page_token":"../../etc/passwd"}"#, 400).has("_INVALID"),
        bad("an order by what is not there", br#"{"order_by":"1; drop table alarms"}"#),
        bad("a mask of what is not there", br#"{"read_mask":"../name,__proto__"}"#),
        post("a site of a script", br#"{"sites":["<script>alert(1)</script>"]}"#, 404).has("SITE_UNKNOWN"),
        post("a site of a path", br#"{"sites":["../../etc/passwd"]}"#, 404).has("SITE_UNKNOWN"),
        post("a site with an end of line", br#"{"sites":["a\r\nset-cookie: a=b"]}"#, 404).has("SITE_UNKNOWN"),
        post(
            "ten thousand sites",
            format!("{{\"sites\":[{}]}}", ["\"x\""; 10_000].join(",")).as_bytes(),
            404,
        ),
    ]
}

fn kinds() -> Vec<Case> {
    let by = |kind: &str, status: u16| {
        let fields = format!("content-type: {kind}\r\ncontent-length: 2\r\n");
        Case::of(
            &format!("JSON as {kind:?}"),
            of_viewer("POST /davy.v1.AlarmService/List", &fields, "{}"),
            status,
            Then::Open,
        )
    };
    vec![
        by("application/json; charset=utf-8", 200),
        by("APPLICATION/JSON", 200),
        by("application/json, text/plain", 415),
        by("application/jsonp", 415),
        by("text/json", 415),
        // What a page of another host may send without asking first.
        by("text/plain", 415),
        by("application/x-www-form-urlencoded", 415),
        by("multipart/form-data; boundary=x", 415),
        by("application/xml", 415),
        by("", 415),
        Case::of(
            "JSON as nothing",
            of_viewer("POST /davy.v1.AlarmService/List", "content-length: 2\r\n", "{}"),
            415,
            Then::Open,
        ),
        Case::of(
            "JSON in gzip",
            of_viewer(
                "POST /davy.v1.AlarmService/List",
                "content-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n",
                "{}",
            ),
            415,
            Then::Open,
        ),
    ]
}

/// What changes something is not asked in JSON: a link, a picture or a form cannot do it.
fn methods() -> Vec<Case> {
    let get = |path: &str, status: u16| {
        Case::of(&format!("GET {path}"), of_viewer(&format!("GET {path}"), "", ""), status, Then::Open)
    };
    let by = |method: &str, status: u16| {
        let line = format!("{method} /davy.v1.AlarmService/List");
        Case::of(&line, of_viewer(&line, "content-type: application/json\r\n", ""), status, Then::Open)
    };
    let login = "content-type: application/json\r\ncontent-length: 2\r\n";
    vec![
        get("/davy.v1.AlarmService/Acknowledge", 403).has("NOT_ALLOWED"),
        get("/davy.v1.SessionService/Login", 501).has("METHOD_UNKNOWN"),
        get("/davy.v1.SessionService/Logout", 501).has("METHOD_UNKNOWN"),
        get("/davy.v1.Nothing/Nothing", 501).has("METHOD_UNKNOWN"),
        get("/davy.v1.", 501).has("METHOD_UNKNOWN"),
        get("/davy.v1.AlarmService/%3Cscript%3E", 501).has("application/json").has("nosniff"),
        get("/grpc.health.v1.Health/Check", 405),
        by("PUT", 405),
        by("DELETE", 405),
        by("PATCH", 405),
        Case::of(
            "POST of a log-in in JSON",
            of_nobody("POST /davy.v1.SessionService/Login", login, "{}"),
            501,
            Then::Open,
        )
        .has("METHOD_UNKNOWN"),
    ]
}
