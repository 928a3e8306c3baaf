//! Headless Chromium, asked over its own protocol on a pipe.
//! Not a script on the page: what is asked here is asked from outside, so a page's policy stands.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::WorldError;

/// No answer may take longer: the first waits for the browser to start.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// A browser with one tab; it dies when this is dropped.
#[derive(Debug)]
pub struct Browser {
    // Killed when dropped.
    _child: Child,
    _profile: TempDir,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    asked: u64,
    tab: Option<String>,
    /// Events that came and were not looked at.
    said: Vec<Value>,
}

impl Browser {
    /// Starts it with an empty profile. Every request carries this `Authorization`.
    pub async fn start(authorization: &str) -> Result<Browser, WorldError> {
        let profile = tempfile::Builder::new()
            .prefix("interlock-browser-")
            .tempdir()
            .map_err(WorldError::io("make a temporary folder"))?;
        // The protocol is spoken on the descriptors 3 and 4.
        let script = "exec chromium \"$@\" 3<&0 4>&1 >/dev/null 2>&1";
        let mut child = Command::new("sh")
            .args([
                "-c",
                script,
                "sh",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
            ])
            .args([
                "--remote-debugging-pipe",
                "--no-first-run",
                "--disable-dev-shm-usage",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(WorldError::io("start chromium"))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("it has no streams"));
        };
        let mut browser = Browser {
            _child: child,
            _profile: profile,
            to,
            from: BufReader::new(from),
            asked: 0,
            tab: None,
            said: Vec::new(),
        };
        let made = browser
            .ask("Target.createTarget", json!({ "url": "about:blank" }))
            .await?;
        let attach = json!({ "targetId": made["targetId"], "flatten": true });
        let attached = browser.ask("Target.attachToTarget", attach).await?;
        browser.tab = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Audits", "Network"] {
            browser.ask(&format!("{domain}.enable"), json!({})).await?;
        }
        let headers = json!({ "headers": { "Authorization": authorization } });
        browser.ask("Network.setExtraHTTPHeaders", headers).await?;
        Ok(browser)
    }

    /// Opens a page in a window of that width; the status of its answer, and all that the browser
    /// complains of: errors on its console, refused resources, broken policies, failed requests.
    pub async fn open(&mut self, url: &str, width: u32) -> Result<(u64, Vec<String>), WorldError> {
        let window =
            json!({ "width": width, "height": 812, "deviceScaleFactor": 2, "mobile": width < 600 });
        self.ask("Emulation.setDeviceMetricsOverride", window)
            .await?;
        self.said.clear();
        self.ask("Page.navigate", json!({ "url": url })).await?;
        let loaded = async {
            while !self
                .said
                .iter()
                .any(|event| event["method"] == "Page.loadEventFired")
            {
                let event = self.hear().await?;
                self.said.push(event);
            }
            Ok::<_, WorldError>(())
        };
        tokio::time::timeout(ANSWERS_WITHIN, loaded)
            .await
            .map_err(|_| failed(&format!("{url} did not load")))??;
        // Complaints may follow the page: an answer after it shows that they are here.
        self.evaluate("document.fonts.ready.then(() => 1)").await?;
        let response = self.said.iter().find(|event| {
            event["method"] == "Network.responseReceived" && event["params"]["type"] == "Document"
        });
        let status = response.and_then(|event| event["params"]["response"]["status"].as_u64());
        Ok((
            status.unwrap_or(0),
            self.said.iter().filter_map(complaint).collect(),
        ))
    }

    /// What a JavaScript expression is on the page.
    pub async fn evaluate(&mut self, expression: &str) -> Result<Value, WorldError> {
        let what = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.ask("Runtime.evaluate", what).await?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(failed(&details.to_string())),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    async fn ask(&mut self, method: &str, params: Value) -> Result<Value, WorldError> {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": params });
        if let Some(tab) = &self.tab {
            message["sessionId"] = tab.as_str().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let written = self.to.write_all(&bytes).await;
        written.map_err(WorldError::io("tell chromium"))?;
        let answered = async {
            loop {
                let mut heard = self.hear().await?;
                if heard["id"] == self.asked {
                    return match heard.get("error") {
                        Some(error) => Err(failed(&format!("{method}: {error}"))),
                        None => Ok(heard["result"].take()),
                    };
                }
                self.said.push(heard);
            }
        };
        tokio::time::timeout(ANSWERS_WITHIN, answered)
            .await
            .map_err(|_| failed(&format!("{method} was not answered")))?
    }

    async fn hear(&mut self) -> Result<Value, WorldError> {
        let mut bytes = Vec::new();
        let read = self.from.read_until(0, &mut bytes).await;
        if read.map_err(WorldError::io("hear chromium"))? == 0 {
            return Err(failed("it ended"));
        }
        bytes.pop();
        serde_json::from_slice(&bytes).map_err(|error| failed(&error.to_string()))
    }
}

fn complaint(event: &Value) -> Option<String> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown"
        | "Runtime.consoleAPICalled"
        | "Audits.issueAdded"
        | "Network.loadingFailed"
        | "Page.javascriptDialogOpening" => Some(event.to_string()),
        "Log.entryAdded" if params["entry"]["level"] != "verbose" => Some(event.to_string()),
        _ => None,
    }
}

fn failed(why: &str) -> WorldError {
    WorldError::io("use chromium")(std::io::Error::other(why.to_owned()))
}
