//! Deadlines, bounds, faults of models and of inputs.

use std::sync::Arc;
use std::time::Duration;

use seatrial_domain::tensor::{Tensor, TensorData};
use seatrial_runtime::infer::Error;
use seatrial_runtime::{Backend, LoadOptions, OnnxModel, Source};
use tokio::time::Instant;

use super::slow_digits;
use super::support::{load, options, tensor};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn index(values: &[i64]) -> Vec<Tensor> {
    vec![tensor("index", &[values.len()], TensorData::Int64(values.to_vec()))]
}

fn rounds(count: i64) -> Vec<Tensor> {
    vec![tensor("rounds", &[1], TensorData::Int64(vec![count]))]
}

const FOR_EVER: i64 = 1 << 50;

/// A model as slow as its input says, never run on the test's own thread.
fn slow(sessions: usize, queue: usize) -> Arc<OnnxModel> {
    let inline_below = Duration::ZERO;
    load(LoadOptions { sessions, queue, inline_below, ..options("rounds") }).unwrap()
}

#[tokio::test]
async fn deadline_is_answered_at_the_deadline_and_the_session_comes_back() {
    let model = slow(1, 0);
    let start = Instant::now();
    let late = model.infer(rounds(FOR_EVER), start + Duration::from_millis(100)).await;
    assert_eq!(late, Err(Error::Deadline));
    assert!(start.elapsed() >= Duration::from_millis(100));
    // The only session is free again: the endless inference was ended, not waited for.
    assert!(model.infer(rounds(1), soon()).await.is_ok());
}

#[tokio::test]
async fn a_request_on_the_callers_thread_ends_at_its_deadline_and_is_the_last_there() {
    let model = load(LoadOptions { sessions: 1, queue: 0, ..options("rounds") }).unwrap();
    let start = Instant::now();
    let mut late = model.infer(rounds(FOR_EVER), start + Duration::from_millis(100));
    // It has an answer as soon as it is asked: it ran on this very thread.
    let late = futures_util::FutureExt::now_or_never(&mut late).expect("a fast model");
    assert_eq!(late, Err(Error::Deadline));
    assert!(start.elapsed() >= Duration::from_millis(100));
    assert!(model.infer(rounds(1), soon()).await.is_ok());
    let mut next = model.infer(rounds(FOR_EVER), Instant::now() + Duration::from_millis(100));
    assert_eq!(futures_util::FutureExt::now_or_never(&mut next), None);
    assert_eq!(next.await, Err(Error::Deadline));
    assert!(model.infer(rounds(1), soon()).await.is_ok());
}

#[tokio::test]
async fn work_that_nobody_waits_for_never_takes_the_callers_thread() {
    let model = load(options("rounds")).unwrap();
    let mut apart = model.infer_apart(rounds(FOR_EVER), soon());
    assert_eq!(futures_util::FutureExt::now_or_never(&mut apart), None);
}

#[tokio::test]
async fn two_inputs_of_one_symbol_must_agree_or_it_is_the_clients_fault() {
    let model = load(options("pair")).unwrap();
    let pair = |left: usize, right: usize| {
        let input = |name, n| tensor(name, &[n, 2], TensorData::Fp32(vec![1.0; n * 2]));
        vec![input("left", left), input("right", right)]
    };
    let sum = model.infer(pair(3, 3), soon()).await.unwrap();
    assert_eq!(sum, [tensor("sum", &[3, 2], TensorData::Fp32(vec![2.0; 6]))]);
    let answer = model.infer(pair(3, 2), soon()).await;
    let Err(Error::Input { name, detail }) = answer else { panic!("{answer:?}") };
    assert!(name == "right" && detail.contains("is 2") && detail.contains("is 3"), "{detail}");
}

#[tokio::test]
async fn a_request_still_waiting_at_its_deadline_leaves_the_queue() {
    let model = slow(1, 1);
    let first = {
        let model = Arc::clone(&model);
        async move { model.infer(rounds(FOR_EVER), Instant::now() + Duration::from_secs(1)).await }
    };
    let second = model.infer(rounds(1), Instant::now() + Duration::from_millis(20));
    let (first, second) = tokio::join!(biased; first, second);
    assert_eq!((first, second), (Err(Error::Deadline), Err(Error::Deadline)));
    assert!(model.infer(rounds(1), soon()).await.is_ok());
}

#[tokio::test]
async fn requests_beyond_sessions_and_queue_are_overload() {
    let model = slow(1, 1);
    let until = Instant::now() + Duration::from_millis(200);
    let call = || model.infer(rounds(FOR_EVER), until);
    let (running, waiting, refused) = tokio::join!(biased; call(), call(), call());
    assert_eq!(refused, Err(Error::Overloaded { sessions: 1, queue: 1 }));
    assert_eq!((running, waiting), (Err(Error::Deadline), Err(Error::Deadline)));
    assert!(model.infer(rounds(1), soon()).await.is_ok());
}

