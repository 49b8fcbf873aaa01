//! A list that is told page by page, as one.

use tonic::Status;

use crate::refusal::failed;

/// The first `limit` of a list. `page` asks for what stands behind a token, and gives that and the next token: empty, when
/// nothing stands behind it.
pub(crate) async fn first<T>(
    limit: usize,
    mut page: impl AsyncFnMut(String) -> Result<(Vec<T>, String), Status>,
) -> anyhow::Result<Vec<T>> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let (more, next) = page(token).await.map_err(|status| failed(&status))?;
        found.extend(more);
        if next.is_empty() || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
        token = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_more_is_asked_for_than_is_wanted_and_no_more_than_there_is() {
        for (limit, due, asked) in [(0, 0, 1), (2, 2, 1), (3, 3, 2), (6, 6, 3), (usize::MAX, 6, 3)] {
            let mut tokens = Vec::new();
            let found = first(limit, async |token| {
                tokens.push(token.clone());
                let at: usize = token.parse().unwrap_or_default();
                let next = if at == 4 { String::new() } else { (at + 2).to_string() };
                Ok((vec![at, at + 1], next))
            });
            assert_eq!(found.await.expect("told"), (0..due).collect::<Vec<_>>(), "{limit}");
            assert_eq!(tokens, ["", "2", "4"][..asked], "{limit}");
        }
    }
}
