//! What an evaluation costs beside the same thing written in Rust, and beside the interpreter of the `cel` crate.
//!
//! `cargo test -p davy-rules --release --test expressions -- --ignored --nocapture`

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use davy_rules::expression::{Expression, STEPS_MAX};

use crate::inputs::{DAY, declared, operands, parse};

const TEXT: &str = "level * 78.5 > 400.0 && flow > 0.0";
const TIMES: u32 = 200_000;

fn each(mut work: impl FnMut()) -> Duration {
    let start = Instant::now();
    (0..TIMES).for_each(|_| work());
    start.elapsed() / TIMES
}

#[test]
#[ignore = "measures"]
fn measured() {
    let (expression, inputs, declared) = (parse(TEXT), operands(&DAY, &[]), declared());
    let plain = |values: &[f64; 11]| values[0] * 78.5 > 400.0 && values[5] > 0.0;
    let program = cel::Program::compile(TEXT).expect("it is CEL");
    let mut context = cel::Context::default();
    context.add_variable_from_value("level", DAY[0]);
    context.add_variable_from_value("flow", DAY[5]);
    println!("closure {:?}", each(|| assert!(plain(black_box(&DAY)))));
    println!("eval    {:?}", each(|| assert!(expression.eval(black_box(&inputs), STEPS_MAX).is_ok())));
    println!("cel     {:?}", each(|| assert!(program.execute(black_box(&context)).is_ok())));
    let start = Instant::now();
    (0..1000).for_each(|_| drop(black_box(Expression::parse(black_box(TEXT), &declared))));
    println!("parse   {:?}", start.elapsed() / 1000);
}