#[tokio::test]
async fn a_caller_that_leaves_frees_the_session() {
    let model = slow(1, 0);
    let abandoned = model.infer(rounds(FOR_EVER), soon());
    let left = tokio::time::timeout(Duration::from_millis(50), abandoned).await;
    assert!(left.is_err());
    assert!(model.infer(rounds(1), soon()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_each_get_their_own_answer() {
    for inline_below in [Duration::ZERO, Duration::from_secs(3600)] {
        let model = load(LoadOptions { sessions: 3, queue: 200, inline_below, ..options("picky") })
            .unwrap();
        let calls = (0..200_u8).map(|call| {
            let model = Arc::clone(&model);
            async move {
                let wanted = i64::from(call % 3);
                let answer = model.infer(index(&[wanted, 0]), soon()).await.unwrap();
                let value = 10.0 * f32::from(call % 3 + 1);
                assert_eq!(answer[0].data, TensorData::Fp32(vec![value, 10.0]));
            }
        });
        futures_util::future::join_all(calls).await;
    }
}

#[tokio::test]
async fn a_model_fails_on_one_input_and_answers_the_next() {
    let model = load(options("picky")).unwrap();
    let Err(Error::Model { detail }) = model.infer(index(&[7]), soon()).await else {
        panic!("an index out of bounds must be the model's failure");
    };
    assert!(detail.contains("out of data bounds") && !detail.contains('\n'), "{detail}");
    let answer = model.infer(index(&[1]), soon()).await.unwrap();
    assert_eq!(answer, [tensor("value", &[1], TensorData::Fp32(vec![20.0]))]);
}

#[tokio::test]
async fn an_empty_batch_is_answered_empty() {
    let model = load(options("picky")).unwrap();
    let answer = model.infer(index(&[]), soon()).await.unwrap();
    assert_eq!(answer, [tensor("value", &[0], TensorData::Fp32(vec![]))]);
}

#[tokio::test]
async fn text_that_is_none_is_the_clients_fault() {
    let model = load(options("words")).unwrap();
    for bytes in [b"\xff".to_vec(), b"nul\0".to_vec()] {
        let word = tensor("word", &[2], TensorData::Bytes(vec![b"fine".to_vec(), bytes]));
        let answer = model.infer(vec![word], soon()).await;
        let Err(Error::Input { name, detail }) = answer else { panic!("{answer:?}") };
        assert!(name == "word" && detail.contains("element 1"), "{detail}");
    }
}

#[tokio::test]
async fn a_closed_model_is_unavailable() {
    let model = load(options("picky")).unwrap();
    assert!(model.ready());
    model.close();
    assert!(!model.ready());
    let refused = model.infer(index(&[1]), soon()).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
}

#[tokio::test]
async fn capacity_is_the_sessions_that_may_run_at_once() {
    assert_eq!(load(LoadOptions { sessions: 3, ..options("picky") }).unwrap().sessions(), 3);
    let limited = LoadOptions { sessions: 3, max_concurrency: 2, ..options("picky") };
    assert_eq!(load(limited).unwrap().sessions(), 2);
}

/// The journey tests promote these; what each is for must hold.
#[tokio::test]
async fn the_misbehaving_digits_misbehave_as_meant() {
    let scan = |pixel: f32| {
        let mut pixels = vec![1.0; 64];
        pixels[0] = pixel;
        vec![tensor("image", &[1, 64], TensorData::Fp32(pixels))]
    };
    let v1 = load(options("demo/v1")).unwrap();
    let expected = v1.infer(scan(1.0), soon()).await.unwrap();

    let flaky = load(options("journey/digits_flaky")).unwrap();
    assert_eq!(flaky.signature(), v1.signature());
    assert_eq!(flaky.infer(scan(1.0), soon()).await.unwrap(), expected);
    assert!(matches!(flaky.infer(scan(99.0), soon()).await, Err(Error::Model { .. })));

    let files = slow_digits::files(slow_digits::rounds().await);
    let slow = load(LoadOptions::new(Source::Bytes(files))).unwrap();
    assert_eq!(slow.signature(), v1.signature());
    for _answer in 0..3 {
        let start = Instant::now();
        assert_eq!(slow.infer(scan(1.0), soon()).await.unwrap(), expected);
        let took = start.elapsed();
        assert!(took > Duration::from_millis(300), "{took:?}");
    }

    let shape = load(options("journey/digits_shape")).unwrap();
    assert_eq!(shape.signature(), v1.signature());
    let answer = shape.infer(scan(1.0), soon()).await.unwrap();
    assert_eq!(answer[1].shape, [1, 9]);
}
