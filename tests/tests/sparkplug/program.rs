//! `davy simulate sparkplug`, as a person calls it.

use std::{
    io::Write,
    process::{Child, Command, Stdio},
};

use davy_tests::davy_binary;

/// A simulated edge node in a process of its own; killed when it goes out of scope.
pub(crate) struct Program(Child);

impl Program {
    pub(crate) fn start(more: &[&str]) -> Program {
        let mut command = Command::new(davy_binary());
        command.args(["simulate", "sparkplug"]).args(more);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        Program(command.spawn().expect("davy runs"))
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        let input = self.0.stdin.as_mut().expect("piped");
        writeln!(input, "{line}").expect("it reads");
    }

    /// SIGKILL: no goodbye, and the broker sends the will.
    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("one's own child can be killed");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
