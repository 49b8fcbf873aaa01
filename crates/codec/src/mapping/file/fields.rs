//! The fields of a payload that readings want.

use std::sync::Arc;

use davy_model::Text;

use super::report::{Item, Report};
use crate::mapping::{
    path::Path,
    stamp::Stamp,
    tree::{End, Tree},
};

/// Every field that some reading wants, once.
#[derive(Default)]
pub(super) struct Fields {
    paths: Vec<Path>,
    stamps: Vec<Option<Arc<Stamp>>>,
    /// Where each was first asked for.
    asked: Vec<(davy_yaml::Place, String)>,
}

impl Fields {
    /// The place of a field among all.
    pub(super) fn slot(&mut self, path: Path, stamp: Option<Stamp>, item: &Item<'_>) -> usize {
        let same = |at: &usize| self.paths[*at] == path && self.stamps[*at].as_deref() == stamp.as_ref();
        if let Some(known) = (0..self.paths.len()).find(same) {
            return known;
        }
        self.paths.push(path);
        self.stamps.push(stamp.map(Arc::new));
        self.asked.push((item.place, item.path.clone()));
        self.paths.len() - 1
    }

    /// Puts the fields into the tree. `readings` says which want which.
    pub(super) fn place(&self, readings: &[(&Path, &[usize])], tree: &mut Tree, report: &mut Report) {
        for (slot, path) in self.paths.iter().enumerate() {
            tree.add(path, End::Slot(slot));
            let wanting = readings.iter().filter(|(_, slots)| slots.contains(&slot));
            let wanting: Vec<&Path> = wanting.map(|(path, _)| *path).collect();
            if tree.own(slot, path, &wanting).is_none() {
                let (place, key) = &self.asked[slot];
                let message = Text::both(
                    format!(
                        "{path} stands in a list or under a name that not all readings which want it stand in"
                    ),
                    format!("{path} 位于列表或按名称展开的对象中，而需要它的读数不在同一处"),
                );
                let help = Text::both(
                    "give each entry of readings a path of its own to it",
                    "请在 readings 的各条目中分别写出路径",
                );
                report.helped(*place, key, message, help);
            }
        }
    }

    pub(super) fn into_parts(self) -> (Vec<Path>, Vec<Option<Arc<Stamp>>>) {
        (self.paths, self.stamps)
    }
}
