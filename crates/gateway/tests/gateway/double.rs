//! A backend that answers, fails, is late or waits, as its test says.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use seatrial_domain::tensor::{DataType, Signature, Tensor, TensorData, TensorSpec};
use seatrial_runtime::{Backend, infer};
use tokio::sync::Semaphore;
use tokio::time::Instant;

#[derive(Debug, Clone)]
pub(crate) enum Script {
    /// `label` = this.
    Answer(i64),
    /// `label` = one of these, at every call the next.
    Alternate([i64; 2]),
    Fail,
    Late,
    /// Calls it the client's fault.
    Refuse,
    Panic,
    /// Answers so many zeros as its `score`.
    Zeros(usize),
    /// Answers NaN as its `score`.
    NotANumber,
    /// Waits for a permit, then `label` = this.
    Wait(Arc<Semaphore>, i64),
}

#[derive(Debug)]
pub(crate) struct Double {
    signature: Signature,
    script: Mutex<Script>,
    pub(crate) ready: AtomicBool,
    pub(crate) calls: AtomicU64,
}

impl Double {
    pub(crate) fn new(script: Script) -> Arc<Self> {
        let spec = |name: &str, datatype, shape: &[i64]| TensorSpec {
            name: name.to_owned(),
            datatype,
            shape: shape.to_vec(),
        };
        Arc::new(Self {
            signature: Signature {
                inputs: vec![spec("x", DataType::Fp32, &[-1, 2])],
                outputs: vec![
                    spec("label", DataType::Int64, &[-1]),
                    spec("score", DataType::Fp32, &[-1]),
                ],
            },
            script: Mutex::new(script),
            ready: AtomicBool::new(true),
            calls: AtomicU64::new(0),
        })
    }

    /// A version that is not loaded: neither ready nor, so far, of any signature.
    pub(crate) fn unloaded() -> Arc<Self> {
        Arc::new(Self {
            signature: Signature::default(),
            script: Mutex::new(Script::Fail),
            ready: AtomicBool::new(false),
            calls: AtomicU64::new(0),
        })
    }

    pub(crate) fn play(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }
}

fn outputs(label: i64, score: f32) -> Vec<Tensor> {
    vec![
        Tensor::new("label".into(), vec![1], TensorData::Int64(vec![label])).unwrap(),
        Tensor::new("score".into(), vec![1], TensorData::Fp32(vec![score])).unwrap(),
    ]
}

impl Backend for Double {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    fn sessions(&self) -> usize {
        1
    }

    fn infer(
        &self,
        _inputs: Vec<Tensor>,
        _deadline: Instant,
    ) -> BoxFuture<'_, Result<Vec<Tensor>, infer::Error>> {
        let before = self.calls.fetch_add(1, Ordering::SeqCst);
        let script = self.script.lock().unwrap().clone();
        async move {
            match script {
                Script::Answer(label) => Ok(outputs(label, 0.5)),
                Script::Alternate(labels) => {
                    let turn = usize::try_from(before).unwrap() % labels.len();
                    Ok(outputs(labels[turn], 0.5))
                }
                Script::Fail => Err(infer::Error::Model { detail: "broken".to_owned() }),
                Script::Late => Err(infer::Error::Deadline),
                Script::Refuse => Err(infer::Error::Input {
                    name: "x".to_owned(),
                    detail: "not like this".to_owned(),
                }),
                Script::Panic => panic!("as told"),
                Script::Zeros(count) => {
                    let scores = TensorData::Fp32(vec![0.0; count]);
                    Ok(vec![Tensor::new("score".into(), vec![count], scores).unwrap()])
                }
                Script::NotANumber => Ok(outputs(0, f32::NAN)),
                Script::Wait(permits, label) => {
                    permits.acquire().await.unwrap().forget();
                    Ok(outputs(label, 0.5))
                }
            }
        }
        .boxed()
    }
}
