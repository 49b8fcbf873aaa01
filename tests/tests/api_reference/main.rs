//! The reference of the API in `docs/api/reference` is what the contract of this build says.
//!
//! `DAVY_WRITE=1 cargo test -p davy-tests --test api_reference` writes it anew.

mod comments;
mod entries;
mod page;

use std::{collections::BTreeMap, fs};

use davy_tests::workspace;
use prost_reflect::DescriptorPool;

fn pool() -> DescriptorPool {
    DescriptorPool::decode(davy_proto::FILE_DESCRIPTOR_SET).expect("the contract is whole")
}

/// Every page by its name.
fn pages() -> BTreeMap<String, String> {
    let pool = pool();
    let ours: Vec<_> = pool.files().filter(|file| file.package_name() == "davy.v1").collect();
    let mut pages: BTreeMap<String, String> =
        ours.iter().map(|file| (page::name(file), page::of(file))).collect();
    pages.insert("README.md".to_owned(), page::contents(&ours));
    pages
}

#[test]
fn the_reference_is_what_the_contract_says() {
    let folder = workspace().join("docs/api/reference");
    let wanted = pages();
    if std::env::var_os("DAVY_WRITE").is_some() {
        // What a page is no longer made for goes.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder is made");
        for (name, text) in &wanted {
            fs::write(folder.join(name), text).expect("the page is written");
        }
    }
    let read =
        fs::read_dir(&folder).expect("the folder is there").map(|entry| entry.expect("readable").path());
    let found: BTreeMap<String, String> = read
        .map(|path| {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("text"))
        })
        .collect();
    let differ: Vec<&String> =
        wanted.keys().chain(found.keys()).filter(|name| wanted.get(*name) != found.get(*name)).collect();
    assert!(differ.is_empty(), "not as the contract: {differ:?}; write them anew with DAVY_WRITE=1");
}

#[test]
fn every_method_every_field_and_every_word_is_explained() {
    let pool = pool();
    let mut silent = Vec::new();
    for file in pool.files().filter(|file| file.package_name() == "davy.v1") {
        silent.extend(entries::of(&file).into_iter().filter(|entry| entry.comment.is_empty()));
    }
    let names: Vec<&str> = silent.iter().map(|entry| entry.name.as_str()).collect();
    assert!(names.is_empty(), "without a comment: {names:?}");
}
