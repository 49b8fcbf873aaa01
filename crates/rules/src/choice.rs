//! Which tags somebody asks for: by name, quantity and area, in the words of `applies_to`.

use davy_model::{Area, Site};

use crate::{glob, select::is_under};

/// What a tag must be to be meant: of each list that is not empty, one of its texts.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// Names, or patterns of names: `*` is any text, `?` one character.
    pub tags: &'a [String],
    /// Quantities, or their beginnings with `.*` behind.
    pub quantities: &'a [String],
    /// Areas; their parts are meant too.
    pub areas: &'a [String],
}

impl Choice<'_> {
    /// Whether a tag is meant that has this name, quantity and area, or had them once. Which area is a part of which is as
    /// the site is now.
    pub fn takes(&self, site: &Site, tag: &str, quantity: &str, area: Option<&str>) -> bool {
        let by_name = self.tags.is_empty() || self.tags.iter().any(|pattern| glob::matches(pattern, tag));
        let is_quantity = |text: &String| match text.strip_suffix(".*") {
            Some(stem) => is_under(stem, quantity),
            None => text == quantity,
        };
        let by_quantity = self.quantities.is_empty() || self.quantities.iter().any(is_quantity);
        by_name && by_quantity && (self.areas.is_empty() || self.has_area(&site.areas, area))
    }

    /// The names, when every one of them is meant as it stands: no pattern is among them, and there is one.
    pub fn names(&self) -> Option<&[String]> {
        let plain = !self.tags.is_empty() && !self.tags.iter().any(|text| glob::is_pattern(text));
        plain.then_some(self.tags)
    }

    fn has_area(&self, all: &[Area], area: Option<&str>) -> bool {
        let mut at = area;
        // A loop among areas is refused when files are read; this ends all the same.
        for _ in 0..=all.len() {
            let Some(id) = at else { return false };
            if self.areas.iter().any(|asked| asked == id) {
                return true;
            }
            at = all.iter().find(|one| *one.id == *id).and_then(|one| one.parent.as_deref());
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use davy_model::BundleFile;

    use super::*;
    use crate::{bundle, compile};

    fn site() -> Site {
        let text = "site: park\nareas:\n  - {id: north}\n  - {id: n1, parent: north}\n  - {id: south}\n";
        let files = [("site.yaml", text), ("tags.csv", "tag,quantity,unit\nAT-1,gas.h2s,ppm\n")];
        let file = |(path, text): (&str, &str)| BundleFile { path: path.to_owned(), text: text.to_owned() };
        compile(&bundle(files.map(file).to_vec()).expect("files of a site")).expect("they compile").site
    }

    #[test]
    fn a_tag_is_meant_when_each_list_has_it() {
        let site = site();
        for (tags, quantities, areas, want) in [
            ("", "", "", true),
            ("AT-0412/h2s", "", "", true),
            ("AT-*/h?s", "gas.*", "north", true),
            ("TK-1 AT-*", "", "", true),
            ("AT", "", "", false),
            ("", "gas.h2s", "n1", true),
            ("", "gas", "", false),
            ("", "ga.*", "", false),
            ("", "", "south", false),
            ("AT-*", "gas.h2s", "south", false),
        ] {
            let list = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let (tags, quantities, areas) = (list(tags), list(quantities), list(areas));
            let choice = Choice { tags: &tags, quantities: &quantities, areas: &areas };
            let found = choice.takes(&site, "AT-0412/h2s", "gas.h2s", Some("n1"));
            assert_eq!(found, want, "{choice:?}");
        }
        let areas = ["north".to_owned()];
        let choice = Choice { tags: &[], quantities: &[], areas: &areas };
        assert!(!choice.takes(&site, "AT-0412/h2s", "gas.h2s", None), "a tag of no area is in none");
        assert!(!choice.takes(&site, "AT-0412/h2s", "gas.h2s", Some("gone")), "nor one whose area is gone");
    }
}
