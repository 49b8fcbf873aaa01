//! Who may do what, asked of a server over its port.

mod certificates;
mod doc;
mod exits;
mod house;
mod issuer;
mod login;
mod matrix;
mod noted;
mod pages;
mod people;
mod publish;
mod requests;
mod shares;
