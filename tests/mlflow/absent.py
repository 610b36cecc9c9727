"""What MLflow's servers have and this one has not: it says so, and is not asked again."""

from world import client, differs, refused, run


@differs("runs and experiments are neither deleted nor searched for", "both")
def runs_and_experiments_stay():
    run_id, _ = run()
    for call in [
        lambda: client.delete_run(run_id),
        lambda: client.search_runs(["0"]),
        lambda: client.delete_experiment("0"),
        client.search_experiments,
    ]:
        refused(call, "NOT_IMPLEMENTED")
    assert client.get_run(run_id).info.lifecycle_stage == "active"


CLAIMS = [runs_and_experiments_stay]
