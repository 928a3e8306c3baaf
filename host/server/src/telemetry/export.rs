//! Spans on their way to a receiver: in batches, from a queue with a bound, on a thread of its own.

use std::sync::atomic::{AtomicBool, Ordering};

use interlock_capabilities::names;
use interlock_connectors::config::{Otlp, Telemetry};
use interlock_connectors::http::{ClientError, ClientOptions, plain};
use interlock_connectors::secrets::{Secret, SecretError};
use opentelemetry::KeyValue;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, RetryPolicy, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData, SpanExporter,
};
use tokio::runtime::{Builder, Runtime};

/// Spans that wait for delivery. Whatever comes while it is full is dropped.
const QUEUE_MAX: usize = 4096;
const BATCH_MAX: usize = 512;
const EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Why no traces are sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExportError {
    /// The token cannot be read.
    #[error("`bearer_file` of [telemetry]: {0}")]
    Secret(#[from] SecretError),
    /// The client cannot be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The exporter refuses its configuration. Its own words may hold the URL.
    #[error("the exporter cannot be set up")]
    Exporter(#[source] ExporterBuildError),
    /// No thread to deliver on.
    #[error("no runtime for the delivery")]
    Runtime(#[source] std::io::Error),
}

/// What makes spans and delivers them; `None` where nothing is configured.
pub(super) fn traces(config: &Telemetry) -> Result<Option<SdkTracerProvider>, ExportError> {
    let Some(otlp) = &config.otlp else {
        return Ok(None);
    };
    let exporter = Delivery::new(otlp)?;
    let queue = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE_MAX)
        .with_max_export_batch_size(BATCH_MAX)
        .with_scheduled_delay(EVERY)
        .build();
    let batches = BatchSpanProcessor::builder(exporter)
        .with_batch_config(queue)
        .build();
    // Nothing of the environment or the machine is added: what is sent is what stands here.
    let resource = Resource::builder_empty()
        .with_schema_url(
            [
                KeyValue::new(names::SERVICE_NAME, config.service.clone()),
                KeyValue::new(names::SERVICE_VERSION, env!("CARGO_PKG_VERSION")),
            ],
            names::SCHEMA_URL,
        )
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(batches)
        .with_resource(resource)
        // Whatever the caller's `traceparent` says: they cannot choose what is told of them.
        .with_sampler(Sampler::AlwaysOn)
        .build();
    Ok(Some(provider))
}

/// One receiver. The queue's thread waits for it here, and nobody else does.
#[derive(Debug)]
struct Delivery {
    otlp: opentelemetry_otlp::SpanExporter,
    /// The HTTP client needs one, and the queue's thread is in none. `None` once it is dropped.
    runtime: Option<Runtime>,
    /// The last delivery failed: said once, not each time.
    failing: AtomicBool,
}

impl Delivery {
    fn new(config: &Otlp) -> Result<Delivery, ExportError> {
        let secret = config
            .bearer_file
            .as_deref()
            .map(Secret::read)
            .transpose()?;
        let client = plain(&ClientOptions {
            timeout: config.timeout,
            tls: config.url.is_tls(),
            bearer: secret.as_ref(),
            pinned: None,
        })?;
        let mut url = config.url.url().clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/v1/traces"));
        let otlp = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(url.as_str())
            .with_timeout(config.timeout)
            .with_protocol(Protocol::HttpBinary)
            .with_retry_policy(RetryPolicy::recommended())
            .build()
            .map_err(ExportError::Exporter)?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ExportError::Runtime)?;
        Ok(Delivery {
            otlp,
            runtime: Some(runtime),
            failing: AtomicBool::new(false),
        })
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        // Waiting for a runtime's end is not allowed inside another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl SpanExporter for Delivery {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let delivered = match &self.runtime {
            Some(runtime) => runtime.block_on(self.otlp.export(batch)),
            None => Err(OTelSdkError::AlreadyShutdown),
        };
        match &delivered {
            Ok(()) if self.failing.swap(false, Ordering::Relaxed) => {
                tracing::info!("traces are delivered again");
            }
            Err(error) if !self.failing.swap(true, Ordering::Relaxed) => {
                tracing::warn!(spans, "traces are not delivered, and dropped: {error}");
            }
            Ok(()) | Err(_) => {}
        }
        delivered
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}
