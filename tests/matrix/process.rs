//! A process that ends when we do, however we end.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Runs its arguments, but for the first, and tells their number; when its own input ends, kills them, and removes the folder
/// that the first names.
const WATCH: &str = r#"
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- & child=$!
echo $child
exec >/dev/null 2>&1
{ cat <&3; trap "" TERM; kill -9 $child; sleep 0.2; rm -rf "$folder"; } & watch=$!
wait $child; status=$?
kill $watch
exit $status
"#;

pub struct Process {
    watch: Child,
    /// Open for as long as it may run.
    input: Option<ChildStdin>,
    pid: String,
}

impl Process {
    /// Starts what `command` says, with its output in the file `log` of this folder, which is gone when we are.
    pub fn start(command: &Command, folder: &Path) -> Self {
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "watch"]).arg(folder).arg(command.get_program()).args(command.get_args());
        watch.env_clear();
        watch.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            watch.current_dir(folder);
        }
        let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut watch = watch.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut pid = String::new();
        BufReader::new(watch.stdout.take().unwrap()).read_line(&mut pid).unwrap();
        Self { input: watch.stdin.take(), watch, pid: pid.trim().to_owned() }
    }

    /// `kill -9`, or another signal.
    pub fn kill(&mut self, signal: &str) -> ExitStatus {
        let killed = Command::new("kill").args([signal, &self.pid]).stderr(Stdio::null()).status();
        assert!(killed.unwrap().success(), "{} had ended by itself", self.pid);
        self.ended(Duration::from_secs(60)).unwrap_or_else(|| panic!("{signal} does not end {}", self.pid))
    }

    /// How it ended, if it does within this time.
    pub fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.watch.try_wait().unwrap() {
                return Some(status);
            }
            if started.elapsed() >= within {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.ended(Duration::ZERO).is_none()
    }

    /// The memory that it holds, in MiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or("VmRSS: 0 kB");
        line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) / 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input.take();
        let _ = self.watch.wait();
    }
}
