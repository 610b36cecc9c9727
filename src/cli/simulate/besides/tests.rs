//! What of the command line is read as what.

use super::*;

#[test]
fn a_slice_is_as_all_traffic_but_for_what_is_said_of_it() {
    let latency = Law::LogNormal { median: 12_000.0, sigma: 0.5 };
    let old = Answers { error_rate: 0.01, latency: latency.clone(), wanted: 0.9 };
    let new = Answers { error_rate: 0.02, latency: latency.scaled(2.0), wanted: 0.8 };
    let given = |text: &str| slice(text).unwrap().assumed(&old, &new);
    let plain = given("client:mobile=0.3");
    assert_eq!((plain.column.as_str(), plain.value.as_str()), ("client", "mobile"));
    assert_eq!((&plain.incumbent, &plain.candidate), (&old, &new));
    let both = given("header:x:mobile=0.3,error-rate=0.05,latency=x3");
    assert_eq!(both.column, "header:x");
    assert!((both.incumbent.error_rate - 0.05).abs() < 1e-12);
    assert!((both.candidate.error_rate - 0.05).abs() < 1e-12);
    assert_eq!(both.candidate.latency, latency.scaled(6.0));
    let worse = given("c:m=0.3,candidate-error-rate=0.5,latency=x3,candidate-latency=x2");
    assert!((worse.incumbent.error_rate - 0.01).abs() < 1e-12);
    assert!((worse.candidate.error_rate - 0.5).abs() < 1e-12);
    assert_eq!(worse.candidate.latency, latency.scaled(6.0));
}

#[test]
fn what_is_no_slice_and_no_class_is_refused_with_what_is_meant() {
    for text in ["mobile", "client=0.3", "client:mobile", "c:m=0.3,colour=red", "c:m=0.3,latency=2"]
    {
        assert!(slice(text).unwrap_err().contains("COLUMN:VALUE=PART"), "{text}");
    }
    assert!(slice("c:m=x").unwrap_err().contains("no number"));
    assert!(slice("c:m=0.3,latency=x0").unwrap_err().contains("a multiple must be from"));
    for text in ["cat", "cat:x", ":0.5"] {
        assert!(classes(text).is_err(), "{text}");
    }
    assert_eq!(classes("said=a:0.5,b:0.5").unwrap().name.as_deref(), Some("said"));
}

#[test]
fn what_is_given_twice_is_refused_and_one_for_all_beside_one_by_name_is_not() {
    let names = ["revenue".to_owned()];
    let told = |given: &[&str]| {
        let given: Vec<_> = given.iter().map(|text| values(text).unwrap()).collect();
        known("--kpi", &given, ("metric of kind kpi", &names)).err().map(|why| why.to_string())
    };
    assert_eq!(told(&["exponential:1", "revenue=exponential:2"]), None);
    let twice = ["revenue=exponential:1", "exponential:3", "revenue=exponential:2"];
    assert!(told(&twice).unwrap().contains("--kpi: given twice revenue"));
    assert!(told(&["exponential:1", "exponential:2"]).unwrap().contains("--kpi: given twice;"));
}
