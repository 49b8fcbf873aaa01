//! Abuse of a live Davy, while those who mean well go on with their work: they lose nothing, and Davy neither ends nor grows.

mod doc;
mod grpc;
mod mqtt;
mod web;
